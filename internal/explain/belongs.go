package explain

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/seatrial/seatrial/model"
)

// Belongs says of objects with names of their own whose they are: the first object
// of another name that their owner references, labels or annotations name. Both are
// written as namespace/name, or name for those without a namespace.
func Belongs(h *model.History) map[string]string {
	known := map[string]bool{}
	for i := range h.Commits {
		known[keyOf(h.Commits[i].Namespace, h.Commits[i].Name)] = true
	}
	out := map[string]string{}
	for i := range h.Commits {
		c := &h.Commits[i]
		key := keyOf(c.Namespace, c.Name)
		if c.New == nil || out[key] != "" {
			continue
		}
		if owner := ownerNamed(c, key, known); owner != "" {
			out[key] = owner
		}
	}
	return out
}

func ownerNamed(c *model.Commit, key string, known map[string]bool) string {
	object, err := meta.Accessor(c.New)
	if err != nil {
		return ""
	}
	var named []string
	for _, owner := range object.GetOwnerReferences() {
		named = append(named, owner.Name)
	}
	named = append(named, sortedValues(object.GetLabels())...)
	named = append(named, sortedValues(object.GetAnnotations())...)
	for _, name := range named {
		for _, full := range []string{keyOf(c.Namespace, name), name} {
			if name != "" && full != key && name != c.Name && known[full] && name != c.Namespace {
				return full
			}
		}
	}
	return ""
}

// sortedValues are the values of labels in order of their keys.
func sortedValues(pairs map[string]string) []string {
	out := make([]string, 0, len(pairs))
	for _, key := range slices.Sorted(maps.Keys(pairs)) {
		out = append(out, pairs[key])
	}
	return out
}
