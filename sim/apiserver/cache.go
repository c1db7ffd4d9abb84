package apiserver

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Frozen, given to [Server.SetLag], stops a watch cache where it is.
const Frozen = time.Duration(-1)

// freshWait is how long a read waits for a cache to reach the revision it
// names before it answers 504.
const freshWait = 3 * time.Second

// watchCache is one replica's view of one resource. It is no copy: it is a
// position in the log, and what is behind it is found by undoing what is ahead.
type watchCache struct {
	server *Server
	res    *resource
	// since is the revision of the cache's first list: it cannot serve a watch
	// from before.
	since uint64
	// lag is 0 for a cache that is always at the end of the log; position is
	// meaningful only for the others.
	lag      time.Duration
	position uint64
	era      uint64 // counts changes of lag, to void timers of earlier ones

	watchers []*watcher
	waiters  []*waiter
}

// waiter is a read that waits for a revision.
type waiter struct {
	revision uint64
	ready    func()
}

func (c *watchCache) revision() uint64 {
	if c.lag != 0 {
		return c.position
	}
	return c.server.revision
}

// SetLag makes a replica's watch cache of a resource run behind the log: lists
// and gets at resourceVersion 0 and all watches served by that replica see a
// commit only after lag, or, if lag is [Frozen], not before the next SetLag.
// The zero resource means all, present and future. Lag 0 catches up at once. A
// cache never goes back: a replica is made older than another by freezing it
// first. Unknown replicas and resources are ignored.
func (s *Server) SetLag(replica int, gr schema.GroupResource, lag time.Duration) {
	if replica < 0 || replica >= s.config.Replicas {
		return
	}
	if gr != (schema.GroupResource{}) {
		if res := s.resources[gr]; res != nil {
			res.caches[replica].setLag(lag)
		}
		return
	}
	s.lags[replica] = lag
	for _, res := range s.sorted {
		res.caches[replica].setLag(lag)
	}
}

func (c *watchCache) setLag(lag time.Duration) {
	if lag < 0 {
		lag = Frozen
	}
	if lag == c.lag {
		return
	}
	if c.lag == 0 {
		c.position = c.server.revision
		c.server.lagging = append(c.server.lagging, c)
	}
	c.lag = lag
	c.era++
	switch {
	case lag == 0:
		c.server.lagging = slices.DeleteFunc(c.server.lagging, func(o *watchCache) bool { return o == c })
		end := c.server.revision
		from := c.position
		c.deliver(from, end)
	case lag > 0:
		c.followTo(c.server.revision)
	}
}

// followTo lets the cache reach a revision after its lag.
func (c *watchCache) followTo(revision uint64) {
	if c.lag <= 0 || revision <= c.position {
		return
	}
	era := c.era
	c.server.config.Clock.AfterFunc(c.lag, func() {
		if c.era != era || revision <= c.position {
			return
		}
		from := c.position
		c.position = revision
		c.deliver(from, revision)
	})
}

// deliver hands the events in (from, to] to the watchers and wakes the waiters.
func (c *watchCache) deliver(from, to uint64) {
	for _, e := range c.res.after(from) {
		if e.revision > to {
			break
		}
		c.send(e)
	}
	c.wake()
}

func (c *watchCache) send(e *event) {
	// A watcher may end while it is sent to, but none is added.
	for _, w := range slices.Clone(c.watchers) {
		w.event(e)
	}
}

func (c *watchCache) wake() {
	if len(c.waiters) == 0 {
		return
	}
	now := c.revision()
	var ready []*waiter
	c.waiters = slices.DeleteFunc(c.waiters, func(w *waiter) bool {
		if w.revision <= now {
			ready = append(ready, w)
			return true
		}
		return false
	})
	c.server.waiting -= len(ready)
	for _, w := range ready {
		w.ready()
	}
}

// distribute tells the caches of a commit: those of its resource the event,
// the lagging ones of all resources that time goes on.
func (s *Server) distribute(res *resource, e *event) {
	for _, c := range res.caches {
		if s.config.WatchCacheSize > 0 && len(res.history) > s.config.WatchCacheSize {
			oldest := res.history[len(res.history)-s.config.WatchCacheSize]
			c.since = max(c.since, oldest.revision-1)
		}
		if c.lag == 0 {
			c.send(e)
		}
	}
	for _, c := range s.lagging {
		c.followTo(e.revision)
	}
	s.wakeWaiting()
}

// wakeWaiting wakes the reads that wait at caches without lag: a commit to any
// resource brings those forward.
func (s *Server) wakeWaiting() {
	if s.waiting == 0 {
		return
	}
	for _, r := range s.sorted {
		for _, c := range r.caches {
			if c.lag == 0 {
				c.wake()
			}
		}
	}
}

// ForgetWatchHistory makes a replica's watch cache of a resource forget all
// events up to now, as when that API server restarts or its cache overflows: a
// watch that resumes from before answers 410. The zero resource means all.
func (s *Server) ForgetWatchHistory(replica int, gr schema.GroupResource) {
	for _, res := range s.sorted {
		if gr != (schema.GroupResource{}) && res.gr != gr {
			continue
		}
		if replica >= 0 && replica < len(res.caches) {
			res.caches[replica].since = res.caches[replica].revision()
		}
	}
}

// whenFresh calls f when the cache has reached a revision, or late with what
// the revision is after freshWait. The returned function gives the wait up.
func (c *watchCache) whenFresh(revision uint64, f func(), late func(current uint64)) (cancel func()) {
	if revision <= c.revision() {
		f()
		return nil
	}
	var stop func()
	w := &waiter{revision: revision}
	leave := func() {
		before := len(c.waiters)
		c.waiters = slices.DeleteFunc(c.waiters, func(o *waiter) bool { return o == w })
		c.server.waiting -= before - len(c.waiters)
	}
	w.ready = func() {
		stop()
		f()
	}
	stop = c.server.config.Clock.AfterFunc(freshWait, func() {
		leave()
		late(c.revision())
	})
	c.waiters = append(c.waiters, w)
	c.server.waiting++
	return func() {
		stop()
		leave()
	}
}
