package faults

import (
	"fmt"
	"time"
)

// Draw returns a number in [0, 1) that depends only on the seed, the rule's ID,
// the purpose and the identity of the call. The simulation supplies it.
type Draw func(ruleID, purpose string) float64

// Decision is the fate of one call. The zero value lets it pass.
type Decision struct {
	// Rule that decided, nil when none did. Delay is its own: what the client
	// waits before the failure, or how long a watch stays open.
	Rule  *Rule
	Delay time.Duration
	// Slowed are the latency rules that fired, whether or not another rule
	// decided. Slowdown is the sum of what they add to the request's latency.
	Slowed   []*Rule
	Slowdown time.Duration
}

// Schedule is the weather of one run: rules consulted in order.
//
// It counts how often rules fired (for [Rule.Limit]), so one value serves one
// run. Not safe for concurrent use.
type Schedule struct {
	rules   []Rule
	fired   []int
	cleared bool
}

// NewSchedule prepares rules for one run. The slice is copied. A Probability of
// 0 stands for 1. It panics on an unknown kind and on an ID that is missing or
// given twice, because such a rule would be silently inert or decide like
// another; [Rule.Validate] says the same, and more, with an error.
func NewSchedule(rules []Rule) *Schedule {
	seen := make(map[string]bool, len(rules))
	for _, r := range rules {
		if _, known := Lookup(r.Kind); !known {
			panic(fmt.Sprintf("faults: rule %q has the unknown kind %q", r.ID, r.Kind))
		}
		if r.ID == "" || seen[r.ID] {
			panic(fmt.Sprintf("faults: a rule of kind %s has the ID %q, which is empty or taken", r.Kind, r.ID))
		}
		seen[r.ID] = true
	}
	return &Schedule{rules: append([]Rule(nil), rules...), fired: make([]int, len(rules))}
}

// Clear ends all faults, for the liveness phase.
func (s *Schedule) Clear() { s.cleared = true }

// FiredKinds returns how often each kind has fired.
func (s *Schedule) FiredKinds() map[Kind]int {
	out := make(map[Kind]int)
	for i := range s.rules {
		if s.fired[i] > 0 {
			out[s.rules[i].Kind] += s.fired[i]
		}
	}
	return out
}

// Decide returns the fate of a call: the first call-scoped rule that matches
// and fires decides; latency rules add up whether or not another rule decides.
func (s *Schedule) Decide(c Call, draw Draw) Decision {
	var d Decision
	if s.cleared {
		return d
	}
	for i := range s.rules {
		r := &s.rules[i]
		if !s.concerns(i, c) {
			continue
		}
		switch {
		case r.Kind == Latency:
			if s.fires(i, draw) {
				d.Slowed = append(d.Slowed, r)
				d.Slowdown += r.Delay.at(draw(r.ID, "delay"))
			}
		case d.Rule == nil && s.fires(i, draw):
			d.Rule = r
			d.Delay = r.Delay.at(draw(r.ID, "delay"))
		}
	}
	return d
}

// concerns: rule i may decide the fate of this call. A crash aimed at a call
// is decided here too, because it happens to that call.
func (s *Schedule) concerns(i int, c Call) bool {
	r := &s.rules[i]
	switch scopeOf(r.Kind) {
	case ScopeCall:
	case ScopeWatch:
		if c.Verb != "watch" {
			return false
		}
	case ScopeProcess:
		if r.When == AtTime {
			return false
		}
	default:
		return false
	}
	if r.Limit > 0 && s.fired[i] >= r.Limit {
		return false
	}
	return r.InForce(c.At) && r.Matches(c)
}

func (s *Schedule) fires(i int, draw Draw) bool {
	r := &s.rules[i]
	if p := r.Probability; p > 0 && p < 1 && draw(r.ID, "fires") >= r.Probability {
		return false
	}
	s.fired[i]++
	return true
}

// Timed returns the rules that act at given times rather than on calls:
// partitions and crashes at From, in schedule order.
func (s *Schedule) Timed() []*Rule {
	var out []*Rule
	for i := range s.rules {
		r := &s.rules[i]
		if r.Kind == Partition || r.Kind == Crash && r.When == AtTime {
			out = append(out, r)
		}
	}
	return out
}

// Happened counts a timed rule as fired. The simulation calls it when a
// partition begins or a process is killed.
func (s *Schedule) Happened(r *Rule) {
	for i := range s.rules {
		if &s.rules[i] == r {
			s.fired[i]++
		}
	}
}

func (p Span) at(draw float64) time.Duration {
	if p.Max <= p.Min {
		return p.Min
	}
	return p.Min + time.Duration(draw*float64(p.Max-p.Min+1))
}

func scopeOf(k Kind) Scope {
	info, _ := Lookup(k)
	return info.Scope
}
