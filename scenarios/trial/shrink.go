package trial

import (
	"slices"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
)

// shrinkBudget bounds how many runs making a failure smaller may take.
const shrinkBudget = 80

// shrink finds a smaller story and milder weather in which the same property is
// violated: faults and steps are left out one after the other, and faults made
// to strike once, for as long as it still fails. Decisions are keyed by rule and
// call, so what is left keeps doing what it did.
func (v *voyage) shrink(failed Result) Result {
	budget := shrinkBudget
	best := failed
	try := func(steps []Step, weather []faults.Rule) bool {
		if budget--; budget < 0 {
			return false
		}
		smaller := *v
		smaller.steps = steps
		var result Result
		if twin := smaller.fair(); twin.Verdict.Kind != model.VerdictPass {
			result = twin
		} else {
			result = smaller.through(twin.Record, weather)
		}
		if result.Verdict.Kind != failed.Verdict.Kind || result.Verdict.Property != failed.Verdict.Property || result.Fair != failed.Fair {
			return false
		}
		best = result
		return true
	}
	for i := len(best.Faults) - 1; i >= 0; i-- {
		try(best.Steps, slices.Delete(slices.Clone(best.Faults), i, i+1))
	}
	for i := len(best.Steps) - 1; i >= 0; i-- {
		if i < len(best.Steps) {
			try(slices.Delete(slices.Clone(best.Steps), i, i+1), best.Faults)
		}
	}
	for i := range best.Faults {
		if r := best.Faults[i]; r.Limit != 1 && faultsCalls(r) {
			r.Limit = 1
			milder := slices.Clone(best.Faults)
			milder[i] = r
			try(best.Steps, milder)
		}
	}
	return best
}

func faultsCalls(r faults.Rule) bool {
	return slices.Contains(faults.Fields(r.Kind, r.When), faults.FieldLimit)
}
