package controller

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

// ensureInternalService makes the internal Service carry the address, with the
// ports and the selector of the exported Service, and undoes whatever a user did
// to it.
func (r *reconciler) ensureInternalService(ctx context.Context, h held, service *corev1.Service) error {
	name := internalServiceName(service.Namespace, service.Name)
	internal := &corev1.Service{}

	found, err := r.lookUp(ctx, name, internal)
	if err != nil {
		return err
	}

	if !found {
		if internal, err = r.createInternalService(ctx, name, service, h.addr); err != nil {
			return err
		}
	}

	if internal.DeletionTimestamp != nil {
		return r.finishInternalService(ctx, internal)
	}

	shaped := internal.DeepCopy()
	shapeInternalService(shaped, service, h.addr)

	if equality.Semantic.DeepEqual(internal, shaped) {
		return nil
	}

	// The update fails if whoever gave the claim back took the internal Service
	// away first, as is the rule: so now is the time to ask.
	if !slices.Equal(internal.Spec.ExternalIPs, shaped.Spec.ExternalIPs) {
		if err := r.proveClaim(ctx, h.gip, h.addr); err != nil {
			return err
		}
	}

	return stepFailed(v1.ReasonInternalServiceCreationFailed, r.calls.update(ctx, shaped))
}

// createInternalService makes the internal Service without the address, or reads
// the one that is there. The address is put in by an update, which names the
// resourceVersion it is about: a creation can take effect long after whoever
// sent it is gone, when the address may already be another's.
func (r *reconciler) createInternalService(
	ctx context.Context, name types.NamespacedName, service *corev1.Service, addr netip.Addr,
) (*corev1.Service, error) {
	internal := &corev1.Service{}
	internal.Namespace, internal.Name = name.Namespace, name.Name
	shapeInternalService(internal, service, addr)
	internal.Spec.ExternalIPs = nil

	err := r.calls.create(ctx, internal)
	if !apierrors.IsAlreadyExists(err) {
		return internal, stepFailed(v1.ReasonInternalServiceCreationFailed, err)
	}

	// The cache is behind, or an earlier creation did take effect though its
	// answer was lost.
	internal = &corev1.Service{}

	return internal, behindIfNotFound(r.calls.get(ctx, name, internal))
}

// shapeInternalService gives internal the form it should have and leaves alone
// what the API server filled in.
func shapeInternalService(internal, service *corev1.Service, addr netip.Addr) {
	if internal.Labels == nil {
		internal.Labels = map[string]string{}
	}

	internal.Labels[v1.InternalServiceLabel] = service.Name
	controllerutil.AddFinalizer(internal, v1.InternalServiceFinalizer)

	singleStack := corev1.IPFamilyPolicySingleStack
	spec := &internal.Spec

	if spec.Type != corev1.ServiceTypeClusterIP {
		clearNodePortFields(spec)
	}

	spec.Type = corev1.ServiceTypeClusterIP
	spec.ExternalIPs = []string{addr.String()}
	spec.IPFamilyPolicy = &singleStack
	spec.Selector = service.Spec.Selector
	spec.Ports = slices.Clone(service.Spec.Ports)

	for i := range spec.Ports {
		spec.Ports[i].NodePort = 0 // the exported Service's own, when it is of another type
	}
}

// clearNodePortFields drops what the API server accepts on a NodePort or
// LoadBalancer Service only, for one that a user turned into such.
func clearNodePortFields(spec *corev1.ServiceSpec) {
	spec.ExternalTrafficPolicy = ""
	spec.HealthCheckNodePort = 0
	spec.AllocateLoadBalancerNodePorts = nil
	spec.LoadBalancerClass = nil
	spec.LoadBalancerIP = ""
	spec.LoadBalancerSourceRanges = nil
	spec.ExternalName = ""
}

// finishInternalService lets go of an internal Service that is being deleted.
// Its deletion event brings the key back.
func (r *reconciler) finishInternalService(ctx context.Context, internal *corev1.Service) error {
	if slices.Contains(internal.Finalizers, v1.InternalServiceFinalizer) {
		freed := internal.DeepCopy()
		controllerutil.RemoveFinalizer(freed, v1.InternalServiceFinalizer)

		if err := r.calls.update(ctx, freed); err != nil {
			return behindIfNotFound(err)
		}
	}

	return fmt.Errorf("internal Service %s/%s: %w", internal.Namespace, internal.Name, errAwaitingDeletion)
}

// removeInternalService deletes the internal Service of an exported one, and
// returns nil only when a quorum read proved that it no longer exists.
func (r *reconciler) removeInternalService(ctx context.Context, namespace, service string) error {
	if err := r.removeEndpoints(ctx, namespace, service); err != nil {
		return err
	}

	name := internalServiceName(namespace, service)
	internal := &corev1.Service{}

	err := r.calls.get(ctx, name, internal)
	if apierrors.IsNotFound(err) {
		return nil
	}

	if err != nil {
		return err
	}

	if internal.DeletionTimestamp == nil {
		if err := r.calls.delete(ctx, internal.DeepCopy()); err != nil {
			return err
		}
		// Deleting gave it a new resourceVersion; it may also be gone.
		err := r.calls.get(ctx, name, internal)
		if apierrors.IsNotFound(err) {
			return nil
		}

		if err != nil {
			return err
		}
	}

	if internal.DeletionTimestamp != nil && slices.Contains(internal.Finalizers, v1.InternalServiceFinalizer) {
		controllerutil.RemoveFinalizer(internal, v1.InternalServiceFinalizer)

		if err := r.calls.update(ctx, internal); err != nil {
			return err
		}

		err := r.calls.get(ctx, name, &corev1.Service{})
		if apierrors.IsNotFound(err) {
			return nil
		}

		if err != nil {
			return err
		}
	}

	return fmt.Errorf("internal Service %s: %w", name, errAwaitingDeletion)
}
