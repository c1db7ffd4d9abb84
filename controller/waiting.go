package controller

import "sync"

// waiting is the line of keys that cannot go on until something becomes
// available: an address, or the end of adoption. First come, first woken.
//
// Waking is a kindness, not a promise: a key in line also retries on its own,
// so that a lost wake-up delays it by the longest back-off at most.
type waiting struct {
	mutex sync.Mutex
	line  []key
	in    map[key]bool
	queue queue
}

func newWaiting() *waiting { return &waiting{in: map[key]bool{}} }

// attach says which queue woken keys go to.
func (w *waiting) attach(q queue) {
	w.mutex.Lock()
	defer w.mutex.Unlock()

	w.queue = q
}

// join puts k at the end of the line, unless it stands in it.
func (w *waiting) join(k key) {
	w.mutex.Lock()
	defer w.mutex.Unlock()

	if !w.in[k] {
		w.in[k] = true
		w.line = append(w.line, k)
	}
}

// leave takes k out of the line.
func (w *waiting) leave(k key) {
	w.mutex.Lock()
	defer w.mutex.Unlock()

	if !w.in[k] {
		return
	}

	delete(w.in, k)

	for i := range w.line {
		if w.line[i] == k {
			w.line = append(w.line[:i], w.line[i+1:]...)

			return
		}
	}
}

// enqueue puts keys into the queue, in this order.
func (w *waiting) enqueue(keys []key) {
	w.mutex.Lock()
	defer w.mutex.Unlock()

	for _, k := range keys {
		if w.queue != nil {
			w.queue.AddAfter(k, settle)
		}
	}
}

// wake lets the first n keys go; a negative n means all.
func (w *waiting) wake(n int) {
	w.mutex.Lock()
	defer w.mutex.Unlock()

	if n < 0 || n > len(w.line) {
		n = len(w.line)
	}

	for _, k := range w.line[:n] {
		delete(w.in, k)

		if w.queue != nil {
			w.queue.AddAfter(k, settle)
		}
	}

	w.line = w.line[n:]
}

func (w *waiting) count() int {
	w.mutex.Lock()
	defer w.mutex.Unlock()

	return len(w.line)
}
