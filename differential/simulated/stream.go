package simulated

import (
	"io"
	"sync"
)

// stream is the body of a watch: what the server sends, until a reader takes
// it. It knows when its reader waits for more.
type stream struct {
	mu      sync.Mutex
	change  *sync.Cond
	buffer  []byte
	ended   bool
	waiting bool
	closed  bool
	cancel  func()
}

func newStream() *stream {
	s := &stream{}
	s.change = sync.NewCond(&s.mu)
	return s
}

func (s *stream) write(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buffer = append(s.buffer, b...)
	s.change.Broadcast()
}

func (s *stream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.change.Broadcast()
}

// Read blocks until there is something to read or the stream has ended.
func (s *stream) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.buffer) == 0 {
		if s.ended {
			return 0, io.EOF
		}
		s.waiting = true
		s.change.Broadcast()
		s.change.Wait()
	}
	s.waiting = false
	n := copy(p, s.buffer)
	s.buffer = s.buffer[n:]
	return n, nil
}

// Close is the client going away, or having seen the end.
func (s *stream) Close() error {
	s.mu.Lock()
	s.ended, s.closed = true, true
	s.change.Broadcast()
	s.mu.Unlock()
	if s.cancel != nil {
		s.cancel()
	}
	return nil
}

// drained returns when the reader has taken everything and asks for more, or
// has closed the stream: a reader that was told of the end does so last.
func (s *stream) drained() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.closed && (s.ended || !s.waiting || len(s.buffer) > 0) {
		s.change.Wait()
	}
}
