package loopback

import (
	"net/http"
	"sync"

	"github.com/seatrial/seatrial/sim/apiserver"
)

// answer takes what the server writes, which must never wait, and keeps it for
// the goroutine that serves the client.
type answer struct {
	mu     sync.Mutex
	code   int
	header http.Header
	body   []byte
	stream bool
	ready  bool
	frames [][]byte
	closed bool
	// changed holds a token when there is something new.
	changed chan struct{}
}

func newAnswer() *answer { return &answer{changed: make(chan struct{}, 1)} }

// Respond implements apiserver.ResponseWriter.
func (a *answer) Respond(code int, header http.Header, body []byte, stream bool) {
	a.mu.Lock()
	a.code, a.header, a.body, a.stream, a.ready = code, header, body, stream, true
	a.mu.Unlock()
	a.signal()
}

// Send implements apiserver.ResponseWriter.
func (a *answer) Send(f apiserver.Frame) {
	a.mu.Lock()
	a.frames = append(a.frames, f.Data)
	a.mu.Unlock()
	a.signal()
}

// Close implements apiserver.ResponseWriter.
func (a *answer) Close() {
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.signal()
}

func (a *answer) signal() {
	select {
	case a.changed <- struct{}{}:
	default:
	}
}

// responded waits for the head of the answer; false: the client left first.
func (a *answer) responded(gone <-chan struct{}) bool {
	for {
		a.mu.Lock()
		ready := a.ready
		a.mu.Unlock()
		if ready {
			return true
		}
		select {
		case <-a.changed:
		case <-gone:
			return false
		}
	}
}

// next waits for frames; none and false mean that the stream has ended.
func (a *answer) next(gone <-chan struct{}) (frames [][]byte, more bool) {
	for {
		a.mu.Lock()
		frames, a.frames = a.frames, nil
		closed := a.closed
		a.mu.Unlock()
		if len(frames) > 0 {
			return frames, true
		}
		if closed {
			return nil, false
		}
		select {
		case <-a.changed:
		case <-gone:
			return nil, false
		}
	}
}
