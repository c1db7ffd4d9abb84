package controller

import (
	"sync"
	"time"
)

// trouble counts attempts that failed in a row, by key, and remembers what was
// said about a key, so as not to say it again.
type trouble struct {
	mutex    sync.Mutex
	failures map[key]int
	said     map[key]string
}

func newTrouble() *trouble {
	return &trouble{failures: map[key]int{}, said: map[key]string{}}
}

// fail counts one more failure and returns how many there were in a row.
func (t *trouble) fail(k key) int {
	t.mutex.Lock()
	defer t.mutex.Unlock()

	t.failures[k]++

	return t.failures[k]
}

// forget ends the row of failures.
func (t *trouble) forget(k key) {
	t.mutex.Lock()
	defer t.mutex.Unlock()

	delete(t.failures, k)
}

// first reports whether what is to be said about k differs from what was said
// last. An empty string is never news, and forgets what was said.
func (t *trouble) first(k key, what string) bool {
	t.mutex.Lock()
	defer t.mutex.Unlock()

	if what == "" {
		delete(t.said, k)

		return false
	}

	news := t.said[k] != what
	t.said[k] = what

	return news
}

// started remembers since when a GlobalIngressIP has been waiting for its
// address.
type started struct {
	mutex sync.Mutex
	since map[key]time.Time
}

func newStarted() *started { return &started{since: map[key]time.Time{}} }

func (s *started) begin(k key) {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	if _, ok := s.since[k]; !ok {
		s.since[k] = time.Now()
	}
}

func (s *started) forget(k key) {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	delete(s.since, k)
}

// end returns how long it took, or false if nobody saw it begin.
func (s *started) end(k key) (time.Duration, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	since, ok := s.since[k]
	delete(s.since, k)

	return time.Since(since), ok
}

// interval keeps something from being done too often. Its zero value is due.
type interval struct {
	mutex sync.Mutex
	last  time.Time
}

// due reports whether at least d has passed since it last said so.
func (i *interval) due(d time.Duration) bool {
	i.mutex.Lock()
	defer i.mutex.Unlock()

	if !i.last.IsZero() && time.Since(i.last) < d {
		return false
	}

	i.last = time.Now()

	return true
}
