package sim

import (
	"cmp"
	"slices"
	"sync"
)

// pending takes what goroutines of the bubble request of the world until the
// scheduler, at quiescence, takes all of it in an order that does not depend
// on which goroutine ran first.
type pending struct {
	mu    sync.Mutex
	items []item
	wake  chan struct{} // of the bubble; holds one token while there are items
}

// item is one request: act is run by the scheduler. Items are sorted by (kind,
// key, tie).
type item struct {
	kind itemKind
	key  string // who wants what
	tie  string // tells apart requests of one key, e.g. by body
	act  func()
}

// itemKind orders requests of one instant: what ends comes before what begins.
type itemKind int

const (
	processReturned itemKind = iota
	callCancelled
	hostChanged
	callSent
)

func newPending() *pending { return &pending{wake: make(chan struct{}, 1)} }

func (p *pending) put(i item) {
	p.mu.Lock()
	p.items = append(p.items, i)
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// take takes what is pending, sorted.
func (p *pending) take() []item {
	p.mu.Lock()
	items := p.items
	p.items = nil
	p.mu.Unlock()
	select {
	case <-p.wake:
	default:
	}
	slices.SortStableFunc(items, func(x, y item) int {
		return cmp.Or(cmp.Compare(x.kind, y.kind), cmp.Compare(x.key, y.key), cmp.Compare(x.tie, y.tie))
	})
	return items
}
