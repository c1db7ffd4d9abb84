package trial

import (
	"flag"
	"fmt"
	"testing"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios/internal/testflags"
	"github.com/seatrial/seatrial/sim"
)

var onlyAimed = flag.String("seatrial.only", "", "of CheckEveryCall, the one `fault` to try, such as aimed-7")

// CheckEveryCall puts one fault at each call that a controller makes in fair weather, a
// run for each, and fails t with a sub-test for each that does not pass. Each get, list
// and watch is answered 500 once. So is each write; and in three more runs the process is
// killed before it is sent, killed after it is committed, or never told the answer.
//
// What one fault shows it shows for certain, where the seeds of [Check] may need many: it
// goes beside Check, which mixes faults. Runs are one for each read and four for each
// write of the safety phase, so a small story (few objects, a short Safety) is best.
// Trial.Faults are left out. Discovery is passed over: rules do not strike it.
//
// The stories are those of seeds 1-3, with -short of seed 1, or of -seatrial.seeds=A-B. The
// search ends after -seatrial.failures failing runs, 5 by default. Nothing is saved below
// testdata, since the same runs are made each time; -seatrial.only=aimed-N makes one of them.
func CheckEveryCall(t *testing.T, tr Trial) {
	t.Helper()
	tr = ready(t, tr)
	seeds, err := testflags.Seeds(sim.SeedRange{First: 1, Last: 3}, sim.SeedRange{First: 1, Last: 1})
	if err != nil {
		t.Fatal(err)
	}
	ran, failed := 0, 0
	seeds.Each(sim.WholeRange, func(seed sim.Seed) bool {
		return tryEveryCall(t, &tr, seed, func(name, failure string) bool {
			ran++
			if failure != "" {
				failed++
				t.Run(name, func(t *testing.T) { t.Error(failure) })
			}
			return !testflags.Enough(failed)
		})
	})
	if ran == 0 {
		t.Fatalf("seatrial: %s: no fault was tried (want a controller that calls something, and with -seatrial.only one of its faults, such as aimed-1)", tr.Name)
	}
	t.Logf("seatrial: %s: seeds %s: %d faults tried, one at a time, %d failed", tr.Name, seeds, ran, failed)
}

// tryEveryCall tells how each run of a seed failed, with its name; empty when it
// passed. It goes on for as long as told says so, and returns what that said last. A
// failure in fair weather is the only one, under the name of the seed.
func tryEveryCall(t *testing.T, tr *Trial, seed sim.Seed, told func(name, failure string) bool) bool {
	v := newVoyage(t, tr, seed, RunOptions{})
	name := fmt.Sprintf("seed-%d", seed)
	twin := v.fair()
	if twin.Verdict.Kind != model.VerdictPass {
		return told(name, v.tell(twin, "", v.fair))
	}
	for _, rule := range tr.everyCall(&twin.Record.History) {
		if *onlyAimed != "" && rule.ID != *onlyAimed {
			continue
		}
		if !told(name+"-"+rule.ID, v.strike(twin.Record, rule)) {
			return false
		}
	}
	return true
}

// strike says how a run with one fault failed; empty when it passed.
func (v *voyage) strike(twin *sim.Record, rule faults.Rule) string {
	through := func() Result {
		run := *v
		return run.through(twin, []faults.Rule{rule})
	}
	result := through()
	if result.Verdict.Kind == model.VerdictPass {
		return ""
	}
	run := *v
	return run.tell(result, rule.ID, through)
}

// everyCall are the rules that strike what was called, one call each, in order.
func (tr *Trial) everyCall(h *model.History) []faults.Rule {
	tested := map[string]bool{}
	for _, name := range tr.underTest() {
		tested[name] = true
	}
	var rules []faults.Rule
	times := map[faults.Call]int{}
	for i := range h.Calls {
		c := sim.FaultCall(&h.Calls[i])
		times[c]++
		if !tested[c.Process] || h.Calls[i].Called >= tr.Safety || discovers(c.Resource) {
			continue
		}
		c.Nth = times[c]
		for _, r := range shots(c) {
			r.ID = fmt.Sprintf("aimed-%d", len(rules)+1)
			rules = append(rules, r)
		}
	}
	return rules
}

// shots are what may happen to a call.
func shots(c faults.Call) []faults.Rule {
	failed := faults.At(c, faults.InternalError)
	if !faults.IsWrite(c.Verb) {
		return []faults.Rule{failed}
	}
	return []faults.Rule{
		failed,
		faults.CrashAt(c, faults.BeforeCall),
		faults.CrashAt(c, faults.AfterCall),
		faults.At(c, faults.ResponseLost),
	}
}
