package catalogue

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/seatrial/seatrial/internal/sweep"
)

// Finding is how soon a subject was caught, over several disjoint ranges of
// runs that know nothing of each other.
type Finding struct {
	Subject string
	// Runs until detection, one for each range; NotFound where the range ended
	// first.
	Runs []int
	// Size of a range: the runs after which it was given up.
	Size int
	// Properties that told, and in how many ranges.
	Properties map[string]int
	// FalseAlarms are runs that failed the sibling as well.
	FalseAlarms int
	// Example is the first detection; nil when there was none.
	Example *sweep.Job
}

// NotFound stands for a range that ended without a detection.
const NotFound = 0

// Median is the number of runs within which half the ranges found the bug, and
// whether that many did.
func (f Finding) Median() (int, bool) { return f.percentile(50) }

// P90 is the number of runs within which nine ranges in ten found the bug, and
// whether that many did.
func (f Finding) P90() (int, bool) { return f.percentile(90) }

// percentile is the nearest-rank percentile, NotFound being greater than any
// number of runs.
func (f Finding) percentile(p int) (int, bool) {
	if len(f.Runs) == 0 {
		return 0, false
	}
	sorted := slices.Clone(f.Runs)
	slices.SortFunc(sorted, func(a, b int) int {
		if (a == NotFound) != (b == NotFound) {
			return cmp.Compare(b, a)
		}
		return cmp.Compare(a, b)
	})
	rank := (p*len(sorted) + 99) / 100
	runs := sorted[rank-1]
	return runs, runs != NotFound
}

// Property is the one that told most often, the first by name among equals;
// empty when nothing was found.
func (f Finding) Property() string {
	var best string
	for _, name := range slices.Sorted(maps.Keys(f.Properties)) {
		if best == "" || f.Properties[name] > f.Properties[best] {
			best = name
		}
	}
	return best
}

// String is the finding as a cell of a table: median and 90th percentile.
func (f Finding) String() string {
	cell := func(runs int, found bool) string {
		if !found {
			return fmt.Sprintf("> %d", f.Size)
		}
		return fmt.Sprint(runs)
	}
	return cell(f.Median()) + " / " + cell(f.P90())
}
