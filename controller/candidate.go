package controller

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/queue"
)

// attempts is how many addresses are tried in one go before backing off. More
// than one is needed only when somebody else claims addresses that the cache
// has not shown yet.
const attempts = 8

// held is a GlobalIngressIP with the address that is its property.
type held struct {
	gip  *v1.GlobalIngressIP
	addr netip.Addr
}

// ensureClaim returns the address that is gip's property, after claiming one
// if none is.
func (r *reconciler) ensureClaim(ctx context.Context, gip *v1.GlobalIngressIP) (held, error) {
	claims, err := r.cachedClaims(ctx, client.ObjectKeyFromObject(gip))
	if err != nil {
		return held{}, err
	}

	carried, err := r.cachedCarried(ctx, gip)
	if err != nil {
		return held{}, err
	}

	if addr, ok := chooseOwn(r.staying(claims), gip, carried); ok {
		return held{gip, addr}, nil
	}

	if carried == "" && len(claims) == 0 && r.nothingToClaim(ctx, gip) {
		return held{}, poolExhausted()
	}

	// The cache shows no claim, but the cache may be behind: before anything
	// new is claimed, the API server says what is written down, and whether the
	// Service is still the one that the GlobalIngressIP was made for.
	fresh := &v1.GlobalIngressIP{}
	if err := r.calls.get(ctx, client.ObjectKeyFromObject(gip), fresh); err != nil {
		return held{}, behindIfNotFound(err)
	}

	if fresh.UID != gip.UID || fresh.DeletionTimestamp != nil {
		return held{}, fmt.Errorf("GlobalIngressIP %s/%s was replaced or deleted: %w", gip.Namespace, gip.Name, errCacheBehind)
	}

	service, err := r.readService(ctx, fresh)
	if err != nil {
		return held{}, err
	}

	if string(service.UID) != fresh.Annotations[v1.ServiceUIDAnnotation] {
		return held{}, fmt.Errorf("service %s/%s was created anew: %w", service.Namespace, service.Name, errCacheBehind)
	}

	h, ok, err := r.reclaim(ctx, fresh, !r.moveOutside)
	if err != nil || ok {
		return h, stepFailed(v1.ReasonReserveAllocatedIPsFailed, err)
	}

	fresh = h.gip

	h, err = r.claimNew(ctx, fresh)
	if errors.Is(err, errPoolExhausted) {
		// Better outside the CIDRs than none.
		if addr, ok := chooseOwn(claims, fresh, carried); ok {
			return held{fresh, addr}, nil
		}

		if r.moveOutside {
			if h, ok, err := r.reclaim(ctx, fresh, true); err != nil || ok {
				return h, stepFailed(v1.ReasonReserveAllocatedIPsFailed, err)
			}
		}

		// What is still claimed for a Service that this one has replaced may be the
		// very address that is waited for.
		for i := range claims {
			if relation(&claims[i], fresh) == staleClaim {
				err = errors.Join(err, r.retire(ctx, &claims[i]))
			}
		}
	}

	return h, err
}

// staying leaves out the claims to addresses outside the CIDRs, if their owners are
// to move. What is not chosen is released once another address is in service.
func (r *reconciler) staying(claims []networkingv1.IPAddress) []networkingv1.IPAddress {
	if !r.moveOutside {
		return claims
	}

	return slices.DeleteFunc(slices.Clone(claims), func(claim networkingv1.IPAddress) bool {
		addr, ok := parseAddr(claim.Name)

		return ok && !r.pool.Contains(addr)
	})
}

// cachedCarried returns the address that gip's internal Service carries, as far
// as the cache knows.
func (r *reconciler) cachedCarried(ctx context.Context, gip *v1.GlobalIngressIP) (string, error) {
	if leadsBehind(gip) {
		return "", nil
	}

	internal := &corev1.Service{}

	found, err := r.lookUp(ctx, internalServiceName(gip.Namespace, serviceOf(gip)), internal)
	if err != nil || !found {
		return "", err
	}

	return r.ofPool(carriedBy(internal, serviceOf(gip))), nil
}

// chooseOwn picks, among the claims in the cache, the one that is gip's. If
// there are several: the published one, else the carried one.
func chooseOwn(claims []networkingv1.IPAddress, gip *v1.GlobalIngressIP, carried string) (netip.Addr, bool) {
	var own []string

	for i := range claims {
		if relation(&claims[i], gip) == ownClaim && claims[i].DeletionTimestamp == nil {
			own = append(own, claims[i].Name)
		}
	}

	for _, preferred := range []string{gip.Status.AllocatedIP, carried, gip.Annotations[v1.AddressAnnotation]} {
		for _, name := range own {
			if name == preferred {
				return parseAddr(name)
			}
		}
	}

	if len(own) > 0 {
		return parseAddr(own[0])
	}

	return netip.Addr{}, false
}

func parseAddr(s string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(s)

	return addr, err == nil
}

// nothingToClaim reports, from memory alone, that gip has no address written
// down and the pool has none to offer, so that waiting costs no API calls.
func (r *reconciler) nothingToClaim(ctx context.Context, gip *v1.GlobalIngressIP) bool {
	if gip.Annotations[v1.AddressAnnotation] != "" {
		return false
	}

	_, free := r.propose(ctx, client.ObjectKeyFromObject(gip).String())

	return !free
}

// propose asks the pool for an address. If it has none, it is first compared
// with the cache: a claim that came and went while a watch was broken was never
// heard of again. That is done once in a while only, for it looks at every
// claim there is.
func (r *reconciler) propose(ctx context.Context, owner string) (netip.Addr, bool) {
	addr, ok := r.pool.Propose(owner)
	if ok || !r.resynced.Due(queue.LastRetry) {
		return addr, ok
	}

	var claims networkingv1.IPAddressList
	if err := r.cached.List(ctx, &claims); err != nil {
		return addr, false
	}

	claimed := make([]netip.Addr, 0, len(claims.Items))

	for i := range claims.Items {
		if addr, ok := parseAddr(claims.Items[i].Name); ok {
			claimed = append(claimed, addr)
		}
	}

	r.pool.Resync(claimed)

	return r.pool.Propose(owner)
}

func poolExhausted() error { return stepFailed(v1.ReasonIPPoolAllocationFailed, errPoolExhausted) }

func behindIfNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("%v: %w", err, errCacheBehind)
	}

	return err
}

// reclaim claims the address that is already in use for gip, be it outside the CIDRs
// only if outside says so. It returns false, and gip as it is now, if there is none,
// or if it is somebody else's.
func (r *reconciler) reclaim(ctx context.Context, gip *v1.GlobalIngressIP, outside bool) (held, bool, error) {
	inUse, err := r.inUse(ctx, gip)

	addr, ok := parseAddr(inUse)
	if err != nil || !ok || !outside && !r.pool.Contains(addr) {
		return held{gip: gip}, false, err
	}

	if gip, err = r.writeDown(ctx, gip, addr); err != nil {
		return held{}, false, err
	}

	ours, err := r.acquire(ctx, gip, addr)
	if err != nil || ours {
		return held{gip, addr}, ours, err
	}

	r.log(ctx).Info("the address in use belongs to another owner: taking another one", "address", addr)

	// With no other one to take it stays in use, and is found taken each time.
	if r.failures.First(queue.IngressKey(gip.Namespace, gip.Name), addr.String()) {
		r.warn(gip, v1.ReasonReserveAllocatedIPsFailed, "Global IP %s belongs to another owner; another one is allocated", addr)
	}

	// What leads to gip's Service takes packets that are for the other owner.
	if gip.Status.AllocatedIP == "" && !leadsBehind(gip) {
		return held{gip: gip}, false, r.removeInternalServiceOf(ctx, servedBy(gip).NamespacedName, addr.String())
	}

	return held{gip: gip}, false, nil
}

// inUse returns the address by which gip's Service is reachable, or "": the one
// that is still claimed for an earlier object of gip's name, unless the published one
// is claimed for gip itself, else the published one, else the one its internal Service
// carries because a crash came before it was published. Nobody edits a claim by chance; a status that was restored from a
// backup is of long ago.
func (r *reconciler) inUse(ctx context.Context, gip *v1.GlobalIngressIP) (string, error) {
	claims, err := r.cachedClaims(ctx, client.ObjectKeyFromObject(gip))
	if err != nil {
		return "", err
	}

	published := publishedBy(gip)

	for i := range claims {
		if relation(&claims[i], gip) != inheritedClaim || claims[i].DeletionTimestamp != nil {
			continue
		}

		// A cache that was behind may show it only now, when gip has had to do without.
		if addr, ok := parseAddr(published); ok {
			if err := r.proveClaim(ctx, gip, addr); !errors.Is(err, errCacheBehind) {
				return published, err
			}
		}

		return claims[i].Name, nil
	}

	if published != "" || leadsBehind(gip) {
		return published, nil
	}

	carried, err := r.readCarried(ctx, gip)

	return r.ofPool(carried), err
}

// readCarried reads from the API server which address gip's internal Service carries.
func (r *reconciler) readCarried(ctx context.Context, gip *v1.GlobalIngressIP) (string, error) {
	internal := &corev1.Service{}

	err := r.calls.get(ctx, internalServiceName(gip.Namespace, serviceOf(gip)), internal)
	if err != nil {
		return "", client.IgnoreNotFound(err)
	}

	return carriedBy(internal, serviceOf(gip)), nil
}

// ofPool returns an address that an internal Service carries, or "" if it is not
// one of the pool's: a hand-made Service proves nothing.
func (r *reconciler) ofPool(carried string) string {
	addr, ok := parseAddr(carried)
	if !ok || !r.pool.Contains(addr) {
		return ""
	}

	return addr.String()
}

// carriedBy returns the one external IP of a Service's internal Service, or "".
func carriedBy(internal *corev1.Service, service string) string {
	if internal.Labels[v1.InternalServiceLabel] != service || len(internal.Spec.ExternalIPs) != 1 {
		return ""
	}

	return internal.Spec.ExternalIPs[0]
}

// claimNew claims the address written down on gip, or the next free one.
func (r *reconciler) claimNew(ctx context.Context, gip *v1.GlobalIngressIP) (held, error) {
	owner := client.ObjectKeyFromObject(gip).String()

	if addr, ok := parseAddr(gip.Annotations[v1.AddressAnnotation]); ok {
		r.pool.Hold(owner, addr) // the cache may not have shown it yet
	}

	for range attempts {
		addr, ok := r.propose(ctx, owner)
		if !ok {
			return held{}, poolExhausted()
		}

		written, err := r.writeDown(ctx, gip, addr)
		if err != nil {
			return held{}, stepFailed(v1.ReasonClaimFailed, err)
		}

		gip = written

		ours, err := r.acquire(ctx, gip, addr)
		if err != nil {
			return held{}, stepFailed(v1.ReasonClaimFailed, err)
		}

		if ours {
			r.log(ctx).Info("claimed a global IP", "address", addr)

			return held{gip, addr}, nil
		}

		r.log(ctx).Info("the address belongs to another owner: trying the next", "address", addr)
		r.pool.Drop(owner)
	}

	return held{}, stepFailed(v1.ReasonClaimFailed,
		fmt.Errorf("the last %d addresses tried belong to others: %w", attempts, errCacheBehind))
}

// writeDown notes on gip which address is about to be claimed for it, so that a claim
// whose creation has an unknown outcome is tried again under the same name, and so
// that the status that will show the address is known to be no edit.
func (r *reconciler) writeDown(ctx context.Context, gip *v1.GlobalIngressIP, addr netip.Addr) (*v1.GlobalIngressIP, error) {
	if gip.Annotations[v1.AddressAnnotation] == addr.String() {
		return gip, nil
	}

	noted := gip.DeepCopy()
	annotate(noted, v1.AddressAnnotation, addr.String())

	return noted, r.calls.update(ctx, noted)
}

func internalServiceName(namespace, service string) types.NamespacedName {
	return types.NamespacedName{Namespace: namespace, Name: v1.InternalServiceName(service)}
}
