// Package relistrecreate re-creates a flaw of Submariner's design: a
// GlobalIngressIP deleted and created again across a watch expiry is taken for
// an update, and never gets an address.
package relistrecreate

import (
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatrial/seatrial/controller/historical/upstream"
)

// Steps are those of the correct sibling but for the one that has the bug.
func Steps() upstream.Steps {
	steps := upstream.Sibling()

	// A name is taken for the object.
	steps.IsAnother = func(_, _ client.Object) bool { return false }

	return steps
}
