package trial

import (
	"flag"
	"fmt"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios/gotest"
	"github.com/seatrial/seatrial/sim"
)

var keepTrace = flag.Bool("seatrial.trace", false, "with -v, print every event of the seeds that fail")

// Check takes a controller through many seeds and fails t with a sub-test for
// each seed that does not pass. Inconclusive is not a pass.
//
// Seeds are 1-100, with -short 1-20, unless -seatrial.seeds=A-B says otherwise.
// The search ends after -seatrial.failures failing seeds, 5 by default. A
// failing seed is run again, to tell how surely it fails, and then made smaller:
// the message has what users did, what went wrong, how to see it again.
//
// Seeds are run in order, one after the other; a test that calls Check must not
// be parallel. Same trial and seeds: same outcome. A trial that is not valid
// fails t at once and says what would be right. A controller that blocks virtual
// time ends the process with exit code 3, after the seed and advice have been
// printed.
func Check(t *testing.T, tr Trial) {
	t.Helper()
	if tr.Name == "" {
		tr.Name = t.Name()
	}
	tr = tr.withDefaults()
	if err := tr.validate(); err != nil {
		t.Fatalf("trial %s is not valid:\n%v", tr.Name, err)
	}
	seeds, err := gotest.Seeds(sim.SeedRange{First: 1, Last: 100}, sim.SeedRange{First: 1, Last: 20})
	if err != nil {
		t.Fatal(err)
	}
	// A panic in a goroutine of the controller's own ends the process. With all
	// stacks printed, that of try tells which seed it was.
	debug.SetTraceback("all")
	failed, last := 0, seeds.First
	seeds.Each(sim.WholeRange, func(seed sim.Seed) bool {
		last = seed
		if failure := try(t, &tr, seed); failure != "" {
			failed++
			t.Run(fmt.Sprintf("seed-%d", seed), func(t *testing.T) { t.Error(failure) })
		}
		return !gotest.Enough(failed)
	})
	t.Logf("seatrial: %s: seeds %d-%d, %d failed", tr.Name, seeds.First, last, failed)
}

// try says how a seed failed; empty when it passed.
func try(t *testing.T, tr *Trial, seed sim.Seed) string {
	v := newVoyage(t, tr, seed, RunOptions{})
	result := v.run()
	if result.Verdict.Kind == model.VerdictPass {
		return ""
	}
	same := gotest.Reproduced(result.Verdict, result.Record, func() (model.Verdict, *sim.Record) {
		again := newVoyage(t, tr, seed, RunOptions{}).run()
		return again.Verdict, again.Record
	})
	smallest := v.shrink(result)
	v.options.KeepTrace = *keepTrace
	if v.options.KeepTrace {
		smallest = v.again(smallest)
	}
	test, _, _ := strings.Cut(t.Name(), "/")
	return report{&smallest, &result, same, gotest.Runs, test}.text()
}

// again runs what a result came from, with the options of the voyage.
func (v *voyage) again(r Result) Result {
	same := *v
	same.steps = r.Steps
	fair := same.fair()
	if r.Fair {
		return fair
	}
	return same.through(fair.Record, r.Faults)
}
