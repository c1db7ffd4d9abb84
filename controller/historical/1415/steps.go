// Package b1415 re-creates Submariner's issue 1415: an address that cannot be
// reserved, as after a change of the CIDR, blocks the start for ever.
package b1415

import (
	"context"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/historical/upstream"
)

// Steps are those of the correct sibling but for the one that has the bug.
func Steps() upstream.Steps {
	steps := upstream.Sibling()

	// The refusal is returned instead of being dealt with, and so the next
	// attempt to start meets it again.
	steps.ReservationFailed = func(_ context.Context, _ *upstream.Controller, _ *v1.GlobalIngressIP, cause error) error {
		return cause
	}

	return steps
}
