package corpus

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var variable = regexp.MustCompile(`\$\{([^}]+)\}`)

// short are the names for paths that cases use most.
var short = map[string]string{
	"rv": "metadata.resourceVersion", "uid": "metadata.uid", "name": "metadata.name", "continue": "metadata.continue",
}

// expand replaces ${ns}, ${repeat:N} by N times x, and ${step:path} by a value
// of that step's answer, to which +N or -N may be added.
func (r *runner) expand(s string) (string, error) {
	var failed error
	s = variable.ReplaceAllStringFunc(s, func(m string) string {
		v, err := r.value(m[2 : len(m)-1])
		if err != nil {
			failed = err
			return m
		}
		return v
	})
	return s, failed
}

func (r *runner) value(expression string) (string, error) {
	if expression == "ns" {
		return r.norm.ns, nil
	}
	expression, add := splitOffset(expression)
	id, path, ok := strings.Cut(expression, ":")
	if !ok {
		return "", fmt.Errorf("bad variable ${%s}", expression)
	}
	if id == "repeat" {
		n, err := strconv.Atoi(path)
		if err != nil {
			return "", fmt.Errorf("bad variable ${%s}: %w", expression, err)
		}
		return strings.Repeat("x", n), nil
	}
	if long, ok := short[path]; ok {
		path = long
	}
	v := lookup(r.raw[id], splitPath(path))
	if v == nil {
		// A wrong server fails later in the case, instead of ending it here.
		return "<missing " + expression + ">", nil
	}
	out := fmt.Sprint(v)
	if add != 0 {
		n, _ := strconv.ParseInt(out, 10, 64)
		out = strconv.FormatInt(n+add, 10)
	}
	return out, nil
}

func splitOffset(expression string) (string, int64) {
	if i := strings.LastIndexAny(expression, "+-"); i > 0 {
		if v, err := strconv.ParseInt(expression[i:], 10, 64); err == nil {
			return expression[:i], v
		}
	}
	return expression, 0
}
