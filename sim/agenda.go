package sim

import (
	"container/heap"
	"time"
)

// agenda holds what is going to happen, ordered by (virtual time, identity).
// Entries that agree in both keep the order in which they were added, which is
// itself deterministic because only the scheduler adds them.
type agenda struct {
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
func (a *agenda) add(at time.Duration, identity string, happen func()) *entry {
	a.added++
	e := &entry{at: at, identity: identity, number: a.added, happen: happen}
	heap.Push(&a.entries, e)
	return e
}

// next returns the earliest entry without taking it, nil when there is none.
func (a *agenda) next() *entry {
	for len(a.entries) > 0 && a.entries[0].cancelled {
		heap.Pop(&a.entries)
	}
	if len(a.entries) == 0 {
		return nil
	}
	return a.entries[0]
}

func (a *agenda) take() *entry { return heap.Pop(&a.entries).(*entry) }

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
