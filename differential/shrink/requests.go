package shrink

import (
	"bytes"
	"encoding/json"
	"sort"
	"strings"

	"github.com/seatrial/seatrial/sim/apiserver/corpus"
)

// Requests drops query parameters, headers and parts of bodies that the
// failure does not need. It stops after budget candidates.
func Requests(c *corpus.Case, budget int, fails Fails) *corpus.Case {
	for i := len(c.Steps) - 1; i >= 0; i-- {
		for again := c.Steps[i].Request != nil; again; {
			again = false
			for _, simpler := range simplifications(c.Steps[i].Request) {
				if budget == 0 {
					return c
				}
				budget--
				candidate := with(c, i, simpler)
				if fails(candidate) {
					c, again = candidate, true
					break
				}
			}
		}
	}
	return c
}

// with is the case with another request in step i.
func with(c *corpus.Case, i int, q *corpus.Request) *corpus.Case {
	out := *c
	out.Steps = append([]*corpus.Step(nil), c.Steps...)
	step := *c.Steps[i]
	step.Request = q
	out.Steps[i] = &step
	return &out
}

// simplifications are requests with one thing less, in a stable order.
func simplifications(q *corpus.Request) []*corpus.Request {
	var out []*corpus.Request
	if path, query, ok := strings.Cut(q.Path, "?"); ok {
		parameters := strings.Split(query, "&")
		for i, p := range parameters {
			// Without ${ns} a request would reach other cases' objects.
			if strings.HasPrefix(p, "watch=") || strings.Contains(p, "${ns}") {
				continue
			}
			simpler := *q
			simpler.Path = path
			if rest := append(append([]string(nil), parameters[:i]...), parameters[i+1:]...); len(rest) > 0 {
				simpler.Path += "?" + strings.Join(rest, "&")
			}
			out = append(out, &simpler)
		}
	}
	if q.Headers["Accept"] != "" {
		simpler := *q
		simpler.Headers = nil
		for k, v := range q.Headers {
			if k != "Accept" {
				if simpler.Headers == nil {
					simpler.Headers = map[string]string{}
				}
				simpler.Headers[k] = v
			}
		}
		out = append(out, &simpler)
	}
	for _, body := range smaller(q.Body) {
		simpler := *q
		simpler.Body = body
		out = append(out, &simpler)
	}
	return out
}

// smaller are the bodies with one member or element less, the largest parts
// first because they come first on the way down.
func smaller(body json.RawMessage) []json.RawMessage {
	if len(body) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var root any
	if d.Decode(&root) != nil {
		return nil
	}
	var out []json.RawMessage
	emit := func() {
		if b, err := json.Marshal(root); err == nil {
			out = append(out, b)
		}
	}
	walk(root, func(n any) { root = n }, emit)
	return out
}

// walk removes every part of v in turn, calls emit, and puts the part back.
// replace puts another value in v's own place.
func walk(v any, replace func(any), emit func()) {
	switch x := v.(type) {
	case map[string]any:
		keys := make([]string, 0, len(x))
		for k := range x {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		for _, k := range keys {
			old := x[k]
			delete(x, k)
			emit()
			x[k] = old
		}
		for _, k := range keys {
			walk(x[k], func(n any) { x[k] = n }, emit)
		}
	case []any:
		for i := range x {
			replace(append(append(make([]any, 0, len(x)), x[:i]...), x[i+1:]...))
			emit()
		}
		replace(x)
		for i := range x {
			walk(x[i], func(n any) { x[i] = n }, emit)
		}
	}
}
