package corpus

import (
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// splitPath cuts a.b[k=v].c into a, b, [k=v], c. Dots inside brackets are kept.
func splitPath(p string) []string {
	var parts []string
	start, depth := 0, 0
	cut := func(end int) {
		if end > start {
			parts = append(parts, p[start:end])
		}
	}
	for i, r := range p {
		switch {
		case r == '[':
			if depth == 0 {
				cut(i)
				start = i
			}
			depth++
		case r == ']':
			depth--
			if depth == 0 {
				cut(i + 1)
				start = i + 1
			}
		case r == '.' && depth == 0:
			cut(i)
			start = i + 1
		}
	}
	cut(len(p))
	return parts
}

// lookup is the value at a path: names for objects; for arrays [2] is an
// index, [k=v] picks an element, [*] maps over all. nil: nothing there.
func lookup(v any, path []string) any {
	if len(path) == 0 {
		return v
	}
	if selector, ok := strings.CutPrefix(path[0], "["); ok {
		list, ok := v.([]any)
		if !ok {
			return nil
		}
		return lookupElement(list, strings.TrimSuffix(selector, "]"), path[1:])
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	return lookup(m[path[0]], path[1:])
}

func lookupElement(list []any, selector string, rest []string) any {
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
	key, want, _ := strings.Cut(selector, "=")
	for _, e := range list {
		if fmt.Sprint(lookup(e, splitPath(key))) == want {
			return lookup(e, rest)
		}
	}
	return nil
}

// pick keeps the values at the given paths.
func pick(v any, paths []string) any {
	out := map[string]any{}
	for _, p := range paths {
		out[p] = lookup(v, splitPath(p))
	}
	return out
}

// sortUnordered sorts the arrays at the given paths by their JSON.
func sortUnordered(v any, paths []string) {
	for _, p := range paths {
		if list, ok := lookup(v, splitPath(p)).([]any); ok {
			sortByJSON(list)
		}
	}
}

func sortByJSON(list []any) {
	sort.SliceStable(list, func(i, j int) bool { return compact(list[i]) < compact(list[j]) })
}

func compact(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("corpus: a decoded JSON value cannot be encoded: %v", err))
	}
	return string(b)
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
