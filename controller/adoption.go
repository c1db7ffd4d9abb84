package controller

import (
	"cmp"
	"context"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

// adopt claims every published address that has no claim, before anything new
// is allocated. In an installation that Submariner wrote none has one; in one
// of ours all have, and adopting reads one list and writes nothing.
//
// The list is a quorum read: an address that a cache did not know to be
// published could otherwise be given to somebody else, and with no claim yet
// nothing would stop it. A claim that cannot be made now is left to its own
// key: its address is held in the pool, so that nobody is proposed it.
func (r *reconciler) adopt(ctx context.Context) error {
	if r.adopted.Load() {
		return nil
	}

	if err := r.removeStaleRules(ctx); err != nil {
		return r.retry(err)
	}

	var list v1.GlobalIngressIPList
	if err := r.calls.list(ctx, &list); err != nil {
		return r.retry(err)
	}

	published := publishedOldestFirst(list.Items)
	for _, p := range published {
		r.pool.Hold(client.ObjectKeyFromObject(p.gip).String(), p.addr)
	}

	for _, p := range published {
		if err := r.adoptOne(ctx, p.gip, p.addr); err != nil {
			r.log(ctx).Info("could not claim a published address yet", "address", p.addr,
				"owner", client.ObjectKeyFromObject(p.gip), "error", err.Error())
		}
	}

	if err := r.enqueuePresent(ctx); err != nil {
		return r.retry(err)
	}

	r.adopted.Store(true)
	r.metrics.usage.observe(r.usage, r.waiting.Count)
	r.waiting.Wake(-1)

	return nil
}

// publishedAddress is an address that a GlobalIngressIP reports in its status.
type publishedAddress struct {
	gip  *v1.GlobalIngressIP
	addr netip.Addr
}

// publishedOldestFirst returns what is published. If two publish the same
// address, the older one comes first, and so keeps it.
func publishedOldestFirst(gips []v1.GlobalIngressIP) []publishedAddress {
	var published []publishedAddress

	for i := range gips {
		if addr, ok := parseAddr(publishedBy(&gips[i])); ok && gips[i].DeletionTimestamp == nil {
			published = append(published, publishedAddress{&gips[i], addr})
		}
	}

	slices.SortFunc(published, func(a, b publishedAddress) int {
		return cmp.Or(
			a.gip.CreationTimestamp.Compare(b.gip.CreationTimestamp.Time),
			cmp.Compare(a.gip.Namespace, b.gip.Namespace),
			cmp.Compare(a.gip.Name, b.gip.Name))
	})

	return published
}

// publishedBy returns the address by which gip is reachable, or "". That is the
// one in its status, unless the status was edited: this controller writes down
// an address on its own GlobalIngressIPs before it claims and publishes it, and
// what it did not write down it did not publish.
func publishedBy(gip *v1.GlobalIngressIP) string {
	own := gip.Annotations[v1.ServiceUIDAnnotation] != ""
	if written := gip.Annotations[v1.AddressAnnotation]; own && gip.Status.AllocatedIP != "" {
		return written
	}

	return gip.Status.AllocatedIP
}

func (r *reconciler) adoptOne(ctx context.Context, gip *v1.GlobalIngressIP, addr netip.Addr) error {
	// One that holds a claim already has nothing to adopt, even if its status
	// was edited to say something else.
	claims, err := r.cachedClaims(ctx, client.ObjectKeyFromObject(gip))
	if err != nil || len(claims) > 0 {
		return err
	}

	found, err := r.lookUp(ctx, servedBy(gip).NamespacedName, &corev1.Service{})
	if err != nil || !found || invalidReference(gip) != "" {
		return err
	}

	gip, err = r.ensureOwnership(ctx, gip)
	if err != nil || publishedBy(gip) != addr.String() {
		return err
	}

	ours, err := r.acquire(ctx, gip, addr)
	if ours {
		r.log(ctx).Info("claimed a published address", "address", addr, "owner", client.ObjectKeyFromObject(gip))
	}

	return err
}
