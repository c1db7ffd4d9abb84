package simulated

import (
	"container/heap"
	"time"
)

// clock is virtual time: it stands still until advance is called.
type clock struct {
	now    time.Time
	timers timers
	count  uint64
}

type timer struct {
	at    time.Time
	order uint64 // among equal times, the one set first
	f     func() // nil: cancelled
}

type timers []*timer

func (t timers) Len() int { return len(t) }
func (t timers) Less(i, j int) bool {
	if t[i].at.Equal(t[j].at) {
		return t[i].order < t[j].order
	}
	return t[i].at.Before(t[j].at)
}
func (t timers) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t *timers) Push(x any)   { *t = append(*t, x.(*timer)) }
func (t *timers) Pop() any {
	last := len(*t) - 1
	x := (*t)[last]
	*t = (*t)[:last]
	return x
}

func (c *clock) Now() time.Time { return c.now }

func (c *clock) AfterFunc(d time.Duration, f func()) (cancel func()) {
	c.count++
	t := &timer{at: c.now.Add(max(d, 0)), order: c.count, f: f}
	heap.Push(&c.timers, t)
	return func() { t.f = nil }
}

// advance runs the next timer, moving time to it. It is false if there is none.
func (c *clock) advance() bool {
	for len(c.timers) > 0 {
		t := heap.Pop(&c.timers).(*timer)
		if t.f == nil {
			continue
		}
		c.now = t.at
		t.f()
		return true
	}
	return false
}
