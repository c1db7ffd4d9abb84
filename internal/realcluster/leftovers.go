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
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// object is one that the cluster has, in one of its lives.
type object struct {
	schema.GroupVersionResource
	namespace, name string
	uid             types.UID
}

// kept are no leftovers: events pass by themselves, and the rest was made to stay.
var kept = []string{"events", "customresourcedefinitions", "namespaces", "nodes"}

// objects lists what the cluster has, but for what is kept in any case.
func (r *run) objects(ctx context.Context) (map[object]bool, error) {
	there := map[object]bool{}
	for _, kind := range r.Subject.Language.Catalog.Kinds() {
		if slices.Contains(kept, kind.Resource.Resource) || !kind.StoredAs.Empty() || kind.Virtual {
			continue
		}
		gvr := kind.Resource.WithVersion(kind.Versions[0].Name)
		list, err := r.client.Resource(gvr).List(ctx, metav1.ListOptions{})
		if apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) {
			continue // this cluster does not serve it
		}
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", kind.Resource, err)
		}
		for i := range list.Items {
			o := &list.Items[i]
			there[object{gvr, o.GetNamespace(), o.GetName(), o.GetUID()}] = true
		}
	}
	return there, nil
}

// removeLeftovers deletes what the run has left, finalizers or not, so that the next
// one finds the cluster as this one did.
func (r *run) removeLeftovers(ctx context.Context, before map[object]bool) error {
	after, err := r.objects(ctx)
	if err != nil {
		return err
	}
	var problems []error
	for o := range after {
		if before[o] {
			continue
		}
		on := r.client.Resource(o.GroupVersionResource).Namespace(o.namespace)
		err := on.Delete(ctx, o.name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(o.uid))})
		if err == nil {
			_, err = on.Patch(ctx, o.name, types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
		}
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) && !apierrors.IsInvalid(err) && !apierrors.IsMethodNotSupported(err) {
			problems = append(problems, fmt.Errorf("remove %s %s/%s, which the run left: %w", o.Resource, o.namespace, o.name, err))
		}
	}
	return errors.Join(problems...)
}

var configMapResource = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}

// collects says whether the cluster has a garbage collector: one removes an object
// whose owner there never was.
func collects(ctx context.Context, client dynamic.Interface) bool {
	probe := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap"}}
	probe.SetNamespace("default")
	probe.SetGenerateName("seatrial-probe-")
	probe.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "nobody", UID: "00000000-0000-0000-0000-000000000000"}})
	on := client.Resource(configMapResource).Namespace("default")
	made, err := on.Create(ctx, probe, metav1.CreateOptions{})
	if err != nil {
		return false
	}
	for range int(collectorPatience / crdPoll) {
		if !pause(ctx, crdPoll, nil) {
			break
		}
		if _, err := on.Get(ctx, made.GetName(), metav1.GetOptions{}); apierrors.IsNotFound(err) {
			return true
		}
	}
	on.Delete(ctx, made.GetName(), metav1.DeleteOptions{})
	return false
}

const collectorPatience = 10 * time.Second
