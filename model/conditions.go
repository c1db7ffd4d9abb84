package model

import (
	"fmt"
	"maps"
	"slices"
)

// conditionsTrue judges every GlobalIngressIP that the last commit left behind
// and that is not being deleted, of whatever target: each condition type once;
// Allocated=True exactly when status.allocatedIP is set; the condition not
// about another generation than the present one. A GlobalIngressIP that has
// neither IP nor condition says nothing, and nothing false (converges asks more
// of those that are exported).
func conditionsTrue() Property {
	return Property{
		Name:     "conditions-true",
		Sentence: "After the weather has cleared, the conditions of every GlobalIngressIP say what is the case, once.",
		Source:   "Kubernetes API conventions: typical status properties; submariner #2463",
		Class:    ClassLiveness,
		Check: func(h *History) Result {
			if h.Ended <= h.Cleared {
				return undecided("the run has no liveness phase")
			}
			end := h.derive().end()
			for _, key := range slices.Sorted(maps.Keys(end.gips)) {
				if lie := end.gips[key].lie(); lie != "" {
					return violated(lie, h.lastChange(end.gips[key]))
				}
			}
			return held()
		},
	}
}

func (g *ingressIP) lie() string {
	if terminating(g) || g.ip == "" && len(g.conditions) == 0 {
		return ""
	}
	seen := map[string]bool{}
	for _, condition := range g.conditions {
		if seen[condition.kind] {
			return fmt.Sprintf("%s has condition %s more than once", g.owner(), condition.kind)
		}
		seen[condition.kind] = true
	}
	allocated, _ := g.condition(conditionAllocated)
	switch {
	case (allocated.status == "True") != (g.ip != ""):
		return fmt.Sprintf("%s has allocatedIP %q, but condition %s=%s (%s)", g.owner(), g.ip, conditionAllocated, allocated.status, allocated.reason)
	case allocated.observedGeneration != g.GetGeneration():
		return fmt.Sprintf("%s has condition %s of generation %d, but its generation is %d", g.owner(), conditionAllocated, allocated.observedGeneration, g.GetGeneration())
	}
	return ""
}
