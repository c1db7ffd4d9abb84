package search

import (
	"fmt"

	"github.com/seatrial/seatrial/faults"
)

// Missed is a probe whose fault did not fire, and why.
type Missed struct {
	Target  string  `json:"target"`
	Outcome Outcome `json:"outcome"`
	Why     string  `json:"why"`
}

func (m Missed) String() string { return fmt.Sprintf("%s: %s (%s)", m.Target, m.Outcome, m.Why) }

// whyNot says why the first fault of a probe that was not seen to fire did not; empty:
// all did. A list is only held back if it comes too soon.
func (p *Probe) whyNot(h *Sketch, fired map[faults.Kind]int) string {
	for i := range p.Faults {
		r := &p.Faults[i]
		if fired[r.Kind] > 0 || p.Outcome == NeverSeen && r.Kind == faults.Hold {
			continue
		}
		return string(r.Kind) + ": " + why(r, h)
	}
	return ""
}

// why says why a rule found nothing in a run.
func why(r *faults.Rule, h *Sketch) string {
	if len(h.Calls) == 0 {
		return "the run ended before anything was called"
	}
	info, _ := faults.Lookup(r.Kind)
	aimed := info.Scope == faults.ScopeCall || r.Kind == faults.Crash && r.When != faults.AtTime
	if !aimed {
		return "there was nothing for it to befall at that time"
	}
	alike, inTime := *r, 0
	alike.First, alike.Last = 0, 0
	times, made := 0, false
	for i := range h.Calls {
		if !alike.Matches(h.Calls[i].Call) {
			continue
		}
		times++
		if r.InForce(h.Calls[i].At) {
			inTime++
			made = made || r.Matches(h.Calls[i].Call)
		}
	}
	switch {
	case made:
		return "the call was made, and something else decided it"
	case times == 0:
		return "no such call was made beside the other changes of the probe"
	case inTime == 0:
		return "the call came at another time"
	}
	return fmt.Sprintf("the call was made %d times in that time, and not as number %d", inTime, r.First)
}
