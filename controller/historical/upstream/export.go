package upstream

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	mcsv1alpha1 "sigs.k8s.io/mcs-api/pkg/apis/v1alpha1"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

func (c *Controller) processExport(ctx context.Context, name types.NamespacedName, e event) error {
	if e.deleted != nil {
		return c.unexport(ctx, name)
	}

	service, err := c.GetService(ctx, name.Namespace, name.Name)
	if err != nil {
		return err
	}

	switch {
	case service == nil:
		exported, err := c.isExported(ctx, name)
		if err == nil && exported {
			err = fmt.Errorf("exported Service %s does not exist yet", name)
		}

		return err
	case service.Spec.Type != corev1.ServiceTypeClusterIP:
		return nil
	case service.Spec.ClusterIP == corev1.ClusterIPNone:
		return c.deleteLeftovers(ctx, service)
	}

	return c.createIngress(ctx, service)
}

func (c *Controller) processService(ctx context.Context, name types.NamespacedName, e event) error {
	if e.deleted != nil {
		return c.unexport(ctx, name)
	}

	service := &corev1.Service{}
	if err := c.Cache.Get(ctx, name, service); err != nil || service.Labels[v1.InternalServiceLabel] != "" {
		return nil // its deletion is the next event, or it is none of ours
	}

	if e.created {
		c.steps.ServiceCreated(c, service)
	}

	c.steps.ServiceUpdated(c, service)

	return nil
}

// createIngress creates the GlobalIngressIP of an exported Service. One that
// was made for an earlier Service of the name has to go first.
func (c *Controller) createIngress(ctx context.Context, service *corev1.Service) error {
	exported, err := c.isExported(ctx, types.NamespacedName{Namespace: service.Namespace, Name: service.Name})
	if err != nil || !exported {
		return err
	}

	gip := &v1.GlobalIngressIP{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:   service.Namespace,
			Name:        service.Name,
			Finalizers:  c.steps.Finalizers(),
			Annotations: map[string]string{v1.ServiceUIDAnnotation: string(service.UID)},
		},
		Spec: v1.GlobalIngressIPSpec{
			Target:     v1.ClusterIPService,
			ServiceRef: &corev1.LocalObjectReference{Name: service.Name},
		},
	}

	err = c.API.Create(ctx, gip)
	if !apierrors.IsAlreadyExists(err) {
		return err
	}

	existing := &v1.GlobalIngressIP{}
	if err := c.API.Get(ctx, client.ObjectKeyFromObject(gip), existing); err != nil {
		return err
	}

	madeFor := existing.Annotations[v1.ServiceUIDAnnotation]
	another := madeFor != "" && madeFor != string(service.UID)

	if existing.DeletionTimestamp != nil {
		c.Requeue(KindIngress, gip.Namespace, gip.Name)

		return fmt.Errorf("the earlier GlobalIngressIP %s/%s is still being deleted", gip.Namespace, gip.Name)
	}

	if another {
		return errors.Join(c.deleteIngress(ctx, existing),
			fmt.Errorf("the GlobalIngressIP %s/%s of an earlier Service is being replaced", gip.Namespace, gip.Name))
	}

	return nil
}

// unexport deletes the GlobalIngressIP of a Service whose export, or which
// itself, was deleted, after asking whether that is still so.
func (c *Controller) unexport(ctx context.Context, name types.NamespacedName) error {
	gip := &v1.GlobalIngressIP{}

	err := c.API.Get(ctx, name, gip)
	if apierrors.IsNotFound(err) {
		return c.abandon(ctx, name)
	}

	if err != nil {
		return err
	}

	serves, err := c.stillServes(ctx, gip)
	if err != nil || serves {
		return err
	}

	if gip.DeletionTimestamp != nil {
		c.Requeue(KindIngress, gip.Namespace, gip.Name)

		return nil
	}

	return c.deleteIngress(ctx, gip)
}

// abandon gives back an address that was kept for a GlobalIngressIP to be made
// anew, which now is not to be.
func (c *Controller) abandon(ctx context.Context, name types.NamespacedName) error {
	addr, kept := c.Assigned[name]
	if !kept {
		return nil
	}

	service, err := c.GetService(ctx, name.Namespace, name.Name)
	if err != nil {
		return err
	}

	exported, err := c.isExported(ctx, name)
	if err != nil || service != nil && exported {
		return err
	}

	if err := c.removeInternalService(ctx, name.Namespace, name.Name, addr); err != nil {
		return err
	}

	c.Pool.Release(addr)
	delete(c.Assigned, name)

	return nil
}

func (c *Controller) deleteIngress(ctx context.Context, gip *v1.GlobalIngressIP) error {
	uid := gip.UID
	err := c.API.Delete(ctx, gip, client.Preconditions(metav1.Preconditions{UID: &uid}))

	return client.IgnoreNotFound(err)
}

// stillServes reports whether the Service that gip was made for exists and is
// exported, by the API server's word.
func (c *Controller) stillServes(ctx context.Context, gip *v1.GlobalIngressIP) (bool, error) {
	service, err := c.GetService(ctx, gip.Namespace, ServiceOf(gip))
	if err != nil || service == nil {
		return false, err
	}

	if madeFor := gip.Annotations[v1.ServiceUIDAnnotation]; madeFor != "" && madeFor != string(service.UID) {
		return false, nil
	}

	return c.isExported(ctx, client.ObjectKeyFromObject(service))
}

func (c *Controller) isExported(ctx context.Context, name types.NamespacedName) (bool, error) {
	err := c.API.Get(ctx, name, &mcsv1alpha1.ServiceExport{})

	return err == nil, client.IgnoreNotFound(err)
}

// deleteLeftovers deletes what is left from when a Service, now headless, had a
// cluster IP.
func (c *Controller) deleteLeftovers(ctx context.Context, service *corev1.Service) error {
	var list v1.GlobalIngressIPList
	if err := c.API.List(ctx, &list, c.steps.LeftoversOf(service)...); err != nil {
		return err
	}

	for i := range list.Items {
		gip := &list.Items[i]
		if gip.Spec.Target != v1.ClusterIPService || ServiceOf(gip) != service.Name {
			continue
		}

		if err := c.deleteIngress(ctx, gip); err != nil {
			return err
		}
	}

	return nil
}
