package model

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Unique makes a property of a field that no two objects of a resource may have in
// common: an allocator's. It is violated by the first commit after which two hold the
// same value. Absent and empty values are nobody's. An object that is being deleted still
// holds its value.
//
// A cluster that does not have the resource leaves the law undecided, as it does the others
// of this file. resource is as [State] names it, path a field with dots ("status.address"). Lists are
// not entered.
func Unique(resource, path string) Property {
	return Property{
		Name:     lawName("unique", resource, path),
		Sentence: fmt.Sprintf("No two %s have the same %s at a time.", resource, path),
		Source:   "an allocator gives nothing away twice", Class: ClassSafety,
	}.eachCommit(resource, func(before *State, c *Commit) string {
		value := ""
		if c.New != nil {
			value = field(c.New, path)
		}
		if value == "" {
			return ""
		}
		for _, other := range before.list(c.groupResource()) {
			if other.id != c.objectID() && field(other.object, path) == value {
				return fmt.Sprintf("%s and %s both have %s %q", other.id, c.objectID(), path, value)
			}
		}
		return ""
	})
}

// Stable makes a property of a field that keeps its first value for as long as its object
// lives: what others have been told, such as an address or a password. It is violated by
// the first commit of a process under test that changes the value or clears it. What
// users change is theirs to change; an object that is made anew begins anew.
//
// resource and path are those of [Unique].
func Stable(resource, path string) Property {
	return Property{
		Name:     lawName("stable", resource, path),
		Sentence: fmt.Sprintf("Once one of the %s has a %s, it keeps it for as long as it lives.", resource, path),
		Source:   "others rely on what they have been told", Class: ClassSafety,
	}.eachCommit(resource, func(_ *State, c *Commit) string {
		if c.Old == nil || c.New == nil || !c.Subject() || Metadata(c.Old).GetUID() != Metadata(c.New).GetUID() {
			return ""
		}
		if was, is := field(c.Old, path), field(c.New, path); was != "" && was != is {
			return fmt.Sprintf("%s had %s %q and has %q", c.objectID(), path, was, is)
		}
		return ""
	})
}

// eachCommit lets check say what is wrong with each commit to a resource, in order; the
// first that is wrong violates the property. check also gets the state before the commit.
func (p Property) eachCommit(resource string, check func(before *State, c *Commit) string) Property {
	of := schema.ParseGroupResource(resource)
	p.probe = func(s *State) { s.asked(resource) }
	p.Check = func(h *History) Result {
		s := h.newState()
		s.asked(resource)
		if wrong, misled := s.misled(); misled {
			return wrong
		}
		for i := range h.Commits {
			c := &h.Commits[i]
			if c.groupResource() == of {
				if wrong := check(s, c); wrong != "" {
					return Breach(wrong, c.Culprit())
				}
			}
			s.apply(c)
		}
		return tested(h.has(of))
	}
	return p
}

// Needed says whether an object of the state is needed by somebody.
type Needed func(s *State, object runtime.Object) bool

// OwnerLives is the need of an object whose controlling owner exists and is not being
// deleted.
func OwnerLives(s *State, object runtime.Object) bool {
	owner := metav1.GetControllerOf(Metadata(object))
	if owner == nil {
		return false
	}
	for _, o := range s.all() {
		if meta := Metadata(o.object); meta.GetUID() == owner.UID {
			return !Terminating(meta)
		}
	}
	return false
}

// Stays makes a property of harm that passes: an object of the resource that is needed
// may not be deleted by a process under test, not even to be made again at once. It is
// violated by the first commit that removes such an object, or marks it for deletion. need
// is asked about the state before; nil: [OwnerLives]. What users delete is theirs to
// delete, and what the server collects has lost its owner.
//
// It is wrong for what is replaced by design, such as pods in a rolling update.
func Stays(resource string, need Needed) Property {
	if need == nil {
		need = OwnerLives
	}
	return Property{
		Name:     lawName("stays", resource),
		Sentence: fmt.Sprintf("While they are needed, %s are not deleted, however soon they are made again.", resource),
		Source:   "what is made again is empty, and was not there for a while", Class: ClassSafety,
	}.eachCommit(resource, func(before *State, c *Commit) string {
		if c.Subject() && ends(c) && need(before, c.Old) {
			return fmt.Sprintf("%s was deleted, and is needed", c.objectID())
		}
		return ""
	})
}

// has says whether anybody made or changed an object of a resource.
func (h *History) has(of schema.GroupResource) bool {
	return slices.ContainsFunc(h.Commits, func(c Commit) bool { return c.groupResource() == of })
}

// ends: the commit removes an object, or marks it for deletion, for the first time.
func ends(c *Commit) bool {
	return c.Old != nil && !Terminating(Metadata(c.Old)) && (c.New == nil || Terminating(Metadata(c.New)))
}

// EntriesStay is [Stays] for the keys of a map in an object: routes in a table, members in
// a list of them. need is asked about the state before the commit whether the entry of
// that key is needed; the object itself may go.
func EntriesStay(resource, path string, need func(s *State, key string) bool) Property {
	return Property{
		Name:     lawName("entries-stay", resource, path),
		Sentence: fmt.Sprintf("While it is needed, an entry of %s in %s is not taken out, however soon it is put in again.", path, resource),
		Source:   "what is left out for a moment is not served for a moment", Class: ClassSafety,
	}.eachCommit(resource, func(before *State, c *Commit) string {
		if !c.Subject() || c.Old == nil || c.New == nil {
			return ""
		}
		for _, key := range lostKeys(c, path) {
			if need(before, key) {
				return fmt.Sprintf("%s: the entry %s of %s was taken out, and is needed", c.objectID(), key, path)
			}
		}
		return ""
	})
}

// lostKeys are those of a map that a commit takes out, in order.
func lostKeys(c *Commit, path string) []string {
	was, _ := nested(c.Old, path).(map[string]any)
	is, _ := nested(c.New, path).(map[string]any)
	var lost []string
	for key := range was {
		if _, still := is[key]; !still {
			lost = append(lost, key)
		}
	}
	slices.Sort(lost)
	return lost
}

// field is a value as text; empty when it is absent, or a list or a map.
func field(object runtime.Object, path string) string {
	switch v := nested(object, path).(type) {
	case nil, map[string]any, []any:
		return ""
	default:
		return fmt.Sprint(v)
	}
}

func nested(object runtime.Object, path string) any {
	var at any = asMap(object)
	for _, key := range strings.Split(path, ".") {
		fields, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = fields[key]
	}
	return at
}

var notKebab = regexp.MustCompile(`[^a-z0-9]+`)

// lawName is the name of a law about a resource, and perhaps a field of it.
func lawName(parts ...string) string {
	return notKebab.ReplaceAllString(strings.ToLower(strings.Join(parts, "-")), "-")
}
