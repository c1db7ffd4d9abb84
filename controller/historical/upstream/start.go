package upstream

import (
	"context"
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	mcsv1alpha1 "sigs.k8s.io/mcs-api/pkg/apis/v1alpha1"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

// ReasonReserveFailed is the reason upstream gives for an address it could not
// keep over a restart.
const ReasonReserveFailed = v1.ReasonReserveAllocatedIPsFailed

// rebuild fills an empty pool with what is published, and checks the internal
// Services, before anything is watched.
func (c *Controller) rebuild(ctx context.Context) error {
	c.Pool = newPool(c.options.CIDRs)
	c.Assigned = map[types.NamespacedName]netip.Addr{}
	c.released = map[types.UID]bool{}

	gips, err := c.steps.ListPublished(ctx, c)
	if err != nil {
		return fmt.Errorf("list GlobalIngressIPs: %w", err)
	}

	for i := range gips {
		if err := c.reserve(ctx, &gips[i]); err != nil {
			return err
		}
	}

	c.steps.CompareAtStart(c, gips)

	return nil
}

func (c *Controller) reserve(ctx context.Context, gip *v1.GlobalIngressIP) error {
	addr, err := netip.ParseAddr(gip.Status.AllocatedIP)
	if err != nil {
		return c.steps.ReserveCarried(ctx, c, gip)
	}

	if err := c.Pool.Reserve(addr); err != nil {
		return c.steps.ReservationFailed(ctx, c, gip, err)
	}

	c.Assigned[client.ObjectKeyFromObject(gip)] = addr

	return c.steps.VerifyInternal(ctx, c, gip, addr)
}

func listPublished(ctx context.Context, c *Controller) ([]v1.GlobalIngressIP, error) {
	var list v1.GlobalIngressIPList
	err := c.API.List(ctx, &list)

	return list.Items, err
}

// reservationFailed gives up an address that cannot be kept, says so, and goes
// on: the GlobalIngressIP gets another one when it is processed.
func reservationFailed(ctx context.Context, c *Controller, gip *v1.GlobalIngressIP, cause error) error {
	return c.GiveUp(ctx, gip, cause)
}

// GiveUp clears the published address of gip.
func (c *Controller) GiveUp(ctx context.Context, gip *v1.GlobalIngressIP, cause error) error {
	err := c.writeStatus(ctx, gip, new(netip.Addr), metav1.Condition{
		Status: metav1.ConditionFalse, Reason: ReasonReserveFailed,
		Message: fmt.Sprintf("Error reserving the allocated global IP(s) from the pool: %v", cause),
	})
	if err != nil {
		return fmt.Errorf("clear the address of %s/%s: %w", gip.Namespace, gip.Name, err)
	}

	return nil
}

// verifyInternal takes neither an error nor an absence for a reason to give up
// an address: processing the GlobalIngressIP puts its internal Service right.
func verifyInternal(_ context.Context, c *Controller, gip *v1.GlobalIngressIP, _ netip.Addr) error {
	c.Requeue(KindIngress, gip.Namespace, gip.Name)

	return nil
}

// reserveCarried reserves what was in use when the controller stopped between
// writing the internal Service and publishing the address.
func reserveCarried(ctx context.Context, c *Controller, gip *v1.GlobalIngressIP) error {
	internal, err := c.GetService(ctx, gip.Namespace, v1.InternalServiceName(ServiceOf(gip)))
	if err != nil || internal == nil || len(internal.Spec.ExternalIPs) == 0 {
		return err
	}

	addr, err := netip.ParseAddr(internal.Spec.ExternalIPs[0])
	if err != nil {
		return nil
	}

	if err := c.Pool.Reserve(addr); err == nil {
		c.Assigned[client.ObjectKeyFromObject(gip)] = addr
	}

	return nil
}

// compareAtStart notes the Service and the export of every GlobalIngressIP as
// deleted. For those that exist, the informers then say so.
func compareAtStart(c *Controller, gips []v1.GlobalIngressIP) {
	for i := range gips {
		gip := &gips[i]

		name := types.NamespacedName{Namespace: gip.Namespace, Name: ServiceOf(gip)}
		if name.Name != "" {
			c.queue.deleted(item{KindExport, name}, &mcsv1alpha1.ServiceExport{})
			c.queue.deleted(item{KindService, name}, &corev1.Service{})
		}
	}
}
