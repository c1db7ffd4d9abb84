package corpus

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// unorderedEvents stands for the events of a watch in Step.Unordered.
const unorderedEvents = "$events"

// settle is how long after the last awaited event a read looks for more that
// should not be there.
const settle = 150 * time.Millisecond

// watch collects what a stream sends until somebody reads it.
type watch struct {
	cancel context.CancelFunc

	mu      sync.Mutex
	events  []any
	read    int
	closed  bool
	changed chan struct{} // closed and replaced at every change
}

func (r *runner) startWatch(s *Step) (*Response, error) {
	p, err := r.prepare(s.Request)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(r.ctx)
	resp, err := r.send(ctx, p)
	if err != nil {
		cancel()
		return nil, err
	}
	w := &watch{cancel: cancel, changed: make(chan struct{})}
	r.watches[s.Watch] = w
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		w.closed = true
		b, err := io.ReadAll(resp.Body)
		return r.response(s, answer{status: resp.StatusCode, header: resp.Header, body: b, err: err})
	}
	if strings.Contains(resp.Header.Get("Content-Type"), "json") {
		go w.collectJSON(resp.Body)
	} else {
		go w.collectBinary(resp.Body)
	}
	return &Response{Status: resp.StatusCode, Headers: r.headers(resp.Header)}, nil
}

func (w *watch) collectJSON(body io.ReadCloser) {
	defer body.Close()
	d := json.NewDecoder(bufio.NewReader(body))
	d.UseNumber()
	for {
		var v any
		if d.Decode(&v) != nil {
			w.end()
			return
		}
		w.add(v)
	}
}

func (w *watch) collectBinary(body io.ReadCloser) {
	defer body.Close()
	buf := make([]byte, 1<<16)
	for {
		n, err := body.Read(buf)
		if n > 0 {
			w.add(map[string]any{"type": "<binary frame(s)>"})
		}
		if err != nil {
			w.end()
			return
		}
	}
}

func (w *watch) add(v any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, v)
	w.signal()
}

func (w *watch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.signal()
}

func (w *watch) signal() {
	close(w.changed)
	w.changed = make(chan struct{})
}

func (w *watch) state() (unread int, closed bool, changed <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.events) - w.read, w.closed, w.changed
}

func (w *watch) take() (events []any, closed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	events = append(events, w.events[w.read:]...)
	w.read = len(w.events)
	return events, w.closed
}

// wait returns when the step has what it asks for, or its time is over.
func (w *watch) wait(s *Step) {
	timeout := time.NewTimer(milliseconds(s.TimeoutMs, 3000))
	defer timeout.Stop()
	for {
		unread, closed, changed := w.state()
		if closed {
			return
		}
		if !s.WaitClose && s.Events > 0 && unread >= s.Events {
			select {
			case <-changed:
				continue
			case <-time.After(settle):
				return
			}
		}
		select {
		case <-changed:
		case <-timeout.C:
			return
		}
	}
}

func (r *runner) readWatch(s *Step) (*Response, error) {
	w := r.watches[s.Watch]
	if w == nil {
		return nil, fmt.Errorf("no watch %q", s.Watch)
	}
	w.wait(s)
	events, closed := w.take()
	out := &Response{Closed: closed}
	if len(events) > 0 {
		r.raw[s.ID] = events
	}
	for _, e := range events {
		r.norm.scan(e)
		r.addEvent(s, out, e)
	}
	for _, u := range s.Unordered {
		if u == unorderedEvents {
			sortByJSON(out.Events)
		}
	}
	return out, nil
}

// addEvent normalises one event. Periodic bookmarks come when the server
// likes: they are kept only where a case is about them, and one of several
// equal ones is enough.
func (r *runner) addEvent(s *Step, out *Response, e any) {
	keep := keepSet(s.Keep)
	m, isMap := e.(map[string]any)
	bookmark := isMap && m["type"] == "BOOKMARK"
	var normalised any
	if isMap {
		event := map[string]any{"type": m["type"]}
		if m["object"] != nil {
			event["object"] = r.norm.value(m["object"], keep, bookmark)
		}
		normalised = event
	}
	if len(s.Only) > 0 {
		normalised = pick(normalised, s.Only)
	}
	if bookmark && !keep["bookmarks"] && !strings.Contains(asJSON(normalised), "k8s.io/initial-events-end") {
		return
	}
	if n := len(out.Events); bookmark && n > 0 && asJSON(out.Events[n-1]) == asJSON(normalised) {
		return
	}
	out.Events = append(out.Events, normalised)
}
