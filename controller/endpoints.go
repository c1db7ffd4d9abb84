package controller

import (
	"context"
	"maps"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

// endpoints are what Submariner works on. Kubernetes mirrors those that a user
// or a controller writes into EndpointSlices, which kube-proxy reads.
//
//lint:ignore SA1019 Submariner works on Endpoints, not on slices
type endpoints = corev1.Endpoints

// ensureEndpoints gives the internal Service of a Service without a selector a
// copy of that one's Endpoints: nobody else fills them in. With a selector the
// cluster does.
func (r *reconciler) ensureEndpoints(ctx context.Context, service *corev1.Service) error {
	if len(service.Spec.Selector) > 0 {
		return nil
	}

	source, copied := &endpoints{}, &endpoints{}
	name := internalServiceName(service.Namespace, service.Name)

	there, err := r.lookUp(ctx, types.NamespacedName{Namespace: service.Namespace, Name: service.Name}, source)
	if err != nil {
		return err
	}

	found, err := r.lookUp(ctx, name, copied)
	if err != nil {
		return err
	}

	switch {
	case !there && !found:
		return nil
	case !there:
		return stepFailed(v1.ReasonInternalServiceCreationFailed, r.calls.delete(ctx, copied.DeepCopy()))
	case !found:
		clone := &endpoints{ObjectMeta: metav1.ObjectMeta{Namespace: name.Namespace, Name: name.Name}}
		cloneEndpoints(clone, source)

		return stepFailed(v1.ReasonInternalServiceCreationFailed, r.calls.create(ctx, clone))
	}

	clone := copied.DeepCopy()
	cloneEndpoints(clone, source)

	if equality.Semantic.DeepEqual(copied, clone) {
		return nil
	}

	return stepFailed(v1.ReasonInternalServiceCreationFailed, r.calls.update(ctx, clone))
}

func cloneEndpoints(clone, source *endpoints) {
	labels := maps.Clone(clone.Labels)
	if labels == nil {
		labels = map[string]string{}
	}

	labels[v1.InternalServiceLabel] = source.Name
	clone.Labels = labels
	clone.Subsets = source.DeepCopy().Subsets
}

// removeEndpoints deletes what ensureEndpoints made. Without its Service the
// cluster would do that, too, in its own time.
func (r *reconciler) removeEndpoints(ctx context.Context, namespace, service string) error {
	copied := &endpoints{}

	found, err := r.lookUp(ctx, internalServiceName(namespace, service), copied)
	if err != nil || !found || copied.Labels[v1.InternalServiceLabel] != service {
		return err
	}

	return r.calls.delete(ctx, copied.DeepCopy())
}
