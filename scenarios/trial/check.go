package trial

import (
	"flag"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// The flags of `go test` that [Check] reads. Package scenarios has flags of the
// same names and meaning; whichever package comes first in a binary defines them.
const (
	seedsFlag    = "seatrial.seeds"
	failuresFlag = "seatrial.failures"
	traceFlag    = "seatrial.trace"
)

func init() {
	define := func(name, value, usage string) {
		if flag.Lookup(name) == nil {
			flag.String(name, value, usage)
		}
	}
	define(seedsFlag, "", "seeds that trial.Check runs, `A-B` or one; default 1-100, with -short 1-20")
	define(failuresFlag, "5", "end trial.Check after `N` failing seeds; 0: never")
	define(traceFlag, "false", "with -v, print every event of the seeds that fail")
}

func flagValue(name string) string { return flag.Lookup(name).Value.String() }

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
	first, last, err := seedRange(flagValue(seedsFlag), testing.Short())
	if err != nil {
		t.Fatalf("-%s: %v", seedsFlag, err)
	}
	most, err := strconv.Atoi(flagValue(failuresFlag))
	if err != nil {
		t.Fatalf("-%s: %v", failuresFlag, err)
	}
	// A panic in a goroutine of the controller's own ends the process. With all
	// stacks printed, that of try tells which seed it was.
	debug.SetTraceback("all")
	failed := 0
	seed := first
	for ; ; seed++ {
		if failure := try(t, &tr, seed); failure != "" {
			failed++
			t.Run(fmt.Sprintf("seed-%d", seed), func(t *testing.T) { t.Error(failure) })
		}
		if seed == last || most > 0 && failed >= most {
			break
		}
	}
	t.Logf("seatrial: %s: seeds %d-%d, %d failed", tr.Name, first, seed, failed)
}

// seedRange reads "A-B" or "A"; empty: the default.
func seedRange(text string, short bool) (first, last sim.Seed, err error) {
	switch {
	case text == "" && short:
		return 1, 20, nil
	case text == "":
		return 1, 100, nil
	}
	from, to, isRange := strings.Cut(text, "-")
	if !isRange {
		to = from
	}
	a, err1 := strconv.ParseUint(from, 10, 64)
	b, err2 := strconv.ParseUint(to, 10, 64)
	if err1 != nil || err2 != nil || b < a {
		return 0, 0, fmt.Errorf("%q is no range of seeds (want A-B with whole numbers, A not above B, for instance 1-1000)", text)
	}
	return sim.Seed(a), sim.Seed(b), nil
}

// confirmations is how often a failing seed is run again before it is reported.
const confirmations = 2

// try says how a seed failed; empty when it passed.
func try(t *testing.T, tr *Trial, seed sim.Seed) string {
	v := newVoyage(t, tr, seed, RunOptions{})
	result := v.run()
	if result.Verdict.Kind == model.VerdictPass {
		return ""
	}
	same := 1
	for range confirmations {
		again := newVoyage(t, tr, seed, RunOptions{}).run()
		if again.Verdict.Kind == result.Verdict.Kind && again.Verdict.Property == result.Verdict.Property && again.Record.Hash == result.Record.Hash {
			same++
		}
	}
	smallest := v.shrink(result)
	v.options.KeepTrace = flagValue(traceFlag) == "true"
	if v.options.KeepTrace {
		smallest = v.again(smallest)
	}
	test, _, _ := strings.Cut(t.Name(), "/")
	return report{&smallest, &result, same, 1 + confirmations, test}.text()
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
