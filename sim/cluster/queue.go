package cluster

import (
	"context"
	"sync"
	"time"
)

// now is the virtual time: stand-ins run in the world's bubble.
func now() time.Time { return time.Now() }

// queue holds the keys that a controller has to look at, each with the time from
// which on. Keys that are due together are taken in their order, so that nothing
// depends on which informer spoke first.
type queue struct {
	mu   sync.Mutex
	due  map[string]time.Time
	wake chan struct{} // holds one token when there may be something earlier
}

func newQueue() *queue { return &queue{due: map[string]time.Time{}, wake: make(chan struct{}, 1)} }

// add has the key looked at when the time has come; an earlier time stands.
func (q *queue) add(key string, when time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if before, ok := q.due[key]; ok && !when.Before(before) {
		return
	}
	q.due[key] = when
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take waits for the next key that is due. The result is false when ctx ends.
func (q *queue) take(ctx context.Context) (string, bool) {
	for {
		key, when, any := q.first()
		wait := when.Sub(now())
		if any && wait <= 0 {
			q.mu.Lock()
			delete(q.due, key)
			q.mu.Unlock()
			return key, ctx.Err() == nil
		}
		var alarm <-chan time.Time
		var timer *time.Timer
		if any {
			timer = time.NewTimer(wait)
			alarm = timer.C
		}
		select {
		case <-ctx.Done():
			return "", false
		case <-q.wake:
		case <-alarm:
		}
		if timer != nil {
			timer.Stop()
		}
	}
}

// first is the key that is due first, of several the first in order.
func (q *queue) first() (key string, when time.Time, any bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for k, t := range q.due {
		if !any || t.Before(when) || t.Equal(when) && k < key {
			key, when, any = k, t, true
		}
	}
	return key, when, any
}
