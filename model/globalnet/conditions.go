package globalnet

import (
	"fmt"
	"github.com/seatrial/seatrial/model"
	"maps"
	"slices"
)

// conditionsTrue judges every GlobalIngressIP that the last commit left behind
// and that is not being deleted, of whatever target: each condition type once;
// Allocated=True exactly when status.allocatedIP is set; the condition not
// about another generation than the present one. A GlobalIngressIP that has
// neither IP nor condition says nothing, and nothing false (converges asks more
// of those that are exported).
func conditionsTrue() model.Property {
	return model.Property{
		Name:     "conditions-true",
		Sentence: "After the weather has cleared, the conditions of every GlobalIngressIP say what is the case, once.",
		Source:   "Kubernetes API conventions: typical status properties; submariner #2463",
		Class:    model.ClassLiveness,
		Check:    ofEachInTheEnd(func(_ *cluster, _ owner, gip *ingressIP) string { return gip.lie() }),
	}
}

// ofEachInTheEnd judges every GlobalIngressIP that the last commit left behind, in the
// order of their names: wrong says what is wrong with one, if anything is.
func ofEachInTheEnd(wrong func(end *cluster, key owner, gip *ingressIP) string) func(*model.History) model.Result {
	return func(h *model.History) model.Result {
		if h.Ended <= h.Cleared {
			return model.Undecide("the run has no liveness phase")
		}
		end := endOf(h)
		for _, key := range slices.Sorted(maps.Keys(end.gips)) {
			if problem := wrong(end, key, end.gips[key]); problem != "" {
				return model.Breach(problem, lastChange(h, end.gips[key]))
			}
		}
		return model.Holds()
	}
}

func (g *ingressIP) lie() string {
	if model.Terminating(g) || g.ip == "" && len(g.conditions) == 0 {
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
