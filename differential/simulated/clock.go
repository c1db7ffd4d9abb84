package simulated

import (
	"slices"
	"time"
)

// clock is virtual time: it stands still until advance is called.
type clock struct {
	now    time.Time
	timers []*timer // in the order in which they run out; of equal times the one set first
}

type timer struct {
	at time.Time
	f  func() // nil: cancelled
}

func (c *clock) Now() time.Time { return c.now }

func (c *clock) AfterFunc(d time.Duration, f func()) (cancel func()) {
	t := &timer{at: c.now.Add(max(d, 0)), f: f}
	after, _ := slices.BinarySearchFunc(c.timers, t.at, func(other *timer, at time.Time) int {
		if other.at.After(at) {
			return 1
		}
		return -1
	})
	c.timers = slices.Insert(c.timers, after, t)
	return func() { t.f = nil }
}

// advance runs the next timer, moving time to it. It is false if there is none.
func (c *clock) advance() bool {
	for len(c.timers) > 0 {
		t := c.timers[0]
		c.timers = slices.Delete(c.timers, 0, 1)
		if t.f == nil {
			continue
		}
		c.now = t.at
		t.f()
		return true
	}
	return false
}
