// Package b3336 re-creates Submariner's issue 3336: one failed look-up of an
// internal Service at start frees the global IP.
package b3336

import (
	"context"
	"fmt"
	"net/netip"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/historical/upstream"
)

// Steps are those of the correct sibling but for the one that has the bug.
func Steps() upstream.Steps {
	steps := upstream.Sibling()

	// An error of the look-up is taken for the absence of the Service.
	steps.VerifyInternal = func(ctx context.Context, c *upstream.Controller, gip *v1.GlobalIngressIP, addr netip.Addr) error {
		name := v1.InternalServiceName(upstream.ServiceOf(gip))

		internal, err := c.GetService(ctx, gip.Namespace, name)
		if err == nil && internal != nil {
			return nil
		}

		c.Pool.Release(addr)
		delete(c.Assigned, client.ObjectKeyFromObject(gip))

		return c.GiveUp(ctx, gip, fmt.Errorf("internal service %s/%s does not exist", gip.Namespace, name))
	}

	return steps
}
