package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/seatrial/seatrial/model"
)

// Covered lists what a run of the subject met, sorted, each once:
//
//	call update deployments/status 409       what the subject asked for, and what it was told
//	state deployments owned Available=True   what there was of an object after a commit
//
// Runs that meet the same are likely to teach the same. Nothing is said about the
// order in which things were met.
func (s *Subject) Covered(h *model.History) []string {
	met := map[string]bool{}
	for i := range h.Calls {
		if c := &h.Calls[i]; !c.User {
			met["call "+triple(c)] = true
		}
	}
	states := s.States
	if states == nil {
		states = objectStates
	}
	for _, state := range states(h) {
		met["state "+state] = true
	}
	return slices.Sorted(maps.Keys(met))
}

// triple is verb, resource and outcome: the status code, or what a client can
// know when none came.
func triple(c *model.Call) string {
	outcome := fmt.Sprint(c.Code)
	switch {
	case c.ReturnSeq == 0:
		outcome = "unanswered"
	case c.Code == 0:
		outcome = string(c.Outcome)
	}
	return c.Verb + " " + c.ResourcePath() + " " + outcome
}

// objectStates are the abstract states that objects had: their resource, whether
// they are owned, finalized, being deleted, and their conditions or phase. What
// objects are called and count does not matter, so there are few.
func objectStates(h *model.History) []string {
	met := map[string]bool{}
	for i := range h.Commits {
		c := &h.Commits[i]
		met[c.Resource+stateOf(c.New)] = true
	}
	return slices.Sorted(maps.Keys(met))
}

func stateOf(object runtime.Object) string {
	if object == nil {
		return " gone"
	}
	m, err := meta.Accessor(object)
	if err != nil {
		return ""
	}
	var words []string
	for _, is := range []struct {
		so   bool
		word string
	}{
		{len(m.GetOwnerReferences()) > 0, "owned"},
		{len(m.GetFinalizers()) > 0, "finalizer"},
		{m.GetDeletionTimestamp() != nil, "ending"},
	} {
		if is.so {
			words = append(words, is.word)
		}
	}
	words = append(words, statusWords(object)...)
	if len(words) == 0 {
		return ""
	}
	return " " + strings.Join(words, " ")
}

// statusWords are an object's conditions and its phase, where it has them.
func statusWords(object runtime.Object) []string {
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return nil
	}
	var words []string
	conditions, _, _ := unstructured.NestedSlice(fields, "status", "conditions")
	for _, c := range conditions {
		if condition, ok := c.(map[string]any); ok {
			words = append(words, fmt.Sprintf("%v=%v", condition["type"], condition["status"]))
		}
	}
	slices.Sort(words)
	if phase, found, _ := unstructured.NestedString(fields, "status", "phase"); found && phase != "" {
		words = append(words, "phase="+phase)
	}
	return words
}
