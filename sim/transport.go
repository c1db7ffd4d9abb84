package sim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// errProcessGone is what the goroutines of a killed process get for every
// request: nothing they send reaches a server any more.
var errProcessGone = errors.New("sim: the process that sends this request has been killed")

// transport is the http.RoundTripper of one incarnation of a process.
type transport struct {
	world   *world
	process *incarnation
}

// RoundTrip hands the request to the scheduler and waits for the answer, the
// end of the request's context or the death of the process.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	if t.process.dead() {
		// A pause, so that a loop that retries without one cannot spin for
		// ever at one instant of virtual time.
		select {
		case <-time.After(time.Second):
		case <-r.Context().Done():
		}
		return nil, errProcessGone
	}
	server := t.world.servers[r.URL.Hostname()]
	info := requestInfo{}
	if server != nil {
		info = server.infoFor(r)
	} else {
		info = parseRequest(r, body)
	}
	c := &call{
		request: r, body: body, info: info, identity: info.identity(), process: t.process, server: server,
		reply: make(chan reply, 1), world: t.world,
	}
	if server == nil && info.asksWhatThereIs() && !t.process.asksTooOften(t.world.now()) {
		return t.world.discover(c)
	}
	t.world.pending.put(item{
		kind: callSent,
		key:  t.process.identity + " " + c.identity,
		tie:  c.tie(),
		act:  func() { t.world.send(c) },
	})
	select {
	case answer := <-c.reply:
		if answer.err != nil {
			return nil, answer.err
		}
		return answer.response, nil
	case <-r.Context().Done():
		c.giveUp()
		return nil, context.Cause(r.Context())
	case <-t.process.killed:
		return nil, errProcessGone
	}
}

// tie tells calls of one identity apart that are made in one instant.
func (c *call) tie() string {
	tie := c.info.selection + "\x00" + string(c.body)
	if place := orderOf(c.request.Context()); place > 0 {
		tie += fmt.Sprintf("\x00%08d", place)
	}
	return tie
}

func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the body of %s %s: %w", r.Method, r.URL.Path, err)
	}
	return body, nil
}

type reply struct {
	response *http.Response
	err      error
}

// giveUp tells the world that the caller no longer waits.
func (c *call) giveUp() {
	c.world.pending.put(item{
		kind: callCancelled,
		key:  c.process.identity + " " + c.identity,
		tie:  c.tie(),
		act:  func() { c.world.cancel(c) },
	})
}

func newResponse(r *http.Request, code int, header http.Header, body io.ReadCloser, length int64) *http.Response {
	return &http.Response{
		Status: strconv.Itoa(code) + " " + http.StatusText(code), StatusCode: code,
		Proto: "HTTP/2.0", ProtoMajor: 2, Header: header.Clone(),
		Body: body, ContentLength: length, Request: r,
	}
}

func plainBody(body []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(body)) }

// streamBody is the body of a watch. The scheduler appends frames; the client reads.
type streamBody struct {
	call *call

	mu     sync.Mutex
	buffer []byte
	end    error         // what Read returns once buffer is empty; nil while open
	more   chan struct{} // of the bubble; holds one token when something changed
	closed bool          // by the reader
}

func newStreamBody(c *call) *streamBody {
	return &streamBody{call: c, more: make(chan struct{}, 1)}
}

func (b *streamBody) push(data []byte) {
	b.mu.Lock()
	b.buffer = append(b.buffer, data...)
	b.mu.Unlock()
	b.signal()
}

func (b *streamBody) finish(err error) {
	b.mu.Lock()
	if b.end == nil {
		b.end = err
	}
	b.mu.Unlock()
	b.signal()
}

func (b *streamBody) signal() {
	select {
	case b.more <- struct{}{}:
	default:
	}
}

// Read blocks until a frame, the end of the stream, the end of the request's
// context or the death of the process.
func (b *streamBody) Read(p []byte) (int, error) {
	ctx := b.call.request.Context()
	for {
		b.mu.Lock()
		if len(b.buffer) > 0 {
			n := copy(p, b.buffer)
			b.buffer = b.buffer[n:]
			b.mu.Unlock()
			return n, nil
		}
		end := b.end
		b.mu.Unlock()
		if end != nil {
			return 0, end
		}
		select {
		case <-b.more:
		case <-ctx.Done():
			b.finish(context.Cause(ctx))
			b.Close()
		case <-b.call.process.killed:
			b.finish(errProcessGone)
		}
	}
}

// Close tells the server that the client stopped watching.
func (b *streamBody) Close() error {
	b.mu.Lock()
	again := b.closed
	b.closed = true
	if b.end == nil {
		b.end = http.ErrBodyReadAfterClose
	}
	b.mu.Unlock()
	if !again {
		b.call.giveUp()
		b.signal()
	}
	return nil
}
