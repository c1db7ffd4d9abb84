package controller

import "sync"

// inFlight counts what is being reconciled. A manager that has lost its
// leadership ends while its workers are still at it, and while its queue still
// hands out keys.
type inFlight struct {
	mutex  sync.Mutex
	ending bool
	group  sync.WaitGroup
}

// begin reports whether anything new may be begun; if so, end must be called.
func (f *inFlight) begin() bool {
	f.mutex.Lock()
	defer f.mutex.Unlock()

	if !f.ending {
		f.group.Add(1)
	}

	return !f.ending
}

func (f *inFlight) end() { f.group.Done() }

// drain lets nothing new begin, and returns when nothing is left.
func (f *inFlight) drain() {
	f.mutex.Lock()
	f.ending = true
	f.mutex.Unlock()

	f.group.Wait()
}
