// Package statuswritelost re-creates a flaw of Submariner's design: a failed
// write of the status costs a second address, and the first leaks.
package statuswritelost

import (
	"net/netip"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/historical/upstream"
)

// Steps are those of the correct sibling but for the one that has the bug.
func Steps() upstream.Steps {
	steps := upstream.Sibling()

	// The allocation lives in the status that is being written, nowhere else.
	steps.StatusWriteFailed = func(c *upstream.Controller, gip *v1.GlobalIngressIP, _ netip.Addr) {
		delete(c.Assigned, client.ObjectKeyFromObject(gip))
	}

	return steps
}
