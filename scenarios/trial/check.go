package trial

import (
	"flag"
	"fmt"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios/internal/testflags"
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
// Seeds that failed are saved below testdata/seatrial, a file each, and run first
// the next time, unless -seatrial.seeds says which to run. To have one run for
// good, commit its file; to forget it, delete the file.
//
// Seeds are run in order, one after the other; a test that calls Check must not
// be parallel. Same trial and seeds: same outcome. A trial that is not valid
// fails t at once and says what would be right. A controller that blocks virtual
// time ends the process with exit code 3, after the seed and advice have been
// printed.
func Check(t *testing.T, tr Trial) {
	t.Helper()
	tr = ready(t, tr)
	seeds, err := testflags.Seeds(sim.SeedRange{First: 1, Last: 100}, sim.SeedRange{First: 1, Last: 20})
	if err != nil {
		t.Fatal(err)
	}
	var saved []sim.Seed
	if !testflags.Asked() {
		if saved, err = savedSeeds(testflags.Folder(t)); err != nil {
			t.Fatal(err)
		}
	}
	ran, failed := 0, 0
	run := func(seed sim.Seed) bool {
		ran++
		if failure := try(t, &tr, seed); failure != "" {
			failed++
			path, err := testflags.Save(testflags.Folder(t), fmt.Sprintf(savedName, seed), []byte(failure))
			if err != nil {
				path = fmt.Sprintf("not saved: %v", err)
			}
			t.Run(fmt.Sprintf("seed-%d", seed), func(t *testing.T) { t.Errorf("%ssaved: %s", failure, path) })
		}
		return !testflags.Enough(failed)
	}
	for _, seed := range saved {
		if !run(seed) {
			return
		}
	}
	seeds.Each(sim.WholeRange, func(seed sim.Seed) bool { return slices.Contains(saved, seed) || run(seed) })
	t.Logf("seatrial: %s: seeds %s: %d run, %d failed", tr.Name, seeds, ran, failed)
}

// ready completes a trial, or ends the test when it is not valid.
func ready(t *testing.T, tr Trial) Trial {
	t.Helper()
	if tr.Name == "" {
		tr.Name = t.Name()
	}
	tr = tr.withDefaults()
	if err := tr.validate(); err != nil {
		t.Fatalf("trial %s is not valid:\n%v", tr.Name, err)
	}
	if err := sim.Seedable(); err != nil {
		t.Fatal(err)
	}
	// A panic in a goroutine of the controller's own ends the process. With all
	// stacks printed, that of try tells which seed it was.
	debug.SetTraceback("all")
	return tr
}

// savedName is the file of a seed that failed. What is in it is for people: the
// seed is all that is needed.
const savedName = "seed-%d.txt"

// savedSeeds are those of the files in a folder, in order.
func savedSeeds(folder string) ([]sim.Seed, error) {
	files, err := filepath.Glob(filepath.Join(folder, "seed-*.txt"))
	if err != nil {
		return nil, fmt.Errorf("looking for saved seeds: %w", err)
	}
	var seeds []sim.Seed
	for _, file := range files {
		number := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "seed-"), ".txt")
		seed, err := strconv.ParseUint(number, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: its name is no seed (want seed-N.txt, or delete it)", file)
		}
		seeds = append(seeds, sim.Seed(seed))
	}
	slices.Sort(seeds)
	return seeds, nil
}

// try says how a seed failed; empty when it passed.
func try(t *testing.T, tr *Trial, seed sim.Seed) string {
	v := newVoyage(t, tr, seed, RunOptions{})
	result := v.run()
	if result.Verdict.Kind == model.VerdictPass {
		return ""
	}
	return v.tell(result, "", func() Result { return newVoyage(t, tr, seed, RunOptions{}).run() })
}

// tell runs a failure again, makes it smaller, and puts it into words. aimed is the only
// fault that was tried, if it was one.
func (v *voyage) tell(failed Result, aimed string, again func() Result) string {
	same := testflags.Reproduced(failed.Verdict, failed.Record, func() (model.Verdict, *sim.Record) {
		r := again()
		return r.Verdict, r.Record
	})
	smallest := v.shrink(failed)
	v.options.KeepTrace = *keepTrace
	if v.options.KeepTrace {
		smallest = v.again(smallest)
	}
	test, _, _ := strings.Cut(v.t.Name(), "/")
	return report{&smallest, &failed, same, testflags.Runs, test, aimed}.text()
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
