package corpus

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

var reference = regexp.MustCompile(`\$\{([^}]+)\}`)

var shortPaths = map[string]string{
	"rv":       "metadata.resourceVersion",
	"uid":      "metadata.uid",
	"name":     "metadata.name",
	"continue": "metadata.continue",
}

const missing = "<missing "

// expand fills in ${ns}, ${step:path}, ${step:path+1} and ${repeat:N} (N times
// x). A value that is not there becomes "<missing step:path>": the request is
// sent all the same, so that a server's wrong answer shows again later instead
// of hiding the rest of the case.
func (r *run) expand(s string) string {
	return reference.ReplaceAllStringFunc(s, func(m string) string {
		expr := m[2 : len(m)-1]
		if expr == "ns" {
			return r.namespace
		}
		var add int64
		if i := strings.LastIndexAny(expr, "+-"); i > 0 {
			if n, err := strconv.ParseInt(expr[i:], 10, 64); err == nil {
				add, expr = n, expr[:i]
			}
		}
		step, path, _ := strings.Cut(expr, ":")
		if step == "repeat" {
			n, _ := strconv.Atoi(path)
			return strings.Repeat("x", n)
		}
		if long, ok := shortPaths[path]; ok {
			path = long
		}
		v := lookup(r.answers[step], splitPath(path))
		if v == nil {
			return missing + expr + ">"
		}
		if add == 0 {
			return fmt.Sprint(v)
		}
		n, _ := strconv.ParseInt(fmt.Sprint(v), 10, 64)
		return strconv.FormatInt(n+add, 10)
	})
}

// References lists the steps that a step's request refers to.
func (s *Step) References() []string {
	if s.Request == nil {
		return nil
	}
	var out []string
	text := s.Request.Path + string(s.Request.Body) + s.Request.BodyRaw
	for _, m := range reference.FindAllStringSubmatch(text, -1) {
		if step, _, ok := strings.Cut(m[1], ":"); ok && step != "repeat" {
			out = append(out, step)
		}
	}
	return out
}

// expandPath is expand for a path with query, which must stay well-formed.
func (r *run) expandPath(s string) string {
	out := r.expand(s)
	if !strings.Contains(out, missing) {
		return out
	}
	return missingValue.ReplaceAllStringFunc(out, url.QueryEscape)
}

var missingValue = regexp.MustCompile(missing + `[^>]*>`)

// wire is a request with everything filled in.
type wire struct {
	method, path string
	headers      map[string]string
	body         []byte
}

func (r *run) wire(q *Request) wire {
	w := wire{method: q.Method, path: r.expandPath(q.Path), headers: map[string]string{}}
	for k, v := range q.Headers {
		w.headers[k] = v
	}
	switch {
	case q.BodyRaw != "":
		w.body = []byte(r.expand(q.BodyRaw))
	case len(q.Body) > 0:
		filled := []byte(r.expand(string(q.Body)))
		var b bytes.Buffer
		if err := json.Compact(&b, filled); err != nil {
			w.body = filled
		} else {
			w.body = b.Bytes()
		}
	}
	switch {
	case w.headers["Content-Type"] == "-":
		delete(w.headers, "Content-Type")
	case w.headers["Content-Type"] == "" && w.body != nil:
		w.headers["Content-Type"] = "application/json"
	}
	return w
}
