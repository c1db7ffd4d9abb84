package queue

import (
	"sync"
	"time"
)

// Started remembers since when a GlobalIngressIP has been waiting for its
// address.
type Started struct {
	mutex sync.Mutex
	since map[Key]time.Time
}

// NewStarted returns one that has seen nothing begin.
func NewStarted() *Started { return &Started{since: map[Key]time.Time{}} }

// Begin notes the time, unless k waits already.
func (s *Started) Begin(k Key) {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	if _, ok := s.since[k]; !ok {
		s.since[k] = time.Now()
	}
}

// Forget is for what is waited for no longer.
func (s *Started) Forget(k Key) {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	delete(s.since, k)
}

// End returns how long it took, or false if nobody saw it begin.
func (s *Started) End(k Key) (time.Duration, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	since, ok := s.since[k]
	delete(s.since, k)

	return time.Since(since), ok
}

// Interval keeps something from being done too often. Its zero value is due.
type Interval struct {
	mutex sync.Mutex
	last  time.Time
}

// Due reports whether at least d has passed since it last said so.
func (i *Interval) Due(d time.Duration) bool {
	i.mutex.Lock()
	defer i.mutex.Unlock()

	if !i.last.IsZero() && time.Since(i.last) < d {
		return false
	}

	i.last = time.Now()

	return true
}
