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

// watchStream is an open watch. A goroutine reads it; changed is closed and
// replaced whenever something came.
type watchStream struct {
	mu      sync.Mutex
	changed chan struct{}
	events  []any
	closed  bool
	read    int // how many events earlier steps have taken
}

func (w *watchStream) add(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, event)
	w.signal()
}

func (w *watchStream) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.signal()
}

func (w *watchStream) signal() {
	close(w.changed)
	w.changed = make(chan struct{})
}

func (w *watchStream) state() (unread int, closed bool, changed <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.events) - w.read, w.closed, w.changed
}

func (w *watchStream) take() (events []any, closed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	events = append(events, w.events[w.read:]...)
	w.read = len(w.events)
	return events, w.closed
}

func (r *run) watchStart(s *Step) (*Response, error) {
	resp, err := r.open(r.ctx, r.wire(s.Request))
	if err != nil {
		return nil, err
	}
	w := &watchStream{changed: make(chan struct{})}
	r.watches[s.Watch] = w
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return nil, err
		}
		w.closed = true
		return r.response(s, resp.StatusCode, resp.Header, body), nil
	}
	go w.follow(r.ctx, resp)
	return &Response{Status: resp.StatusCode, Headers: r.headers(resp.Header)}, nil
}

// follow reads until the server or the context ends the stream. Frames that
// are not JSON are not decoded: that there were some is one event.
func (w *watchStream) follow(ctx context.Context, resp *http.Response) {
	stop := context.AfterFunc(ctx, func() { resp.Body.Close() })
	defer stop()
	defer resp.Body.Close()
	defer w.end()
	if strings.Contains(resp.Header.Get("Content-Type"), "json") {
		d := json.NewDecoder(bufio.NewReader(resp.Body))
		d.UseNumber()
		for {
			var v any
			if d.Decode(&v) != nil {
				return
			}
			w.add(v)
		}
	}
	buf, some := make([]byte, 1<<16), false
	for {
		n, err := resp.Body.Read(buf)
		if n > 0 && !some {
			w.add(map[string]any{"type": "<binary frame(s)>"})
			some = true
		}
		if err != nil {
			return
		}
	}
}

const settleTime = 150 * time.Millisecond

// await returns when the events the step names have come and nothing follows
// them, when the stream ended, or when the time is up.
func (r *run) await(w *watchStream, s *Step) {
	if r.target.Settle != nil {
		r.target.Settle()
		return
	}
	settle := r.target.SettleTime
	if settle == 0 {
		settle = settleTime
	}
	timeout := time.NewTimer(milliseconds(s.TimeoutMs, 3000))
	defer timeout.Stop()
	for {
		unread, closed, changed := w.state()
		if closed {
			return
		}
		var silent <-chan time.Time
		if !s.WaitClose && s.Events > 0 && unread >= s.Events {
			silent = time.After(settle)
		}
		select {
		case <-changed:
		case <-silent:
			return
		case <-timeout.C:
			return
		}
	}
}

func (r *run) watchRead(s *Step) (*Response, error) {
	w := r.watches[s.Watch]
	if w == nil {
		return nil, fmt.Errorf("no watch %q", s.Watch)
	}
	r.await(w, s)
	events, closed := w.take()
	out := &Response{Closed: closed}
	if len(events) > 0 {
		r.answers[s.ID] = events
	}
	keep := keeps(s)
	for _, e := range events {
		if v, ok := r.event(s, e, keep); ok {
			// A real server may repeat a bookmark; one is enough.
			if n := len(out.Events); isBookmark(e) && n > 0 && compact(out.Events[n-1]) == compact(v) {
				continue
			}
			out.Events = append(out.Events, v)
		}
	}
	for _, u := range s.Unordered {
		if u == "$events" {
			sortByJSON(out.Events)
		}
	}
	return out, nil
}

// event normalises one watch event. Periodic bookmarks come when the server
// likes, so they are dropped unless the step is about them.
func (r *run) event(s *Step, e any, keep map[string]bool) (any, bool) {
	r.norm.learnNames(e)
	var out any
	if m, ok := e.(map[string]any); ok {
		event := map[string]any{"type": m["type"]}
		if m["object"] != nil {
			event["object"] = r.norm.value(m["object"], keep, isBookmark(e))
		}
		out = event
	}
	if len(s.Only) > 0 {
		out = pick(out, s.Only)
	}
	if isBookmark(e) && !keep["bookmarks"] && !strings.Contains(compact(out), "k8s.io/initial-events-end") {
		return nil, false
	}
	return out, true
}

func isBookmark(event any) bool {
	m, ok := event.(map[string]any)
	return ok && m["type"] == "BOOKMARK"
}
