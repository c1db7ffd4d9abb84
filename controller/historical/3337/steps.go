// Package b3337 re-creates Submariner's issue 3337: one transient API error at
// start ends the process.
package b3337

import (
	"github.com/seatrial/seatrial/controller/historical/upstream"
)

// Steps are those of the correct sibling but for the one that has the bug.
func Steps() upstream.Steps {
	steps := upstream.Sibling()

	// Fatal instead of tried again.
	steps.StartFailed = func(err error) error { return err }

	return steps
}
