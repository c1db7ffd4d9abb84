package sim

import (
	"container/heap"
	"time"
)

// eventQueue holds what is going to happen, ordered by (virtual time, identity).
// Entries that agree in both keep the order in which they were added, which is
// itself deterministic because only the scheduler adds them.
type eventQueue struct {
	entries entryHeap
	added   uint64
}

type entry struct {
	at        time.Duration
	identity  string
	number    uint64
	happen    func()
	cancelled bool
}

// add plans happen for the virtual time at. The identity breaks ties between
// entries of one instant; it must not depend on the order of addition.
func (q *eventQueue) add(at time.Duration, identity string, happen func()) *entry {
	q.added++
	e := &entry{at: at, identity: identity, number: q.added, happen: happen}
	heap.Push(&q.entries, e)
	return e
}

// next returns the earliest entry without taking it, nil when there is none.
func (q *eventQueue) next() *entry {
	for len(q.entries) > 0 && q.entries[0].cancelled {
		heap.Pop(&q.entries)
	}
	if len(q.entries) == 0 {
		return nil
	}
	return q.entries[0]
}

func (q *eventQueue) take() *entry { return heap.Pop(&q.entries).(*entry) }

type entryHeap []*entry

func (h entryHeap) Len() int { return len(h) }
func (h entryHeap) Less(i, j int) bool {
	if h[i].at != h[j].at {
		return h[i].at < h[j].at
	}
	if h[i].identity != h[j].identity {
		return h[i].identity < h[j].identity
	}
	return h[i].number < h[j].number
}
func (h entryHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *entryHeap) Push(x any)   { *h = append(*h, x.(*entry)) }
func (h *entryHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return last
}
