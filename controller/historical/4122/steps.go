// Package b4122 re-creates Submariner's issue 4122: a stale cache makes a
// GlobalIngressIP look as if it had no address, and it gets a second one.
package b4122

import (
	"context"
	"net/netip"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/historical/upstream"
)

// Steps are those of the correct sibling but for the one that has the bug.
func Steps() upstream.Steps {
	steps := upstream.Sibling()

	// Whether there is an address is read from the cache, which may not have
	// seen the status that was written a moment ago.
	steps.CurrentAddress = func(_ context.Context, _ *upstream.Controller, cached *v1.GlobalIngressIP) (netip.Addr, error) {
		addr, _ := netip.ParseAddr(cached.Status.AllocatedIP)

		return addr, nil
	}

	return steps
}
