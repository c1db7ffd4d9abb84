package realcluster

import (
	"context"
	"sync"

	"github.com/seatrial/seatrial/faults"
)

// link is what a partition cuts: what is to pass waits until it is mended.
type link struct {
	mu   sync.Mutex
	cuts map[*faults.Rule]chan struct{}
}

func newLink() *link { return &link{cuts: map[*faults.Rule]chan struct{}{}} }

func (l *link) cut(r *faults.Rule) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cuts[r] == nil {
		l.cuts[r] = make(chan struct{})
	}
}

func (l *link) mend(r *faults.Rule) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if mended := l.cuts[r]; mended != nil {
		close(mended)
		delete(l.cuts, r)
	}
}

// wait returns when packets may pass in a direction, or ctx has ended.
func (l *link) wait(ctx context.Context, d faults.Direction) {
	for {
		mended := l.obstacle(d)
		if mended == nil {
			return
		}
		select {
		case <-mended:
		case <-ctx.Done():
			return
		}
	}
}

func (l *link) obstacle(d faults.Direction) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	for r, mended := range l.cuts {
		if r.Direction == faults.BothWays || r.Direction == d {
			return mended
		}
	}
	return nil
}
