// Package createreaderror re-creates a flaw of Submariner's design: one failed
// read of an exported Service, and it never gets an address.
package createreaderror

import (
	"github.com/seatrial/seatrial/controller/historical/upstream"
)

// Steps are those of the correct sibling but for the one that has the bug.
func Steps() upstream.Steps {
	steps := upstream.Sibling()

	// Logged, and forgotten.
	steps.ServiceUnreadable = func(error) error { return nil }

	return steps
}
