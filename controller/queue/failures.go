package queue

import "sync"

// Failures counts attempts that failed in a row, by key, and remembers what was
// said about a key, so as not to say it again.
type Failures struct {
	mutex    sync.Mutex
	failures map[Key]int
	said     map[Key]string
}

// NewFailures returns one in which nothing has failed.
func NewFailures() *Failures {
	return &Failures{failures: map[Key]int{}, said: map[Key]string{}}
}

// Fail counts one more failure and returns how many there were in a row.
func (t *Failures) Fail(k Key) int {
	t.mutex.Lock()
	defer t.mutex.Unlock()

	t.failures[k]++

	return t.failures[k]
}

// Forget ends the row of failures.
func (t *Failures) Forget(k Key) {
	t.mutex.Lock()
	defer t.mutex.Unlock()

	delete(t.failures, k)
}

// First reports whether what is to be said about k differs from what was said
// last. An empty string is never news, and forgets what was said.
func (t *Failures) First(k Key, what string) bool {
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
