package upstream

import (
	"context"
	"errors"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

var errInternalServiceEnding = errors.New("the internal Service is still being deleted")

// ensureInternalService creates or replaces the internal Service.
func (c *Controller) ensureInternalService(ctx context.Context, service *corev1.Service, addr netip.Addr) error {
	name := v1.InternalServiceName(service.Name)

	internal, err := c.GetService(ctx, service.Namespace, name)
	if err != nil {
		return err
	}

	if internal == nil {
		internal = &corev1.Service{}
		internal.Namespace, internal.Name = service.Namespace, name
		shape(internal, service, addr)

		return c.API.Create(ctx, internal)
	}

	if internal.DeletionTimestamp != nil {
		if err := c.strip(ctx, internal); err != nil {
			return err
		}

		return errInternalServiceEnding
	}

	shaped := internal.DeepCopy()
	shape(shaped, service, addr)

	if equality.Semantic.DeepEqual(internal, shaped) {
		return nil
	}

	return c.API.Update(ctx, shaped)
}

func shape(internal, service *corev1.Service, addr netip.Addr) {
	if internal.Labels == nil {
		internal.Labels = map[string]string{}
	}

	internal.Labels[v1.InternalServiceLabel] = service.Name
	controllerutil.AddFinalizer(internal, v1.InternalServiceFinalizer)

	singleStack := corev1.IPFamilyPolicySingleStack
	internal.Spec.Type = corev1.ServiceTypeClusterIP
	internal.Spec.IPFamilyPolicy = &singleStack
	internal.Spec.ExternalIPs = []string{addr.String()}
	internal.Spec.Selector = service.Spec.Selector
	internal.Spec.Ports = slices.Clone(service.Spec.Ports)

	for i := range internal.Spec.Ports {
		internal.Spec.Ports[i].NodePort = 0
	}
}

// removeInternalService strips the finalizer and deletes, as upstream does. One
// that carries another address is a later owner's.
func (c *Controller) removeInternalService(ctx context.Context, namespace, service string, addr netip.Addr) error {
	internal, err := c.GetService(ctx, namespace, v1.InternalServiceName(service))
	if err != nil || internal == nil || !slices.Contains(internal.Spec.ExternalIPs, addr.String()) {
		return err
	}

	if err := c.strip(ctx, internal); err != nil {
		return err
	}

	err = c.API.Delete(ctx, internal)

	return client.IgnoreNotFound(err)
}

func (c *Controller) strip(ctx context.Context, internal *corev1.Service) error {
	if !slices.Contains(internal.Finalizers, v1.InternalServiceFinalizer) {
		return nil
	}

	controllerutil.RemoveFinalizer(internal, v1.InternalServiceFinalizer)

	err := c.API.Update(ctx, internal)

	return client.IgnoreNotFound(err)
}
