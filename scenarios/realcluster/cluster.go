package realcluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	"github.com/seatrial/seatrial/deploy"
	"github.com/seatrial/seatrial/scenarios"
)

var (
	crdResource       = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
	namespaceResource = schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
	ingressResource   = schema.GroupVersionResource{Group: "submariner.io", Version: "v1", Resource: "globalingressips"}
	exportResource    = schema.GroupVersionResource{Group: "multicluster.x-k8s.io", Version: "v1alpha1", Resource: "serviceexports"}
)

// ErrNotEmpty: the cluster has exported Services or global IPs already. A scenario
// would be judged by them, and they would suffer from it.
var ErrNotEmpty = errors.New("the cluster has ServiceExports or GlobalIngressIPs already: use an empty one")

const (
	crdPatience = 30 * time.Second
	crdPoll     = 100 * time.Millisecond
)

// Prepare makes a cluster fit for a run: CRDs and namespaces are created if they are
// missing. [ErrNotEmpty] says that the cluster is in use.
func Prepare(ctx context.Context, client dynamic.Interface, namespaces ...string) error {
	for _, document := range deploy.CRDs() {
		crd := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(document, &crd.Object); err != nil {
			return fmt.Errorf("read an embedded CRD: %w", err)
		}
		if err := ensure(ctx, client.Resource(crdResource), crd); err != nil {
			return fmt.Errorf("install CRD %s: %w", crd.GetName(), err)
		}
	}
	for _, resource := range []schema.GroupVersionResource{ingressResource, exportResource} {
		if err := empty(ctx, client, resource); err != nil {
			return err
		}
	}
	for _, name := range append([]string{"default", "kube-system"}, namespaces...) {
		namespace := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace"}}
		namespace.SetName(name)
		if err := ensure(ctx, client.Resource(namespaceResource), namespace); err != nil {
			return fmt.Errorf("create namespace %s: %w", name, err)
		}
	}
	return nil
}

func ensure(ctx context.Context, client dynamic.ResourceInterface, object *unstructured.Unstructured) error {
	_, err := client.Create(ctx, object, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// empty waits until a resource is served, and complains if it has objects.
func empty(ctx context.Context, client dynamic.Interface, resource schema.GroupVersionResource) error {
	ctx, cancel := context.WithTimeout(ctx, crdPatience)
	defer cancel()
	for {
		list, err := client.Resource(resource).List(ctx, metav1.ListOptions{Limit: 1})
		switch {
		case err == nil && len(list.Items) > 0:
			return fmt.Errorf("%s/%s: %w", list.Items[0].GetNamespace(), list.Items[0].GetName(), ErrNotEmpty)
		case err == nil:
			return nil
		case !apierrors.IsNotFound(err):
			return fmt.Errorf("list %s: %w", resource.Resource, err)
		}
		if !pause(ctx, crdPoll, nil) {
			return fmt.Errorf("the API server does not serve %s: %w", resource.Resource, ctx.Err())
		}
	}
}

// cleanUp deletes what users made, so that the controller gives everything back.
func cleanUp(ctx context.Context, client dynamic.Interface, plan *scenarios.Plan) error {
	var faults []error
	for _, namespace := range append([]string{"default", "kube-system"}, plan.World.Namespaces...) {
		for _, kind := range observedKinds() {
			switch kind.Resource {
			case "serviceexports", "services", "pods", "endpoints":
			default:
				continue
			}
			list, err := client.Resource(kind.GroupVersionResource).Namespace(namespace).List(ctx, metav1.ListOptions{})
			if err != nil {
				faults = append(faults, err)
				continue
			}
			for i := range list.Items {
				if !madeBy(plan, kind.Resource, namespace, list.Items[i].GetName()) {
					continue
				}
				err := client.Resource(kind.GroupVersionResource).Namespace(namespace).Delete(ctx, list.Items[i].GetName(), metav1.DeleteOptions{})
				if err != nil && !apierrors.IsNotFound(err) {
					faults = append(faults, err)
				}
			}
		}
	}
	return errors.Join(faults...)
}

// madeBy tells whether a step of the plan names the object.
func madeBy(plan *scenarios.Plan, resource, namespace, name string) bool {
	for i := range plan.Steps {
		s := &plan.Steps[i]
		object := namespace + "/" + name
		switch {
		case s.CreateService != nil && resource == "services" || s.Export != nil && resource == "serviceexports":
			if s.Object() == object {
				return true
			}
		case s.Apply != nil:
			applied := unstructured.Unstructured{Object: s.Apply.Object}
			at := applied.GetNamespace()
			if at == "" {
				at = "default"
			}
			if at == namespace && applied.GetName() == name {
				return true
			}
		}
	}
	return false
}
