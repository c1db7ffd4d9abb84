// Package b1457 re-creates Submariner's issue 1457: an export or Service
// deleted while the controller is down leaks its GlobalIngressIP and its
// address.
package b1457

import (
	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/historical/upstream"
)

// Steps are those of the correct sibling but for the one that has the bug.
func Steps() upstream.Steps {
	steps := upstream.Sibling()

	// Nobody asks what is no longer there.
	steps.CompareAtStart = func(*upstream.Controller, []v1.GlobalIngressIP) {}

	return steps
}
