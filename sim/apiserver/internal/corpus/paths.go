package corpus

import (
	"fmt"
	"strconv"
	"strings"
)

// pick returns the values at the given paths: a.b.c, with [k=v] and [0]
// selecting from arrays and [*] mapping over them.
func pick(v any, paths []string) any {
	out := map[string]any{}
	for _, p := range paths {
		out[p] = lookup(v, splitPath(p))
	}
	return out
}

func splitPath(p string) []string {
	var parts []string
	cur := ""
	depth := 0
	for _, r := range p {
		switch {
		case r == '[':
			if depth == 0 && cur != "" {
				parts = append(parts, cur)
				cur = ""
			}
			depth++
			cur += string(r)
		case r == ']':
			depth--
			cur += string(r)
			if depth == 0 {
				parts = append(parts, cur)
				cur = ""
			}
		case r == '.' && depth == 0:
			if cur != "" {
				parts = append(parts, cur)
			}
			cur = ""
		default:
			cur += string(r)
		}
	}
	if cur != "" {
		parts = append(parts, cur)
	}
	return parts
}

// lookup follows a path; nil if it leads nowhere.
func lookup(v any, path []string) any {
	if len(path) == 0 {
		return v
	}
	if p := path[0]; strings.HasPrefix(p, "[") {
		list, ok := v.([]any)
		if !ok {
			return nil
		}
		return lookupList(list, p[1:len(p)-1], path[1:])
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	return lookup(m[path[0]], path[1:])
}

func lookupList(list []any, selector string, rest []string) any {
	if selector == "*" {
		out := make([]any, 0, len(list))
		for _, e := range list {
			out = append(out, lookup(e, rest))
		}
		return out
	}
	if i, err := strconv.Atoi(selector); err == nil {
		if i < 0 || i >= len(list) {
			return nil
		}
		return lookup(list[i], rest)
	}
	key, want, ok := strings.Cut(selector, "=")
	for _, e := range list {
		if ok && fmt.Sprint(lookup(e, splitPath(key))) == want {
			return lookup(e, rest)
		}
	}
	return nil
}
