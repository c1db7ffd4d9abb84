package shrink

import (
	"slices"
	"strings"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/scenarios"
)

// Cause says in a line what a small plan is made of: its faults and its steps
// without names and times. Failures whose plans shrink to one cause most likely
// are one bug.
func Cause(p scenarios.Plan) string {
	var kinds, steps []string
	for _, r := range p.Faults {
		word := string(r.Kind)
		if r.Kind == faults.Crash && r.When != faults.AtTime {
			word += " " + string(r.When) + " a call"
		}
		kinds = append(kinds, word)
	}
	slices.Sort(kinds)
	for i := range p.Steps {
		steps = append(steps, p.Steps[i].ActionType())
	}
	slices.Sort(steps) // whether the export or the service came first matters rarely
	if len(kinds) == 0 {
		kinds = []string{"no fault"}
	}
	return strings.Join(kinds, " + ") + ": " + strings.Join(steps, ", ")
}
