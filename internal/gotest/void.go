package gotest

import (
	"maps"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/scenarios"
)

// void counts, of the steps and faults that the subject has of its own, in how many runs
// each had no effect. Those that seeds draw miss now and then, and say nothing.
type void map[string]int

// newVoid names them as plans do.
func newVoid(s scenarios.Subject) void {
	v := void{}
	if s.World == nil {
		return v
	}
	plan := s.World(1, scenarios.Extras{})
	plan.Language = s.Language
	plan.Default()
	scenarios.NameTwins(plan.Steps)
	for i := range plan.Steps {
		v[plan.Steps[i].ID] = 0
	}
	for i := range plan.Faults {
		v[plan.Faults[i].ID] = 0
	}
	return v
}

func (v void) count(o sweep.Outcome) {
	for _, id := range slices.Concat(o.Idle, o.Unfired) {
		if _, own := v[id]; own {
			v[id]++
		}
	}
}

// never lists those without an effect in any of so many runs; empty: none.
func (v void) never(runs int) string {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(v)) {
		if v[id] == runs {
			ids = append(ids, id)
		}
	}
	return strings.Join(ids, ", ")
}
