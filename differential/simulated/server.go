package simulated

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/seatrial/seatrial/sim/apiserver"
	"github.com/seatrial/seatrial/sim/apiserver/kinds"
	"github.com/seatrial/seatrial/sim/apiserver/kinds/registry"
)

// Server is one simulated API server, as a round tripper. Requests may come
// from several goroutines; they are served one at a time.
type Server struct {
	mu      sync.Mutex
	clock   *clock
	server  *apiserver.Server
	streams []*stream
	count   uint64
}

// start is any fixed time: nothing that is compared depends on it.
var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// New makes an empty server that presents itself as the real one does: watch
// caches and WatchList on, managedFields shown.
func New(seed uint64) (*Server, error) {
	c := &clock{now: start}
	s, err := apiserver.New(apiserver.Config{
		Clock:              c,
		Seed:               seed,
		Kinds:              registry.New(kinds.Options{}),
		WatchList:          true,
		ManagedFields:      true,
		ServiceIPAddresses: true,
	})
	if err != nil {
		return nil, fmt.Errorf("simulated server: %w", err)
	}
	return &Server{clock: c, server: s}, nil
}

// perRequest is how far time moves with every request, so that things do not
// all happen in one instant.
const perRequest = 3 * time.Millisecond

var errNoAnswer = errors.New("simulated server: no answer, and no timer left that could bring one")

// RoundTrip serves one request. An answer that the server gives later is
// waited for by moving the clock.
func (s *Server) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	if err := s.elapse(perRequest); err != nil {
		return nil, err
	}
	a := &answer{}
	cancel := s.server.Handle(0, &apiserver.Request{
		ID:     s.count,
		User:   "admin",
		Method: r.Method,
		URL:    r.URL,
		Header: r.Header,
		Body:   body,
	}, a)
	for a.response == nil {
		if !s.clock.advance() {
			return nil, errNoAnswer
		}
	}
	a.response.Request = r
	if a.stream != nil {
		a.stream.cancel = func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			cancel()
		}
		s.streams = append(s.streams, a.stream)
	}
	return a.response, nil
}

// elapse moves time on and runs what falls due.
func (s *Server) elapse(d time.Duration) error {
	done := false
	s.clock.AfterFunc(d, func() { done = true })
	for !done {
		if !s.clock.advance() {
			return errNoAnswer
		}
	}
	return nil
}

// Sleep moves the clock.
func (s *Server) Sleep(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// The timer set for d itself is always there to run.
	if err := s.elapse(d); err != nil {
		panic(err)
	}
}

// Settle waits until every reader of a stream has taken all there is.
func (s *Server) Settle() {
	s.mu.Lock()
	streams := s.streams
	s.mu.Unlock()
	for _, st := range streams {
		st.drained()
	}
}

// answer receives what the server says to one request.
type answer struct {
	response *http.Response
	stream   *stream
}

func (a *answer) Respond(code int, header http.Header, body []byte, streams bool) {
	a.response = &http.Response{
		Status:        fmt.Sprintf("%d %s", code, http.StatusText(code)),
		StatusCode:    code,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        header,
		ContentLength: int64(len(body)),
		Body:          io.NopCloser(bytes.NewReader(body)),
	}
	if streams {
		a.stream = newStream()
		a.response.ContentLength = -1
		a.response.Body = a.stream
	}
}

func (a *answer) Send(f apiserver.Frame) { a.stream.write(f.Data) }

func (a *answer) Close() { a.stream.end() }
