// Package b2743 re-creates Submariner's issue 2743: two active controllers
// during a failover assign inconsistently.
package b2743

import (
	"github.com/seatrial/seatrial/controller/historical/upstream"
)

// Steps are those of the correct sibling but for the one that has the bug.
func Steps() upstream.Steps {
	steps := upstream.Sibling()

	// Nobody waits to be elected.
	steps.Elects = func() bool { return false }

	return steps
}
