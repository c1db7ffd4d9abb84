// Package splitbrain re-creates a flaw of Submariner's design: an old leader
// finishes its work after the new one has assigned the same address.
package splitbrain

import (
	"context"

	"github.com/seatrial/seatrial/controller/historical/upstream"
)

// Steps are those of the correct sibling but for the one that has the bug.
func Steps() upstream.Steps {
	steps := upstream.Sibling()

	// What was begun as the leader goes on when the lease is lost.
	steps.WorkContext = func(_, living context.Context) context.Context { return living }

	return steps
}
