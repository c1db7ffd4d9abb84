package realcluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/seatrial/seatrial/scenarios"
)

var (
	crdResource       = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
	namespaceResource = schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
)

// ErrNotEmpty: the cluster has custom resources of the subject's already. A
// scenario would be judged by them, and they would suffer from it.
var ErrNotEmpty = errors.New("the cluster has objects of the subject's kinds already: use an empty one")

const (
	crdPatience = 30 * time.Second
	crdPoll     = 100 * time.Millisecond
)

// Prepare makes a cluster fit for a run: CRDs and namespaces are created if they are
// missing. [ErrNotEmpty] says that the cluster is in use.
func Prepare(ctx context.Context, client dynamic.Interface, subject scenarios.Subject, namespaces ...string) error {
	for _, definition := range subject.Language.Catalog.Definitions {
		fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(definition)
		if err != nil {
			return fmt.Errorf("write CRD %s: %w", definition.Name, err)
		}
		crd := &unstructured.Unstructured{Object: fields}
		if err := ensure(ctx, client.Resource(crdResource), crd); err != nil {
			return fmt.Errorf("install CRD %s: %w", crd.GetName(), err)
		}
	}
	for _, resource := range customResources(subject) {
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

// customResources are those of the subject's definitions, in the version that is stored.
func customResources(subject scenarios.Subject) []schema.GroupVersionResource {
	var out []schema.GroupVersionResource
	for _, definition := range subject.Language.Catalog.Definitions {
		for _, v := range definition.Spec.Versions {
			if v.Storage {
				out = append(out, schema.GroupVersionResource{Group: definition.Spec.Group, Version: v.Name, Resource: definition.Spec.Names.Plural})
			}
		}
	}
	return out
}

// cleanUp deletes what users made, the latest first, so that the controller gives
// everything back.
func cleanUp(ctx context.Context, client dynamic.Interface, subject scenarios.Subject, plan *scenarios.Plan) error {
	catalog := subject.Language.Catalog
	var problems []error
	for i := range slices.Backward(plan.Steps) {
		maker, ok := plan.Steps[i].Action.(scenarios.Maker)
		if !ok {
			continue
		}
		made := maker.Makes(catalog)
		r, _, ok := catalog.Resource(made.Resource)
		if !ok || r.Resource == "namespaces" {
			continue
		}
		on := client.Resource(r.GroupVersionResource)
		err := error(nil)
		if r.Namespaced {
			err = on.Namespace(made.Namespace).Delete(ctx, made.Name, metav1.DeleteOptions{})
		} else {
			err = on.Delete(ctx, made.Name, metav1.DeleteOptions{})
		}
		if err != nil && !apierrors.IsNotFound(err) {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}
