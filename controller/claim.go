package controller

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

// managedByLabel names the controller behind an IPAddress, by Kubernetes'
// convention.
const managedByLabel = networkingv1.LabelManagedBy

const ingressResource = "globalingressips"

// ownerIndex finds claims by the GlobalIngressIP they name as parent.
const ownerIndex = "globalingressip.submariner.io/owner"

func indexClaimByOwner(obj client.Object) []string {
	claim, ok := obj.(*networkingv1.IPAddress)
	if !ok {
		return nil
	}

	owner, ok := ownerOf(claim)
	if !ok {
		return nil
	}

	return []string{owner.String()}
}

// ownerOf returns the GlobalIngressIP that a claim was made for, or false if
// the IPAddress is not one of this controller's claims.
func ownerOf(claim *networkingv1.IPAddress) (types.NamespacedName, bool) {
	ref := claim.Spec.ParentRef
	if claim.Labels[managedByLabel] != v1.ManagedBy || ref == nil ||
		ref.Group != v1.GroupVersion.Group || ref.Resource != ingressResource {
		return types.NamespacedName{}, false
	}

	return types.NamespacedName{Namespace: ref.Namespace, Name: ref.Name}, true
}

// newClaim is the IPAddress that makes addr the property of gip. The UIDs make
// it that of this very object and this very Service: names come again.
func newClaim(gip *v1.GlobalIngressIP, addr netip.Addr) *networkingv1.IPAddress {
	claim := &networkingv1.IPAddress{
		ObjectMeta: metav1.ObjectMeta{
			Name:   addr.String(),
			Labels: map[string]string{managedByLabel: v1.ManagedBy},
			Annotations: map[string]string{
				v1.OwnerUIDAnnotation:   string(gip.UID),
				v1.ServiceAnnotation:    serviceOf(gip),
				v1.ServiceUIDAnnotation: gip.Annotations[v1.ServiceUIDAnnotation],
			},
		},
		Spec: networkingv1.IPAddressSpec{ParentRef: &networkingv1.ParentReference{
			Group:     v1.GroupVersion.Group,
			Resource:  ingressResource,
			Namespace: gip.Namespace,
			Name:      gip.Name,
		}},
	}

	t := targetOf(gip)
	if t.pod != "" {
		claim.Annotations[v1.PodAnnotation] = t.pod
	}

	if t.endpoint != "" {
		claim.Annotations[v1.EndpointAnnotation] = t.endpoint
	}

	return claim
}

// holding says in what relation a claim stands to a GlobalIngressIP.
type holding int

const (
	// othersClaim: somebody else's, and to be respected.
	othersClaim holding = iota
	// ownClaim: made for this very GlobalIngressIP.
	ownClaim
	// inheritedClaim: made for an earlier object of the same name and the same
	// Service. It is taken over, so that the Service keeps its address.
	inheritedClaim
	// staleClaim: made for an earlier object of the same name and another
	// Service. Both are gone; it must be released before anything else.
	staleClaim
)

func relation(claim *networkingv1.IPAddress, gip *v1.GlobalIngressIP) holding {
	owner, ok := ownerOf(claim)

	switch {
	case !ok || owner != client.ObjectKeyFromObject(gip):
		return othersClaim
	case claim.Annotations[v1.OwnerUIDAnnotation] == string(gip.UID):
		return ownClaim
	case claim.Annotations[v1.ServiceUIDAnnotation] == gip.Annotations[v1.ServiceUIDAnnotation]:
		return inheritedClaim
	default:
		return staleClaim
	}
}

// cachedClaims returns the claims that name owner as parent, in order of
// address.
func (r *reconciler) cachedClaims(ctx context.Context, owner types.NamespacedName) ([]networkingv1.IPAddress, error) {
	var list networkingv1.IPAddressList
	if err := r.cached.List(ctx, &list, client.MatchingFields{ownerIndex: owner.String()}); err != nil {
		return nil, fmt.Errorf("list claims of %s in the cache: %w", owner, err)
	}

	slices.SortFunc(list.Items, func(a, b networkingv1.IPAddress) int { return strings.Compare(a.Name, b.Name) })

	return list.Items, nil
}

// acquire makes addr the property of gip, and reports whether it is: false
// means that it is somebody else's. Any outcome of the creation, a lost answer
// included, is settled by reading the claim when the name turns out taken.
func (r *reconciler) acquire(ctx context.Context, gip *v1.GlobalIngressIP, addr netip.Addr) (bool, error) {
	err := r.calls.create(ctx, newClaim(gip, addr))
	if err == nil {
		return true, nil
	}

	if !apierrors.IsAlreadyExists(err) {
		return false, err
	}

	var claim networkingv1.IPAddress
	if err := r.calls.get(ctx, types.NamespacedName{Name: addr.String()}, &claim); err != nil {
		return false, err
	}

	ours, err := r.takeOver(ctx, gip, &claim)
	if err == nil {
		r.pool.Claimed(addr) // the cache may not have shown it yet
	}

	return ours, err
}

// takeOver makes an existing claim gip's own if it may be.
func (r *reconciler) takeOver(ctx context.Context, gip *v1.GlobalIngressIP, claim *networkingv1.IPAddress) (bool, error) {
	switch relation(claim, gip) {
	case ownClaim:
		return true, nil
	case inheritedClaim:
		inherited := claim.DeepCopy()
		inherited.Annotations[v1.OwnerUIDAnnotation] = string(gip.UID)

		if err := r.calls.update(ctx, inherited); err != nil {
			return false, err
		}

		r.log(ctx).Info("took over the claim of an earlier GlobalIngressIP of the same Service", "address", claim.Name)

		return true, nil
	case staleClaim:
		if err := r.retire(ctx, claim); err != nil {
			return false, err
		}

		return false, fmt.Errorf("claim %s of an earlier owner was released: %w", claim.Name, errCacheBehind)
	case othersClaim:
	}

	return false, nil
}

// proveClaim asks the API server whether addr is gip's, before it is put to use: a
// cache that is behind, as after a restart at an API server that lags, may show a
// claim that was given back and is another's by now.
func (r *reconciler) proveClaim(ctx context.Context, gip *v1.GlobalIngressIP, addr netip.Addr) error {
	claim := &networkingv1.IPAddress{}
	if err := r.calls.get(ctx, types.NamespacedName{Name: addr.String()}, claim); err != nil {
		return behindIfNotFound(err)
	}

	if relation(claim, gip) != ownClaim || claim.DeletionTimestamp != nil {
		return fmt.Errorf("claim %s is not that of %s any more: %w", addr, client.ObjectKeyFromObject(gip), errCacheBehind)
	}

	return nil
}
