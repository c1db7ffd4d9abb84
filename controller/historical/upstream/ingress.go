package upstream

import (
	"context"
	"errors"
	"net/netip"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

func (c *Controller) processIngress(ctx context.Context, name types.NamespacedName, e event) error {
	if last, ok := e.deleted.(*v1.GlobalIngressIP); ok {
		return c.release(ctx, last, true)
	}

	gip := &v1.GlobalIngressIP{}

	err := c.Cache.Get(ctx, name, gip)

	switch {
	case apierrors.IsNotFound(err):
		return nil
	case err != nil:
		return err
	case gip.DeletionTimestamp != nil:
		return c.release(ctx, gip, false)
	case ServiceOf(gip) == "":
		return nil
	case e.created:
		return c.allocate(ctx, gip)
	}

	return nil
}

// allocate gives a GlobalIngressIP its address: in memory, then in the internal
// Service, then in the status.
func (c *Controller) allocate(ctx context.Context, cached *v1.GlobalIngressIP) error {
	gip := cached.DeepCopy()

	service, err := c.GetService(ctx, gip.Namespace, ServiceOf(gip))
	if err != nil {
		return c.steps.ServiceUnreadable(err)
	}

	if service == nil {
		return nil // the GlobalIngressIP goes with it
	}

	addr, err := c.takeAddress(ctx, gip)
	if err != nil {
		return err
	}

	if gip, err = c.finalize(ctx, gip); err != nil {
		return err
	}

	if err := c.ensureInternalService(ctx, service, addr); err != nil {
		return err
	}

	err = c.writeStatus(ctx, gip, &addr, metav1.Condition{
		Status: metav1.ConditionTrue, Reason: v1.ReasonSuccess, Message: "Allocated global IP",
	})
	if err != nil {
		c.steps.StatusWriteFailed(c, gip, addr)
	}

	return err
}

// writeStatus changes the status of the object as it is now, whatever the cache
// knew of it. The address stays as it is if addr is nil, and is cleared if it is
// the zero Addr.
func (c *Controller) writeStatus(ctx context.Context, gip *v1.GlobalIngressIP, addr *netip.Addr, condition metav1.Condition) error {
	fresh := &v1.GlobalIngressIP{}
	if err := c.API.Get(ctx, client.ObjectKeyFromObject(gip), fresh); err != nil {
		return err
	}

	changed := fresh.DeepCopy()
	if addr != nil {
		changed.Status.AllocatedIP = ""
		if addr.IsValid() {
			changed.Status.AllocatedIP = addr.String()
		}
	}

	condition.Type = v1.ConditionAllocated
	condition.ObservedGeneration = fresh.Generation
	c.steps.SetCondition(&changed.Status.Conditions, condition)

	if equality.Semantic.DeepEqual(fresh.Status, changed.Status) {
		return nil
	}

	return c.API.Status().Update(ctx, changed)
}

// takeAddress returns the address gip has, else takes one from the pool.
func (c *Controller) takeAddress(ctx context.Context, gip *v1.GlobalIngressIP) (netip.Addr, error) {
	addr, err := c.steps.CurrentAddress(ctx, c, gip)
	if err != nil || addr.IsValid() {
		return addr, err
	}

	addr, err = c.Pool.Allocate()
	if err == nil {
		c.Assigned[client.ObjectKeyFromObject(gip)] = addr

		return addr, nil
	}

	return addr, errors.Join(err, c.writeStatus(ctx, gip, nil, metav1.Condition{
		Status: metav1.ConditionFalse, Reason: v1.ReasonIPPoolAllocationFailed,
		Message: "Error allocating a global IP from the pool: " + err.Error(),
	}))
}

// currentAddress asks memory first and then the API server: the cache may not
// have seen yet what was published a moment ago.
func currentAddress(ctx context.Context, c *Controller, gip *v1.GlobalIngressIP) (netip.Addr, error) {
	fresh, err := c.Fresh(ctx, gip)
	if err != nil {
		return netip.Addr{}, err
	}

	*gip = *fresh

	if addr, ok := c.Assigned[client.ObjectKeyFromObject(gip)]; ok {
		return addr, nil
	}

	addr, err := netip.ParseAddr(fresh.Status.AllocatedIP)
	if err != nil {
		return netip.Addr{}, nil
	}

	if err := c.Pool.Reserve(addr); err != nil {
		return netip.Addr{}, nil
	}

	c.Assigned[client.ObjectKeyFromObject(gip)] = addr

	return addr, nil
}

// Fresh reads gip from the API server.
func (c *Controller) Fresh(ctx context.Context, gip *v1.GlobalIngressIP) (*v1.GlobalIngressIP, error) {
	fresh := &v1.GlobalIngressIP{}
	err := c.API.Get(ctx, client.ObjectKeyFromObject(gip), fresh)

	if err == nil && (fresh.UID != gip.UID || fresh.DeletionTimestamp != nil) {
		err = errors.New("the GlobalIngressIP was replaced or is being deleted")
	}

	return fresh, err
}

func (c *Controller) finalize(ctx context.Context, gip *v1.GlobalIngressIP) (*v1.GlobalIngressIP, error) {
	for _, finalizer := range c.steps.Finalizers() {
		if slices.Contains(gip.Finalizers, finalizer) {
			continue
		}

		gip = gip.DeepCopy()
		controllerutil.AddFinalizer(gip, finalizer)

		if err := c.API.Update(ctx, gip); err != nil {
			return gip, err
		}
	}

	return gip, nil
}

// release takes the internal Service away, lets go of the GlobalIngressIP and
// gives the address back to the pool. If its Service is exported after all, the
// address stays with it, for the GlobalIngressIP that is made anew; gone says
// that the deletion was not held up, and then it does not.
func (c *Controller) release(ctx context.Context, gip *v1.GlobalIngressIP, gone bool) error {
	if c.released[gip.UID] {
		return nil
	}

	serves, err := c.stillServes(ctx, gip)
	if err != nil {
		return err
	}

	addr := c.steps.AddressToRelease(c, gip)
	if serves && !gone {
		if err := c.letGo(ctx, gip); err != nil {
			return err
		}

		c.released[gip.UID] = true
		c.Requeue(KindExport, gip.Namespace, ServiceOf(gip))

		return nil
	}

	if addr.IsValid() {
		if err := c.removeInternalService(ctx, gip.Namespace, ServiceOf(gip), addr); err != nil {
			return err
		}
	}

	if err := c.letGo(ctx, gip); err != nil {
		return err
	}

	if addr.IsValid() {
		c.Pool.Release(addr)
		delete(c.Assigned, client.ObjectKeyFromObject(gip))
	}

	c.released[gip.UID] = true

	if serves {
		c.Requeue(KindExport, gip.Namespace, ServiceOf(gip))
	}

	return nil
}

// addressToRelease asks memory first: the object as last seen may not carry the
// address yet.
func addressToRelease(c *Controller, gip *v1.GlobalIngressIP) netip.Addr {
	if addr, ok := c.Assigned[client.ObjectKeyFromObject(gip)]; ok {
		return addr
	}

	addr, _ := netip.ParseAddr(gip.Status.AllocatedIP)

	return addr
}

func (c *Controller) letGo(ctx context.Context, gip *v1.GlobalIngressIP) error {
	if gip.DeletionTimestamp == nil || !slices.Contains(gip.Finalizers, v1.Finalizer) {
		return nil
	}

	freed := gip.DeepCopy()
	controllerutil.RemoveFinalizer(freed, v1.Finalizer)

	err := c.API.Update(ctx, freed)

	return client.IgnoreNotFound(err)
}

func setCondition(conditions *[]metav1.Condition, condition metav1.Condition) {
	meta.SetStatusCondition(conditions, condition)
}
