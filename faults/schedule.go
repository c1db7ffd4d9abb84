package faults

import (
	"fmt"
	"slices"
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
	scopes  []Scope
	fired   []int
	met     []int // calls that the rule's match selected, for [Match.Nth]
	cleared bool
	index   index
}

// NewSchedule prepares rules for one run. The slice is copied. A Probability of
// 0 stands for 1. It panics on an unknown kind and on an ID that is missing or
// given twice, because such a rule would be silently inert or decide like
// another; [Rule.Validate] says the same, and more, with an error.
func NewSchedule(rules []Rule) *Schedule {
	s := &Schedule{rules: slices.Clone(rules), fired: make([]int, len(rules)), met: make([]int, len(rules))}
	seen := make(map[string]bool, len(rules))
	for _, r := range rules {
		info, known := Lookup(r.Kind)
		if !known {
			panic(fmt.Sprintf("faults: rule %q has the unknown kind %q", r.ID, r.Kind))
		}
		if r.ID == "" || seen[r.ID] {
			panic(fmt.Sprintf("faults: a rule of kind %s has the ID %q, which is empty or taken", r.Kind, r.ID))
		}
		seen[r.ID] = true
		s.scopes = append(s.scopes, info.Scope)
	}
	s.index = newIndex(s.rules, s.scopes)
	return s
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

// FiredRules returns how often each rule has fired, by its ID; those that never
// did are left out.
func (s *Schedule) FiredRules() map[string]int {
	out := make(map[string]int)
	for i := range s.rules {
		if s.fired[i] > 0 {
			out[s.rules[i].ID] += s.fired[i]
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
	for _, i := range s.index.calls(c) {
		r := &s.rules[i]
		switch {
		case r.Kind != Latency && d.Rule != nil:
		case !s.selects(i, c) || !s.fires(i, draw):
		case r.Kind == Latency:
			d.Slowed = append(d.Slowed, r)
			d.Slowdown += r.Delay.at(draw(r.ID, "delay"))
		default:
			d.Rule = r
			d.Delay = r.Delay.at(draw(r.ID, "delay"))
		}
	}
	return d
}

// DecideWatch returns the fate of a watch whose stream has been opened: the
// first rule that matches and fires. It is asked besides [Schedule.Decide],
// which is about the call that opens it.
func (s *Schedule) DecideWatch(c Call, draw Draw) Decision {
	return s.first(s.index.watches, c, draw, func(*Rule) bool { return true })
}

// DecideEvent returns the fate of one event of a watch: the first rule that
// matches and fires. The call is the watch, with namespace, name and Nth of the
// event's object in it; those of a bookmark are empty and 0.
func (s *Schedule) DecideEvent(c Call, bookmark bool, draw Draw) Decision {
	return s.first(s.index.events, c, draw, func(r *Rule) bool { return bookmark == (r.Kind == BookmarksWithheld) })
}

// first asks the rules that the index lists for the call, until one fires.
func (s *Schedule) first(list func(Call) []int, c Call, draw Draw, concerns func(*Rule) bool) Decision {
	if s.cleared {
		return Decision{}
	}
	for _, i := range list(c) {
		if r := &s.rules[i]; concerns(r) && s.selects(i, c) && s.fires(i, draw) {
			return Decision{Rule: r, Delay: r.Delay.at(draw(r.ID, "delay"))}
		}
	}
	return Decision{}
}

// DecideHost returns the decision about a change that a process makes to its host: the first
// rule that matches and fires. Of the call it has the process, the time and how many
// such changes the process has made.
func (s *Schedule) DecideHost(c Call, draw Draw) Decision {
	return s.first(s.index.hosts, c, draw, func(*Rule) bool { return true })
}

// HasEventRules says whether [Schedule.DecideEvent] can ever decide anything.
func (s *Schedule) HasEventRules() bool { return slices.Contains(s.scopes, ScopeEvent) }

// HasHostRules says whether [Schedule.DecideHost] can ever decide anything.
func (s *Schedule) HasHostRules() bool { return slices.Contains(s.scopes, ScopeHost) }

// selects: rule i, which is in force, may decide the fate of this call.
func (s *Schedule) selects(i int, c Call) bool {
	r := &s.rules[i]
	if r.Limit > 0 && s.fired[i] >= r.Limit || !r.Matches(c) {
		return false
	}
	s.met[i]++
	return r.Nth == 0 || s.met[i] == r.Nth
}

func (s *Schedule) fires(i int, draw Draw) bool {
	r := &s.rules[i]
	if p := r.Probability; p > 0 && p < 1 && draw(r.ID, "fires") >= r.Probability {
		return false
	}
	s.fired[i]++
	return true
}

// Timed returns the rules that act at given times rather than on calls, such as
// partitions and crashes at From, in schedule order.
func (s *Schedule) Timed() []*Rule {
	var out []*Rule
	for i := range s.rules {
		switch r := &s.rules[i]; s.scopes[i] {
		case ScopeServer, ScopeLink:
			out = append(out, r)
		case ScopeProcess:
			if r.When == AtTime {
				out = append(out, r)
			}
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

// DelayOf draws the delay of a timed rule.
func (r *Rule) DelayOf(draw Draw) time.Duration { return r.Delay.at(draw(r.ID, "delay")) }

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
