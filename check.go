package seatrial

import (
	"testing"

	"github.com/seatrial/seatrial/internal/gotest"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/search"
	"github.com/seatrial/seatrial/scenarios/swarm"
	"github.com/seatrial/seatrial/sim"
)

// TB is what [Check] needs of a test: *testing.T has it, and so have what Ginkgo's
// GinkgoT and testify's suites hand out.
type TB = gotest.TB

// Check searches for what a controller cannot bear, and fails t with a sub-test for each
// run that does not pass. Inconclusive is not a pass.
//
// The search begins without faults, with the lives that Objects can have: made anew, gone
// for good, made anew at once. Then come probes, a single fault each: each distinct call
// × each outcome that a client may meet, each distinct change × seen late, never seen,
// and not known any more after a restart. What only a fault has brought about is struck
// beside it. Each fourth run, and each when no probe is left, is one of the swarm: a mixture
// of faults and users' acts drawn from a seed. With Trial.Faults, what goes wrong has been
// decided: then there is the swarm alone, seeds 1-100, with -short 1-20.
//
// The budget is 160 runs, with -short 32, unless -seatrial.runs=N or -seatrial.budget=60s
// says otherwise. -run 'TestX/^probe-1a2b3c4d$' makes the one run of that name,
// -run 'TestX/^seed-7$' that of a seed, and -seatrial.seeds=A-B those of seeds and no
// search. It ends after -seatrial.failures failing runs, 5 by default. A failing run is
// made again, to tell how surely it fails,
// and then made smaller (-seatrial.shrink=N bounds how many plans are tried): the
// message has what users did, what went wrong, how to see it again, and where the
// folder with the trace and the report is. Of failures with one signature only
// the first is looked into; those that Trial.Known has are counted.
//
// A step or a fault of the trial's own that had no effect in any run is told; with
// -seatrial.strict it fails t.
// When a search has found nothing, the test's log (go test -v) says what it has covered.
//
// What failed is saved below testdata/seatrial as a scenario file and run first the
// next time, unless seeds are named. It means the same for ever, also when the
// generator changes. To have it run for good, commit the file; to forget it,
// delete it.
//
// Runs are made in worker processes, one for each core or -seatrial.workers=N: the test
// binary started again, which runs this test up to this call. What stands before it
// in TestMain and the test itself happens there as well. A hang, a panic in a stray
// goroutine, os.Exit or a data race costs one worker, and is the verdict of its
// run. Tests may be parallel. Same trial, and same seeds or budget in runs: same runs, in
// the same order, whatever the number of workers. A trial that is not valid fails t at once and says what would
// be right.
func Check(t TB, tr Trial) {
	t.Helper()
	o := gotest.Options{
		Usual: sim.SeedRange{First: 1, Last: 100}, Few: sim.SeedRange{First: 1, Last: 20},
		Runs: search.DefaultRuns, FewRuns: fewRuns,
	}
	if tr.Faults != nil {
		o.Runs = 0 // what goes wrong has been decided: only the rest is left to seeds
	}
	gotest.Check(t, ready(t, tr), o)
}

// fewRuns cost about what 20 seeds do.
const fewRuns = 32

// CheckEveryCall puts one fault at each call that a controller makes without faults, a
// run for each, and fails t with a sub-test for each that does not pass. Each get, list
// and watch is answered 500 once. So is each write; and in three more runs the process is
// killed before it is sent, killed after it is committed, or never told the answer.
//
// What one fault shows it shows for certain, where the seeds of [Check] may need many: it
// goes beside Check, which mixes faults. Runs are one for each read and four for each
// write of the safety phase, so a small story (few objects, a short Safety) is best.
// Trial.Faults are left out. Discovery is passed over: rules do not strike it.
//
// The steps are those with which the search of Check begins: the lives that Objects can
// have, with -short the one in which they go for good. -seatrial.seeds=A-B has those of
// seeds instead. All else is as for Check.
func CheckEveryCall(t TB, tr Trial) {
	t.Helper()
	gotest.CheckEveryCall(t, ready(t, tr), gotest.Options{})
}

// Run takes a controller through one seed in this process: first without faults,
// which is the baseline, then with those that the seed draws, and judges it. Same
// trial and seed: same result.
//
// It panics when the trial is not valid ([Check] says so more politely). t is
// needed by the virtual clock and never fails. Only one Run may be under way in
// a process.
func Run(t *testing.T, tr Trial, seed sim.Seed, o RunOptions) Result {
	tr = tr.withDefaults()
	s, err := tr.subject()
	if err != nil {
		panic("seatrial: trial " + tr.Name + ": " + err.Error())
	}
	return swarm.Try(t, s, seed, scenarios.Extras{}, o)
}

// ready completes a trial, or ends the test when it is not valid.
func ready(t TB, tr Trial) scenarios.Subject {
	t.Helper()
	if tr.Name == "" {
		tr.Name = t.Name()
	}
	tr = tr.withDefaults()
	s, err := tr.subject()
	if err != nil {
		t.Fatalf("trial %s is not valid:\n%v", tr.Name, err)
	}
	return s
}
