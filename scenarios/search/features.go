package search

import (
	"slices"
	"strings"
)

// feature is the kind of a call and what came of it.
func (c *observedCall) feature() string { return c.class + " " + c.told }

// features are what a run has of what coverage counts, each once, in order: the kinds of
// call (process, verb, resource) with what came of them, and of two changes of one object,
// one after the other, their kinds (what was done, by whom). The second is how far an
// object has come; both are bounded by what a controller and its users can do, whatever
// the number of objects.
func (s *Sketch) features() []string {
	var out []string
	seen := map[string]bool{}
	add := func(f string) {
		if !seen[f] {
			seen[f] = true
			out = append(out, f)
		}
	}
	for _, c := range s.observe() {
		add(c.feature())
	}
	before := map[string]string{} // by object: the kind of its last change
	for i := range s.Commits {
		c := &s.Commits[i]
		if c.Resource == "leases" || c.Resource == "events" {
			continue
		}
		object := strings.Join([]string{c.Group, c.Resource, c.Namespace, c.Name}, "/")
		add(qualified(c.Group, c.Resource) + " " + c.Kind + " after " + before[object])
		before[object] = c.Kind
	}
	slices.Sort(out)
	return out
}
