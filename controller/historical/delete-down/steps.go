// Package deletedown re-creates a flaw of Submariner's design: a
// GlobalIngressIP deleted while the controller is down leaves its internal
// Service, and its address is given out again.
package deletedown

import (
	"github.com/seatrial/seatrial/controller/historical/upstream"
)

// Steps are those of the correct sibling but for the one that has the bug.
func Steps() upstream.Steps {
	steps := upstream.Sibling()

	// Nothing holds a GlobalIngressIP until it was cleaned up.
	steps.Finalizers = func() []string { return nil }

	return steps
}
