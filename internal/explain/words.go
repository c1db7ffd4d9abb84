package explain

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/seatrial/seatrial/model"
)

// objectOf names an object as messages do: resource, namespace/name.
func objectOf(resource, namespace, name string) string {
	return strings.TrimSpace(resource + " " + keyOf(namespace, name))
}

func keyOf(namespace, name string) string {
	if namespace == "" || name == "" {
		return namespace + name
	}
	return namespace + "/" + name
}

// asked is a call in words: get services shop/api. Of an object whose name says
// nothing it says whose it is: get services shop/x7k2q of shop/api.
func (x *run) asked(c *model.Call) string {
	text := c.Verb + " " + objectOf(c.ResourcePath(), c.Namespace, c.Name)
	if x.belongs == nil {
		x.belongs = Belongs(x.History)
	}
	if owner := x.belongs[keyOf(c.Namespace, c.Name)]; owner != "" && c.Name != "" && !strings.Contains(c.Name, owner[strings.LastIndexByte(owner, '/')+1:]) {
		text += " of " + owner
	}
	return text
}

// answered is what a caller was told.
func answered(c *model.Call) string {
	switch {
	case c.ReturnSeq == 0:
		return "nothing"
	case c.Error != "":
		return fmt.Sprintf("%q", c.Error)
	}
	return fmt.Sprint(c.Code)
}

// author is who made a change.
func author(c *model.Commit) string { return cmp.Or(c.Process, "the API server") }

// effect is a change as the second half of a sentence: "cleared status.ip of
// services shop/api". Of several fields the first is named that the message of the
// verdict speaks of, otherwise the first of the status, otherwise of the spec.
func effect(c *model.Commit, message string) string {
	object := objectOf(c.Resource, c.Namespace, c.Name)
	switch {
	case c.Old == nil:
		return "created " + object
	case c.New == nil:
		return "removed " + object
	}
	fields := changed(c.Old, c.New)
	if len(fields) == 0 {
		return "wrote " + object + " without a change"
	}
	slices.SortStableFunc(fields, func(a, b field) int { return b.weight(message) - a.weight(message) })
	others := ""
	if more := len(fields) - 1; more == 1 {
		others = " (and one more field)"
	} else if more > 1 {
		others = fmt.Sprintf(" (and %d more fields)", more)
	}
	return fields[0].String() + others + " of " + object
}

// field is one that a change touched, with its values as JSON; empty: not there.
type field struct{ path, was, is string }

func (f field) String() string {
	switch {
	case f.path == "metadata.deletionTimestamp":
		return "marked the deletion"
	case f.is == "":
		return "cleared " + f.path
	case f.was == "":
		return fmt.Sprintf("set %s to %s", f.path, cut(f.is))
	}
	return fmt.Sprintf("changed %s from %s to %s", f.path, cut(f.was), cut(f.is))
}

func (f field) weight(message string) int {
	mentioned := func(value string) bool {
		value = strings.Trim(value, `"`)
		return len(value) > 2 && strings.Contains(message, value)
	}
	switch {
	case mentioned(f.was), mentioned(f.is):
		return 4
	case f.path == "metadata.deletionTimestamp":
		return 3
	case strings.HasPrefix(f.path, "status."):
		return 2
	case strings.HasPrefix(f.path, "spec."):
		return 1
	}
	return 0
}

// cut keeps values short: a sentence is read at one glance.
func cut(value string) string {
	const most = 60
	runes := []rune(value)
	if len(runes) <= most {
		return value
	}
	return string(runes[:most/2]) + "…" + string(runes[len(runes)-most/2:])
}

// changed lists the fields that differ between two objects, in order of their
// path. What changes with every write says nothing and is left out.
func changed(before, after runtime.Object) []field {
	was, is := leavesOf(before), leavesOf(after)
	var out []field
	for path, value := range was {
		if is[path] != value {
			out = append(out, field{path, value, is[path]})
		}
	}
	for path, value := range is {
		if _, there := was[path]; !there {
			out = append(out, field{path, "", value})
		}
	}
	slices.SortFunc(out, func(a, b field) int { return strings.Compare(a.path, b.path) })
	return out
}

// leavesOf is an object as paths and values.
func leavesOf(object runtime.Object) map[string]string {
	out := map[string]string{}
	text, err := json.Marshal(object)
	var value any
	if err == nil && json.Unmarshal(text, &value) == nil {
		flatten(value, "", out)
	}
	return out
}

func flatten(value any, path string, out map[string]string) {
	switch path {
	case "metadata.resourceVersion", "metadata.managedFields", "metadata.generation", "metadata.deletionGracePeriodSeconds":
		return
	}
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			flatten(inner, strings.TrimPrefix(path+"."+key, "."), out)
		}
	case []any:
		for i, inner := range v {
			flatten(inner, fmt.Sprintf("%s[%d]", path, i), out)
		}
	default:
		text, err := json.Marshal(v)
		if err != nil || strings.HasSuffix(path, "TransitionTime") || string(text) == `""` || string(text) == "null" {
			return
		}
		out[path] = string(text)
	}
}
