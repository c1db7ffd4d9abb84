package detection_test

import (
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/detection"
	"github.com/seatrial/seatrial/detection/bugs"
	"github.com/seatrial/seatrial/scenarios/search"
	"github.com/seatrial/seatrial/sim"
)

var (
	budget  = flag.Int("detection.budget", search.DefaultRuns, "`runs` of one search")
	ranges  = flag.Int("detection.ranges", 0, "how many searches of each entry, from seed 1, 1001 and so on; 0: the measure is not taken")
	mended  = flag.Int("detection.mended", 0, "`runs` of one search of each sibling; 0: none")
	results = flag.String("detection.results", "", "`file` to which each search is added as it ends, and from which those that it has are taken")
	write   = flag.String("detection.write", "", "`document` whose table is made anew")
)

// Goal: how soon the search finds each bug of the corpus, beside the swarm alone, and
// that it accuses no sibling. Method: each entry from several seeds on; medians. It is
// taken by `make detection`.
func TestMeasure(t *testing.T) {
	if *ranges == 0 {
		t.Skip("make detection")
	}
	var all []detection.Result
	if raw, err := os.ReadFile(*results); err == nil {
		all = detection.ReadResults(t, raw)
	}
	take := func(b bugs.Bug, how detection.How, n int, search func(first sim.Seed) detection.Finding) {
		if detection.Has(all, b.Name, how, n) {
			return
		}
		r := detection.Result{Name: b.Name, How: how, Range: n, Finding: search(sim.Seed(1 + 1000*n))}
		all = append(all, r)
		line, err := json.Marshal(r)
		require.NoError(t, err)
		t.Logf("%s", line)
		if *results == "" {
			return
		}
		file, err := os.OpenFile(*results, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		require.NoError(t, err)
		_, err = file.Write(append(line, '\n'))
		require.NoError(t, err)
		require.NoError(t, file.Close())
	}
	for n := range *ranges {
		for _, b := range bugs.All() {
			take(b, detection.Searched, n, func(first sim.Seed) detection.Finding { return detection.Search(t, b, false, first, *budget) })
			take(b, detection.Swarmed, n, func(first sim.Seed) detection.Finding { return detection.Seeds(t, b, false, first, *budget) })
			if *mended > 0 {
				take(b, detection.Sibling, n, func(first sim.Seed) detection.Finding { return detection.Search(t, b, true, first, *mended) })
			}
		}
	}
	table := detection.Table(bugs.All(), all)
	t.Log(table)
	if *write != "" {
		require.NoError(t, detection.WriteTable(*write, table))
	}
}
