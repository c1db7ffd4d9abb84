package model

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Disturbance is a span of time, closed, in which something stood in the way of some
// process: a fault was in force or had just hit a call, or a process was down or
// starting.
type Disturbance struct{ From, Until time.Duration }

const (
	// warmUp is how long after a disturbance its consequences may last: a lease
	// that has to run out (20 s) and be taken, or the longest pause of a work
	// queue that backs off (30 s), and then the work itself.
	warmUp = 45 * time.Second
	// abandoned is how long a call counts as under way that nobody answered.
	abandoned = 10 * time.Second
)

// idle are the moments at which nothing stood in anybody's way and no process under
// test was at work; as spans, in order, open at both ends.
type idle []Disturbance

// LongestIdle returns the longest span within [from, until] in which nothing stood in
// the way of the processes under test, nor had in the 45 s before, and none of them
// had a call under way; watches, leases and Events do not count as work. Whatever is
// undone at its beginning and at its end was nobody's intention to do.
//
// It is empty for a history without disturbances: one that was recorded has at
// least the start of its processes.
func (h *History) LongestIdle(from, until time.Duration) Disturbance {
	spans := *Derive(h, idleSpans)
	first, _ := slices.BinarySearchFunc(spans, from, func(s Disturbance, at time.Duration) int { return cmp.Compare(s.Until, at) })
	var longest Disturbance
	for _, s := range spans[first:] {
		if s.From >= until {
			break
		}
		s.From, s.Until = max(s.From, from), min(s.Until, until)
		if s.Until-s.From > longest.Until-longest.From {
			longest = s
		}
	}
	return longest
}

// Undisturbed tells whether nothing stood in the way at a moment, nor had in the 45 s
// before. Of a history without disturbances it says no: see [History.LongestIdle].
func (h *History) Undisturbed(at time.Duration) bool {
	for _, d := range h.Disturbances {
		if d.From > at {
			break
		}
		if d.lasts() >= at {
			return false
		}
	}
	return len(h.Disturbances) > 0
}

// lasts is the end of a disturbance and its consequences.
func (d Disturbance) lasts() time.Duration {
	if d.Until > math.MaxInt64-warmUp {
		return d.Until
	}
	return d.Until + warmUp
}

func idleSpans(h *History) *idle {
	if len(h.Disturbances) == 0 {
		return &idle{}
	}
	busy := make([]Disturbance, 0, len(h.Disturbances)+len(h.Calls))
	for _, d := range h.Disturbances {
		busy = append(busy, Disturbance{d.From, d.lasts()})
	}
	for i := range h.Calls {
		c := &h.Calls[i]
		switch {
		case c.User || c.Verb == "watch" || c.Housekeeping():
		case c.ReturnSeq == 0:
			busy = append(busy, Disturbance{c.Called, c.Called + abandoned})
		default:
			busy = append(busy, Disturbance{c.Called, c.Returned})
		}
	}
	slices.SortFunc(busy, func(a, b Disturbance) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Until, b.Until)) })
	var free idle
	at := time.Duration(0)
	for _, b := range busy {
		if b.From > at {
			free = append(free, Disturbance{at, b.From})
		}
		at = max(at, b.Until)
	}
	if at < h.Ended {
		free = append(free, Disturbance{at, h.Ended})
	}
	return &free
}
