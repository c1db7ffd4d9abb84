package controller

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

// release lets a GlobalIngressIP that is being deleted go, and with it its
// address, if its Service is proven gone. If the Service is still exported,
// somebody deleted the GlobalIngressIP by hand: then the claim and the internal
// Service stay in place for the one that is created anew.
func (r *reconciler) release(ctx context.Context, gip *v1.GlobalIngressIP) error {
	if !slices.Contains(gip.Finalizers, v1.Finalizer) {
		return nil
	}

	s := servedBy(gip)
	s.orphan = true

	fate, err := r.prove(ctx, s)

	switch {
	case err != nil:
		return err
	case fate.gone == "" && fate.ending:
		return fmt.Errorf("the Service or its export: %w", errAwaitingDeletion)
	case fate.gone == "":
		r.log(ctx).Info("the GlobalIngressIP of an exported Service was deleted: its address is kept for the next one")

		return r.letGo(ctx, gip)
	}

	gip, err = r.readAgain(ctx, gip)
	if err != nil {
		return err
	}

	r.log(ctx).Info("releasing the global IP", "address", gip.Status.AllocatedIP, "reason", fate.gone)

	gip, err = r.unpublish(ctx, gip, fate.gone)
	if err != nil {
		return err
	}

	if err := r.removeDataPath(ctx, gip); err != nil {
		return err
	}

	if err := r.releaseClaims(ctx, gip); err != nil {
		return err
	}

	return r.letGo(ctx, gip)
}

// readAgain reads from the API server the GlobalIngressIP that the cache shows. After
// a restart at an API server that lags that may be one of the past, whose successor
// has published the very address since: it would be released without being taken out
// of the successor's status.
func (r *reconciler) readAgain(ctx context.Context, gip *v1.GlobalIngressIP) (*v1.GlobalIngressIP, error) {
	fresh := &v1.GlobalIngressIP{}
	if err := r.calls.get(ctx, client.ObjectKeyFromObject(gip), fresh); err != nil {
		return nil, behindIfNotFound(err)
	}

	if fresh.UID != gip.UID {
		return nil, fmt.Errorf("GlobalIngressIP %s/%s was replaced: %w", gip.Namespace, gip.Name, errCacheBehind)
	}

	return fresh, nil
}

// removeDataPath takes away what leads from the global IP to its target. A
// GlobalIngressIP that was refused for its reference never had any, and its
// reference's internal Service is another's.
func (r *reconciler) removeDataPath(ctx context.Context, gip *v1.GlobalIngressIP) error {
	if invalidReference(gip) != "" || leadsBehind(gip) {
		return nil // a rule goes with its claim
	}

	return r.removeInternalService(ctx, gip.Namespace, serviceOf(gip))
}

// releaseClaims deletes every claim of gip: those the cache shows, and those
// written down, which the cache may not show yet.
func (r *reconciler) releaseClaims(ctx context.Context, gip *v1.GlobalIngressIP) error {
	claims, err := r.cachedClaims(ctx, client.ObjectKeyFromObject(gip))
	if err != nil {
		return err
	}

	names := []string{gip.Status.AllocatedIP, gip.Annotations[v1.AddressAnnotation]}
	for i := range claims {
		names = append(names, claims[i].Name)
	}

	slices.Sort(names)

	for _, name := range slices.Compact(names) {
		if name == "" {
			continue
		}

		if err := r.releaseClaim(ctx, gip, name); err != nil {
			return err
		}
	}

	return nil
}

func (r *reconciler) releaseClaim(ctx context.Context, gip *v1.GlobalIngressIP, name string) error {
	var claim networkingv1.IPAddress

	err := r.calls.get(ctx, types.NamespacedName{Name: name}, &claim)
	if apierrors.IsNotFound(err) {
		return nil
	}

	if err != nil {
		return err
	}

	switch relation(&claim, gip) {
	case ownClaim, inheritedClaim: // the latter was about to be taken over
	case staleClaim, othersClaim:
		return nil
	}

	if err := r.deleteClaim(ctx, &claim); err != nil {
		return err
	}

	r.tell(gip, v1.ReasonReleased, "Released global IP %s", name)

	return nil
}

// letGo removes the finalizer, the last thing that keeps gip.
func (r *reconciler) letGo(ctx context.Context, gip *v1.GlobalIngressIP) error {
	freed := gip.DeepCopy()
	controllerutil.RemoveFinalizer(freed, v1.Finalizer)

	err := r.calls.update(ctx, freed)

	return client.IgnoreNotFound(err)
}

// releaseSurplus deletes claims that belong to a GlobalIngressIP beside the one
// in use. They come from two controllers that acted at once, or from a creation
// that took effect long after its time-out.
func (r *reconciler) releaseSurplus(ctx context.Context, h held) error {
	claims, err := r.cachedClaims(ctx, client.ObjectKeyFromObject(h.gip))
	if err != nil {
		return err
	}

	for i := range claims {
		claim := &claims[i]
		if claim.Name == h.addr.String() {
			continue
		}

		switch relation(claim, h.gip) {
		case ownClaim, inheritedClaim:
			err = r.dropUnused(ctx, h, claim)
		case staleClaim:
			err = r.retire(ctx, claim)
		case othersClaim:
		}

		if err != nil {
			return err
		}
	}

	return nil
}

// dropUnused deletes a claim after quorum reads proved that neither the status
// nor the internal Service uses its address.
func (r *reconciler) dropUnused(ctx context.Context, h held, claim *networkingv1.IPAddress) error {
	fresh, internal := &v1.GlobalIngressIP{}, &corev1.Service{}

	if err := r.calls.get(ctx, client.ObjectKeyFromObject(h.gip), fresh); err != nil {
		return behindIfNotFound(err)
	}

	if !leadsBehind(h.gip) {
		if err := r.calls.get(ctx, internalServiceName(h.gip.Namespace, serviceOf(h.gip)), internal); err != nil {
			return behindIfNotFound(err)
		}
	}

	if fresh.Status.AllocatedIP != h.addr.String() || slices.Contains(internal.Spec.ExternalIPs, claim.Name) {
		return fmt.Errorf("claim %s is still in use: %w", claim.Name, errCacheBehind)
	}

	r.log(ctx).Info("releasing a claim that is not in use", "address", claim.Name)

	return r.deleteClaim(ctx, claim.DeepCopy())
}

// cleanUpAfter deals with the absence of a GlobalIngressIP: what it left behind
// goes. If its Service is exported, the address is kept for the one about to be
// created.
func (r *reconciler) cleanUpAfter(ctx context.Context, name types.NamespacedName) error {
	if err := r.cleanUp(ctx, name); err != nil {
		return err
	}

	return r.removeRulesOf(ctx, name)
}

// cleanUp sees to what a GlobalIngressIP left behind that is gone although its
// finalizer should have kept it, or that never had one.
func (r *reconciler) cleanUp(ctx context.Context, name types.NamespacedName) error {
	claims, err := r.cachedClaims(ctx, name)
	if err != nil {
		return err
	}

	internal := &corev1.Service{}

	found, err := r.lookUp(ctx, internalServiceName(name.Namespace, name.Name), internal)
	if err != nil {
		return err
	}

	orphaned := found && internal.Labels[v1.InternalServiceLabel] == name.Name
	if len(claims) == 0 && !orphaned {
		return nil
	}

	err = r.calls.get(ctx, name, &v1.GlobalIngressIP{})
	if err == nil {
		return fmt.Errorf("GlobalIngressIP %s exists: %w", name, errCacheBehind)
	}

	if !apierrors.IsNotFound(err) {
		return err
	}

	for i := range claims {
		if err := r.retire(ctx, &claims[i]); err != nil {
			return err
		}
	}

	if len(claims) > 0 {
		return nil
	}

	return r.retireInternalService(ctx, name)
}

// retire releases a claim whose GlobalIngressIP is proven gone, unless the
// Service it was made for is still exported: then the next GlobalIngressIP of
// that name takes it over.
func (r *reconciler) retire(ctx context.Context, claim *networkingv1.IPAddress) error {
	owner, ok := ownerOf(claim)
	if !ok {
		return nil
	}

	s := served{
		NamespacedName: types.NamespacedName{Namespace: owner.Namespace, Name: claim.Annotations[v1.ServiceAnnotation]},
		uid:            types.UID(claim.Annotations[v1.ServiceUIDAnnotation]),
		pod:            claim.Annotations[v1.PodAnnotation],
		endpoint:       claim.Annotations[v1.EndpointAnnotation],
		orphan:         true,
	}

	fate, err := r.prove(ctx, s)
	if err != nil || fate.gone == "" {
		return err
	}

	if err := r.removeInternalServiceOf(ctx, s.NamespacedName, claim.Name); err != nil {
		return err
	}

	r.log(ctx).Info("releasing an orphaned claim", "address", claim.Name, "reason", fate.gone)

	return r.deleteClaim(ctx, claim.DeepCopy())
}

// deleteClaim gives an address back, and before that takes away the rule that
// uses it. It deletes the claim as it was read: one that has been taken over in
// the meantime is another's.
func (r *reconciler) deleteClaim(ctx context.Context, claim *networkingv1.IPAddress) error {
	if err := r.removeRule(ctx, claim.Name); err != nil {
		return err
	}

	if err := r.calls.deleteAsRead(ctx, claim); err != nil {
		return err
	}

	r.metrics.released.Inc()

	return nil
}

// removeInternalServiceOf removes the internal Service if it carries addr; one
// that carries another address belongs to a later owner.
func (r *reconciler) removeInternalServiceOf(ctx context.Context, service types.NamespacedName, addr string) error {
	internal := &corev1.Service{}

	err := r.calls.get(ctx, internalServiceName(service.Namespace, service.Name), internal)
	if client.IgnoreNotFound(err) != nil {
		return err
	}

	if !slices.Contains(internal.Spec.ExternalIPs, addr) {
		return nil
	}

	return r.removeInternalService(ctx, service.Namespace, service.Name)
}

// retireInternalService removes an internal Service that has neither a
// GlobalIngressIP nor a claim, if the Service it stands for is proven gone.
func (r *reconciler) retireInternalService(ctx context.Context, name types.NamespacedName) error {
	fate, err := r.prove(ctx, served{NamespacedName: name})
	if err != nil || fate.gone == "" {
		return err
	}

	r.log(ctx).Info("removing an orphaned internal Service", "reason", fate.gone)

	return r.removeInternalService(ctx, name.Namespace, name.Name)
}
