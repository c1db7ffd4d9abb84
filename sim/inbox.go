package sim

import (
	"cmp"
	"slices"
	"sync"
)

// inbox takes what goroutines of the bubble want of the world until the
// scheduler, at quiescence, takes all of it in an order that does not depend
// on which goroutine ran first.
type inbox struct {
	mu    sync.Mutex
	items []item
	wake  chan struct{} // of the bubble; holds one token while there are items
}

// item is one wish: act is run by the scheduler. Items are sorted by (kind,
// key, tie).
type item struct {
	kind itemKind
	key  string // who wants what
	tie  string // tells apart wishes of one key, e.g. by body
	act  func()
}

// itemKind orders wishes of one instant: what ends comes before what begins.
type itemKind int

const (
	processReturned itemKind = iota
	callCancelled
	hostChanged
	callSent
)

func newInbox() *inbox { return &inbox{wake: make(chan struct{}, 1)} }

func (b *inbox) put(i item) {
	b.mu.Lock()
	b.items = append(b.items, i)
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// take empties the inbox, sorted.
func (b *inbox) take() []item {
	b.mu.Lock()
	items := b.items
	b.items = nil
	b.mu.Unlock()
	select {
	case <-b.wake:
	default:
	}
	slices.SortStableFunc(items, func(x, y item) int {
		return cmp.Or(cmp.Compare(x.kind, y.kind), cmp.Compare(x.key, y.key), cmp.Compare(x.tie, y.tie))
	})
	return items
}
