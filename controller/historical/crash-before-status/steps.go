// Package crashbeforestatus re-creates a flaw of Submariner's design: an
// address in use but not yet published when the controller crashed is given to
// another.
package crashbeforestatus

import (
	"context"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/historical/upstream"
)

// Steps are those of the correct sibling but for the one that has the bug.
func Steps() upstream.Steps {
	steps := upstream.Sibling()

	// Only what is published is reserved at start.
	steps.ReserveCarried = func(context.Context, *upstream.Controller, *v1.GlobalIngressIP) error { return nil }

	return steps
}
