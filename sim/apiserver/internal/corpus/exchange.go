package corpus

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strings"
)

// recordedHeaders are compared by value; recordedPresence only by being there.
var (
	recordedHeaders  = []string{"Content-Type", "Cache-Control", "Retry-After", "Allow", "Warning", "Vary", "Location", "Www-Authenticate"}
	recordedPresence = []string{"Audit-Id", "X-Kubernetes-Pf-Flowschema-Uid"}
)

// maxText is how much of an answer that is not JSON is kept.
const maxText = 4000

// prepared is a request with its variables replaced.
type prepared struct {
	method, path string
	headers      map[string]string
	body         []byte
}

// answer is a response as it came.
type answer struct {
	status int
	header http.Header
	body   []byte
	err    error
}

func (r *runner) prepare(q *Request) (prepared, error) {
	p := prepared{method: q.Method, headers: map[string]string{}}
	var err error
	if p.path, err = r.expand(q.Path); err != nil {
		return p, err
	}
	for k, v := range q.Headers {
		p.headers[k] = v
	}
	text := q.BodyRaw
	if text == "" {
		text = string(q.Body)
	}
	if text, err = r.expand(text); err != nil {
		return p, err
	}
	if text != "" {
		p.body = []byte(text)
		var compact bytes.Buffer
		if q.BodyRaw == "" && json.Compact(&compact, p.body) == nil {
			p.body = compact.Bytes()
		}
	}
	switch {
	case p.headers["Content-Type"] == "-":
		delete(p.headers, "Content-Type")
	case p.body != nil && p.headers["Content-Type"] == "":
		p.headers["Content-Type"] = "application/json"
	}
	return p, nil
}

func (r *runner) send(ctx context.Context, p prepared) (*http.Response, error) {
	var body io.Reader
	if p.body != nil {
		body = bytes.NewReader(p.body)
	}
	req, err := http.NewRequestWithContext(ctx, p.method, r.target.Base+p.path, body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "corpus/v1")
	for k, v := range r.target.Headers {
		req.Header.Set(k, v)
	}
	for k, v := range p.headers {
		if v == "-" {
			req.Header.Del(k)
			continue
		}
		req.Header.Set(k, v)
	}
	return r.target.RT.RoundTrip(req)
}

func (r *runner) do(p prepared) answer {
	resp, err := r.send(r.ctx, p)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return answer{status: resp.StatusCode, header: resp.Header, body: b, err: err}
}

// response normalises an answer.
func (r *runner) response(s *Step, a answer) (*Response, error) {
	if a.err != nil {
		return nil, a.err
	}
	r.norm.exact = s.Request != nil && strings.Contains(s.Request.Path, "resourceVersionMatch=Exact")
	defer func() { r.norm.exact = false }()
	out := &Response{Status: a.status, Headers: r.headers(a.header)}
	contentType := a.header.Get("Content-Type")
	if strings.Contains(contentType, "json") {
		if v, err := decode(a.body); err == nil {
			r.raw[s.ID] = v
			r.norm.scan(v)
			out.Body = r.norm.value(v, keepSet(s.Keep), false)
			if len(s.Only) > 0 {
				out.Body = pick(out.Body, s.Only)
			}
			sortUnordered(out.Body, s.Unordered)
			return out, nil
		}
	}
	out.Text = r.text(s, contentType, a.body)
	return out, nil
}

func (r *runner) text(s *Step, contentType string, body []byte) string {
	switch {
	case len(body) == 0:
		return ""
	case strings.Contains(contentType, "protobuf") && bytes.HasPrefix(body, []byte("k8s\x00")):
		return "<protobuf with k8s magic>"
	case strings.Contains(contentType, "protobuf"):
		return "<protobuf without magic>"
	case len(s.Only) > 0:
		return "<text>"
	}
	text := r.norm.str(string(body))
	if len(text) > maxText {
		text = text[:maxText] + "..."
	}
	return text
}

func (r *runner) headers(h http.Header) map[string]string {
	out := map[string]string{}
	for _, k := range recordedHeaders {
		if v := h.Values(k); len(v) > 0 {
			out[k] = r.norm.str(strings.Join(v, " | "))
		}
	}
	for _, k := range recordedPresence {
		if h.Get(k) != "" {
			out[k] = "<present>"
		}
	}
	return out
}

func decode(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return v, nil
}

func keepSet(names []string) map[string]bool {
	keep := map[string]bool{}
	for _, k := range names {
		keep[k] = true
	}
	return keep
}

func sortUnordered(v any, paths []string) {
	for _, p := range paths {
		if p == unorderedEvents {
			continue
		}
		if arr, ok := lookup(v, splitPath(p)).([]any); ok {
			sortByJSON(arr)
		}
	}
}

func sortByJSON(list []any) {
	sort.SliceStable(list, func(i, j int) bool { return asJSON(list[i]) < asJSON(list[j]) })
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v) // decoded JSON can always be encoded again
	}
	return string(b)
}
