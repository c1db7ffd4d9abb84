package shrink

import (
	"errors"
	"regexp"
	"slices"
	"strconv"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/scenarios"
)

var place = regexp.MustCompile(`^(steps|faults)\[(\d+)\]`)

// mended takes out of a plan what makes no sense any more after something else
// was taken out: the update or export of a Service that nobody creates, a fault of
// a process that is gone. What cannot be mended so is returned as it is; writing
// it down fails.
func mended(p scenarios.Plan) scenarios.Plan {
	for {
		var wrong scenarios.InvalidErrors
		if !errors.As(p.Validate(), &wrong) {
			return p
		}
		i := slices.IndexFunc(wrong, func(e *scenarios.InvalidError) bool { return place.MatchString(e.Field) })
		if i < 0 {
			return p
		}
		at := place.FindStringSubmatch(wrong[i].Field)
		index, err := strconv.Atoi(at[2])
		if err != nil {
			return p
		}
		if at[1] == "steps" {
			p.Steps = without(p.Steps, index, 1)
		} else {
			p.Faults = without(p.Faults, index, 1)
		}
	}
}

// without is a copy of a list with n items from index i left out.
func without[T any](list []T, i, n int) []T {
	return slices.Delete(slices.Clone(list), i, min(i+n, len(list)))
}

// named reports whether a rule's id has something to decide: without chance
// and without a span to draw from, any other id would do.
func named(r faults.Rule) bool { return r.Probability != 1 || r.Delay.Min != r.Delay.Max }
