package faults

import (
	"slices"
	"time"
)

// index finds the rules that can concern a call at all, so that those whose
// window is not open, or which are aimed at other verbs and resources, cost
// nothing. It holds what is in force in one stretch of time, [begin, end),
// between two edges of windows, and is made anew when a call lies outside.
type index struct {
	rules      []Rule
	scopes     []Scope
	edges      []time.Duration // sorted, the first is 0
	begin, end time.Duration
	ofCalls    map[target][]int
	ofWatches  map[target][]int
	ofEvents   map[target][]int
	ofHosts    map[target][]int
}

// target is the part of a call's identity that has few values.
type target struct{ verb, resource string }

func newIndex(rules []Rule, scopes []Scope) index {
	x := index{rules: rules, scopes: scopes, edges: []time.Duration{0}}
	for _, r := range rules {
		x.edges = append(x.edges, r.From, r.Until)
	}
	slices.Sort(x.edges)
	x.edges = slices.Compact(x.edges)
	return x // begin and end are 0: nothing is known yet
}

// calls lists the rules that decide about calls like c, in their order.
func (x *index) calls(c Call) []int {
	x.moveTo(c.At)
	return x.lookup(x.ofCalls, c, func(i int) bool {
		switch x.scopes[i] {
		case ScopeCall:
			return true
		case ScopeProcess:
			// A crash aimed at a call is decided like a fault of the call,
			// because it happens to it.
			return x.rules[i].When != AtTime
		}
		return false
	})
}

// watches lists the rules that decide about opened watches like c.
func (x *index) watches(c Call) []int {
	x.moveTo(c.At)
	return x.lookup(x.ofWatches, c, func(i int) bool { return x.scopes[i] == ScopeWatch })
}

// events lists the rules that decide about events of a watch like c.
func (x *index) events(c Call) []int {
	x.moveTo(c.At)
	return x.lookup(x.ofEvents, c, func(i int) bool { return x.scopes[i] == ScopeEvent })
}

// hosts lists the rules that decide about changes of hosts.
func (x *index) hosts(c Call) []int {
	x.moveTo(c.At)
	return x.lookup(x.ofHosts, c, func(i int) bool { return x.scopes[i] == ScopeHost })
}

func (x *index) lookup(known map[target][]int, c Call, concerns func(i int) bool) []int {
	t := target{c.Verb, c.Resource}
	list, ok := known[t]
	if !ok {
		for i := range x.rules {
			r := &x.rules[i]
			if concerns(i) && r.InForce(x.begin) && r.matchesVerb(c.Verb) && r.matchesResource(c.Resource) {
				list = append(list, i)
			}
		}
		known[t] = list
	}
	return list
}

// moveTo makes the index hold the stretch of time that t lies in.
func (x *index) moveTo(t time.Duration) {
	if x.begin <= t && t < x.end {
		return
	}
	next, found := slices.BinarySearch(x.edges, t)
	if found {
		next++
	}
	x.begin = x.edges[next-1] // no time is before the first edge
	x.end = 1<<63 - 1
	if next < len(x.edges) {
		x.end = x.edges[next]
	}
	x.ofCalls, x.ofWatches, x.ofEvents, x.ofHosts = map[target][]int{}, map[target][]int{}, map[target][]int{}, map[target][]int{}
}
