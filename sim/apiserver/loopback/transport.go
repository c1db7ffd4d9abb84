package loopback

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/seatrial/seatrial/sim/apiserver"
)

// Transport is a round tripper to one replica, without a socket in between: for
// rest.Config.Transport. The host part of URLs does not matter.
func (h *Host) Transport(replica int) http.RoundTripper {
	return &transport{host: h, replica: replica}
}

type transport struct {
	host    *Host
	replica int
}

// RoundTrip implements http.RoundTripper. The error is the context's.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := readBody(req)
	if err != nil {
		return nil, err
	}
	a := newAnswer()
	leave := t.host.handle(t.replica, newRequest(req, body), a)
	if !a.responded(req.Context().Done()) {
		leave()
		return nil, context.Cause(req.Context())
	}
	resp := &http.Response{
		StatusCode: a.code,
		Status:     fmt.Sprintf("%d %s", a.code, http.StatusText(a.code)),
		Proto:      "HTTP/2.0",
		ProtoMajor: 2,
		Header:     a.header,
		Request:    req,
	}
	if !a.stream {
		resp.ContentLength = int64(len(a.body))
		resp.Body = io.NopCloser(bytes.NewReader(a.body))
		return resp, nil
	}
	resp.ContentLength = -1
	ctx, cancel := context.WithCancel(req.Context())
	resp.Body = &streamBody{answer: a, gone: ctx.Done(), leave: sync.OnceFunc(func() {
		cancel()
		leave()
	})}
	return resp, nil
}

func readBody(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	defer req.Body.Close()
	b, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, fmt.Errorf("read request body: %w", err)
	}
	return b, nil
}

func newRequest(req *http.Request, body []byte) *apiserver.Request {
	user, _, _ := strings.Cut(req.UserAgent(), "/")
	return &apiserver.Request{User: user, Method: req.Method, URL: req.URL, Header: req.Header, Body: body}
}

// streamBody reads the frames of a watch.
type streamBody struct {
	answer *answer
	gone   <-chan struct{}
	leave  func()
	rest   [][]byte
}

// Read implements io.Reader.
func (b *streamBody) Read(p []byte) (int, error) {
	if len(b.rest) == 0 {
		frames, more := b.answer.next(b.gone)
		if !more {
			b.leave()
			return 0, io.EOF
		}
		b.rest = frames
	}
	n := copy(p, b.rest[0])
	if b.rest[0] = b.rest[0][n:]; len(b.rest[0]) == 0 {
		b.rest = b.rest[1:]
	}
	return n, nil
}

// Close implements io.Closer: the client goes away.
func (b *streamBody) Close() error {
	b.leave()
	return nil
}
