package corpus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Target is a server to which cases are sent.
type Target struct {
	Transport http.RoundTripper
	Base      string            // https://127.0.0.1:6443
	Headers   map[string]string // sent with every request that does not set them; may name another User-Agent
	// Settle waits until everything that the answers so far have caused has
	// reached the open watches. nil: the server is a real one, whose watches
	// are waited for with the step's Events and then SettleTime.
	Settle func()
	// Sleep lets time pass; nil means time.Sleep.
	Sleep func(time.Duration)
	// SettleTime is how long a watch must stay silent after the last event
	// expected of it; 0 means 150 ms.
	SettleTime time.Duration
	// Steady: the cases were written so that nothing in their answers is chance.
	// Otherwise the order of managedFields, which of several merge errors a
	// message tells, and the managedFields quoted in one, are not looked at.
	Steady bool
	// Compact discards all history before now. nil: such steps fail.
	Compact func(ctx context.Context) error
	// Sent is called for every request, when not nil.
	Sent func()
}

// userAgent is the one that Go's client sends over HTTP/2. It names the field
// manager where a request does not, so every server must be told the same.
const userAgent = "Go-http-client/2.0"

// run is one execution of one case.
type run struct {
	ctx        context.Context
	target     *Target
	namespace  string
	norm       *normaliser
	answers    map[string]any // decoded body by step
	watches    map[string]*watchStream
	background map[string]chan answer // by step
}

// Run executes the case in the given namespace, which it creates, and returns
// the normalised answer to every step. The error is the connection's or the
// case's own; what a server answers is never an error.
func Run(ctx context.Context, t *Target, c *Case, namespace string) ([]*Response, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &run{
		ctx:        ctx,
		target:     t,
		namespace:  namespace,
		norm:       newNormaliser(namespace, t.Steady),
		answers:    map[string]any{},
		watches:    map[string]*watchStream{},
		background: map[string]chan answer{},
	}
	if !c.NoNamespace {
		if err := r.createNamespace(); err != nil {
			return nil, err
		}
	}
	out := make([]*Response, 0, len(c.Steps))
	for _, s := range c.Steps {
		answer, err := r.step(s)
		if err != nil {
			return out, fmt.Errorf("case %s, step %s: %w", c.Name, s.ID, err)
		}
		out = append(out, answer)
	}
	return out, nil
}

func (r *run) createNamespace() error {
	body := fmt.Sprintf(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":%q}}`, r.namespace)
	code, _, answer, err := r.send(wire{
		method:  http.MethodPost,
		path:    "/api/v1/namespaces",
		headers: map[string]string{"Content-Type": "application/json"},
		body:    []byte(body),
	})
	if err != nil {
		return fmt.Errorf("creating namespace %s: %w", r.namespace, err)
	}
	if code != http.StatusCreated {
		return fmt.Errorf("creating namespace %s: %d %s", r.namespace, code, answer)
	}
	return nil
}

func (r *run) step(s *Step) (*Response, error) {
	switch s.Op {
	case OpSend:
		return r.sendStep(s)
	case OpPoll:
		return r.poll(s)
	case OpWatchStart:
		return r.watchStart(s)
	case OpWatchRead:
		return r.watchRead(s)
	case OpSleep:
		r.sleep(milliseconds(s.TimeoutMs, 100))
		return &Response{}, nil
	case OpBackground:
		r.startBackground(s)
		return &Response{}, nil
	case OpBackgroundWait:
		return r.awaitBackground(s)
	case OpCompact:
		if r.target.Compact == nil {
			return nil, errors.New("the target cannot compact")
		}
		return &Response{}, r.target.Compact(r.ctx)
	}
	return nil, fmt.Errorf("unknown op %q", s.Op)
}

// Broken is the text of an answer that never came: the server gave up on the
// request, as a real one does when its handler panics.
const Broken = "<the server broke off>"

func (r *run) sendStep(s *Step) (*Response, error) {
	w := r.wire(s.Request)
	r.norm.learnBase(w.body)
	code, header, body, err := r.send(w)
	if err != nil && strings.Contains(err.Error(), "INTERNAL_ERROR; received from peer") {
		return &Response{Text: Broken}, nil
	}
	if err != nil {
		return nil, err
	}
	return r.response(s, code, header, body), nil
}

const pollInterval = 50 * time.Millisecond

func (r *run) poll(s *Step) (*Response, error) {
	deadline := time.Now().Add(milliseconds(s.TimeoutMs, 30_000))
	for {
		code, header, body, err := r.send(r.wire(s.Request))
		if err != nil {
			return nil, err
		}
		done := code == s.PollStatus && strings.Contains(string(body), s.PollContains)
		if done || time.Now().After(deadline) {
			return r.response(s, code, header, body), nil
		}
		r.sleep(pollInterval)
	}
}

func (r *run) sleep(d time.Duration) {
	if r.target.Sleep != nil {
		r.target.Sleep(d)
		return
	}
	time.Sleep(d)
}

func milliseconds(n, otherwise int) time.Duration {
	if n == 0 {
		n = otherwise
	}
	return time.Duration(n) * time.Millisecond
}

func (r *run) open(ctx context.Context, w wire) (*http.Response, error) {
	var body io.Reader
	if w.body != nil {
		body = bytes.NewReader(w.body)
	}
	req, err := http.NewRequestWithContext(ctx, w.method, r.target.Base+w.path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", userAgent)
	for k, v := range r.target.Headers {
		req.Header.Set(k, v)
	}
	for k, v := range w.headers {
		if v == "-" {
			req.Header.Del(k)
			continue
		}
		req.Header.Set(k, v)
	}
	if r.target.Sent != nil {
		r.target.Sent()
	}
	return r.target.Transport.RoundTrip(req)
}

func (r *run) send(w wire) (int, http.Header, []byte, error) {
	resp, err := r.open(r.ctx, w)
	if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil, nil, err
	}
	return resp.StatusCode, resp.Header, b, nil
}

var recordedHeaders = []string{"Content-Type", "Cache-Control", "Retry-After", "Allow", "Warning", "Vary", "Location", "Www-Authenticate"}

// presentHeaders vary from answer to answer; that they are there is recorded.
var presentHeaders = []string{"Audit-Id", "X-Kubernetes-Pf-Flowschema-Uid"}

func (r *run) headers(h http.Header) map[string]string {
	out := map[string]string{}
	for _, k := range recordedHeaders {
		if v := h.Values(k); len(v) > 0 {
			out[k] = r.norm.text(strings.Join(v, " | "))
		}
	}
	for _, k := range presentHeaders {
		if h.Get(k) != "" {
			out[k] = "<present>"
		}
	}
	return out
}

func decodeBody(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return v, nil
}

// maxText is how much of a text answer is kept.
const maxText = 4000

func (r *run) response(s *Step, code int, header http.Header, body []byte) *Response {
	r.norm.exact = s.Request != nil && strings.Contains(s.Request.Path, "resourceVersionMatch=Exact")
	defer func() { r.norm.exact = false }()
	out := &Response{Status: code, Headers: r.headers(header)}
	contentType := header.Get("Content-Type")
	if strings.Contains(contentType, "json") {
		if v, err := decodeBody(body); err == nil {
			r.answers[s.ID] = v
			r.norm.learnNames(v)
			out.Body = r.norm.value(v, keeps(s), false)
			if len(s.Only) > 0 {
				out.Body = pick(out.Body, s.Only)
			}
			sortUnordered(out.Body, s.Unordered)
			return out
		}
	}
	switch {
	case len(body) == 0:
	case strings.Contains(contentType, "protobuf"):
		out.Text = "<protobuf without magic>"
		if bytes.HasPrefix(body, []byte("k8s\x00")) {
			out.Text = "<protobuf with k8s magic>"
		}
	case len(s.Only) > 0:
		out.Text = "<text>"
	default:
		out.Text = cut(r.norm.text(string(body)), maxText)
	}
	return out
}

func keeps(s *Step) map[string]bool {
	keep := map[string]bool{}
	for _, k := range s.Keep {
		keep[k] = true
	}
	return keep
}

func cut(s string, n int) string {
	if len(s) > n {
		return s[:n] + "..."
	}
	return s
}
