package corpus

import (
	"encoding/json"
	"strings"
)

// value normalises a decoded JSON value. keep names what is dropped otherwise;
// bookmark: v is the object of a BOOKMARK event, whose resourceVersion is that
// of a list.
func (n *normaliser) value(v any, keep map[string]bool, bookmark bool) any {
	switch x := v.(type) {
	case map[string]any:
		return n.object(x, keep, bookmark)
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = n.value(e, keep, false)
		}
		return out
	case string:
		if agePattern.MatchString(x) {
			return "<age>"
		}
		return n.text(x)
	}
	return v
}

func (n *normaliser) object(x map[string]any, keep map[string]bool, bookmark bool) any {
	kind, _ := x["kind"].(string)
	_, hasItems := x["items"]
	list := bookmark || hasItems || strings.HasSuffix(kind, "List") || kind == "Table" || kind == "Status"
	out := map[string]any{}
	// In the order of keys, so that numbering does not depend on map order.
	for _, k := range sortedKeys(x) {
		switch value := x[k].(type) {
		case map[string]any:
			if k == "metadata" {
				out[k] = n.metadata(value, keep, list)
				continue
			}
			out[k] = n.value(value, keep, false)
		case []any:
			if k == "managedFields" {
				if keep[k] {
					out[k] = n.managedFields(value, keep)
				}
				continue
			}
			out[k] = n.value(value, keep, false)
		case json.Number:
			if k == "nodePort" || k == "healthCheckNodePort" {
				out[k] = n.port(value)
				continue
			}
			out[k] = value
		default:
			out[k] = n.value(value, keep, false)
		}
	}
	unorder(kind, out)
	return out
}

func (n *normaliser) metadata(m map[string]any, keep map[string]bool, list bool) any {
	rest := map[string]any{}
	for k, v := range m {
		rest[k] = v
	}
	revision, _ := m["resourceVersion"].(string)
	var t string
	if revision != "" {
		delete(rest, "resourceVersion")
		if list {
			t = n.listRevision(revision)
		} else {
			t = n.objectRevision(revision)
		}
	}
	if token, _ := m["continue"].(string); token != "" {
		rest["continue"] = "<continue>"
	}
	out := n.value(rest, keep, false).(map[string]any)
	if t != "" {
		out["resourceVersion"] = t
	}
	return out
}

// managedFields are ordered by the second of their change: within a run of a
// few milliseconds that is chance, so they are ordered by content instead.
func (n *normaliser) managedFields(list []any, keep map[string]bool) any {
	out := n.value(list, keep, false).([]any)
	if !n.steady {
		sortByJSON(out)
	}
	return out
}

// unorder sorts what a real server gives in the order of a Go map.
func unorder(kind string, out map[string]any) {
	switch kind {
	case "APIResourceList":
		sortUnordered(out, []string{"resources"})
	case "Status":
		details, _ := out["details"].(map[string]any)
		causes, _ := details["causes"].([]any)
		if len(causes) > 1 {
			sortByJSON(causes)
			out["message"] = "<message with several causes>"
		}
	}
}
