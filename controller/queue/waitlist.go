package queue

import "sync"

// Waitlist is the line of keys that cannot go on until something becomes
// available: an address, or the end of adoption. First come, first woken.
//
// Waking is a kindness, not a promise: a key in line also retries on its own,
// so that a lost wake-up delays it by the longest back-off at most.
type Waitlist struct {
	mutex sync.Mutex
	line  []Key
	in    map[Key]bool
	queue Interface
}

// NewWaitlist returns an empty line, attached to no queue.
func NewWaitlist() *Waitlist { return &Waitlist{in: map[Key]bool{}} }

// Attach says which queue woken keys go to.
func (w *Waitlist) Attach(q Interface) {
	w.mutex.Lock()
	defer w.mutex.Unlock()

	w.queue = q
}

// Join puts k at the end of the line, unless it stands in it.
func (w *Waitlist) Join(k Key) {
	w.mutex.Lock()
	defer w.mutex.Unlock()

	if !w.in[k] {
		w.in[k] = true
		w.line = append(w.line, k)
	}
}

// Leave takes k out of the line.
func (w *Waitlist) Leave(k Key) {
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

// Enqueue puts keys into the queue, in this order.
func (w *Waitlist) Enqueue(keys []Key) {
	w.mutex.Lock()
	defer w.mutex.Unlock()

	for _, k := range keys {
		if w.queue != nil {
			w.queue.AddAfter(k, settle)
		}
	}
}

// Wake lets the first n keys go; a negative n means all.
func (w *Waitlist) Wake(n int) {
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

// Count is how many stand in line.
func (w *Waitlist) Count() int {
	w.mutex.Lock()
	defer w.mutex.Unlock()

	return len(w.line)
}
