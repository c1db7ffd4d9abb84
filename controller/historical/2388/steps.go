// Package b2388 re-creates Submariner's issue 2388: creating and deleting in
// quick succession leaks the address and its internal Service.
package b2388

import (
	"net/netip"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/historical/upstream"
)

// Steps are those of the correct sibling but for the one that has the bug.
func Steps() upstream.Steps {
	steps := upstream.Sibling()

	// The object as last seen need not carry the address yet.
	steps.AddressToRelease = func(_ *upstream.Controller, lastSeen *v1.GlobalIngressIP) netip.Addr {
		addr, _ := netip.ParseAddr(lastSeen.Status.AllocatedIP)

		return addr
	}

	return steps
}
