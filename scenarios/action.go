package scenarios

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// action performs steps on the API server.
type action struct {
	client dynamic.Interface
	user   string
}

var errNotJSON = errors.New("not JSON")

// perform does what a step says, once. Nil means that it has taken effect, now
// or, when an earlier answer was lost, before.
func (a action) perform(ctx context.Context, s *Step) error {
	switch {
	case s.CreateService != nil:
		return a.create(ctx, "services", s.CreateService.object())
	case s.UpdateService != nil:
		return a.patch(ctx, s.UpdateService.asPatch())
	case s.DeleteService != nil:
		return a.delete(ctx, ResourceRef{Resource: "services", ObjectRef: *s.DeleteService})
	case s.Export != nil:
		return a.create(ctx, "serviceexports", exportOf(*s.Export))
	case s.Unexport != nil:
		return a.delete(ctx, ResourceRef{Resource: "serviceexports", ObjectRef: *s.Unexport})
	case s.Apply != nil:
		return a.apply(ctx, s.Apply)
	case s.Patch != nil:
		return a.patch(ctx, *s.Patch)
	}
	return a.delete(ctx, *s.Delete)
}

func (a action) on(r resource, namespace string) dynamic.ResourceInterface {
	if !r.Namespaced {
		return a.client.Resource(r.GroupVersionResource)
	}
	return a.client.Resource(r.GroupVersionResource).Namespace(namespace)
}

// create takes an object that exists for success, unless that one is on its
// way out: then the wish is not yet fulfilled.
func (a action) create(ctx context.Context, plural string, object *unstructured.Unstructured) error {
	r, _, _ := lookupResource(plural)
	client := a.on(r, object.GetNamespace())
	_, err := client.Create(ctx, object, metav1.CreateOptions{FieldManager: a.user})
	if !apierrors.IsAlreadyExists(err) {
		return err
	}
	existing, getErr := client.Get(ctx, object.GetName(), metav1.GetOptions{})
	switch {
	case getErr != nil:
		return getErr
	case existing.GetDeletionTimestamp() != nil:
		return err
	}
	return nil
}

func (a action) delete(ctx context.Context, ref ResourceRef) error {
	r, _, _ := lookupResource(ref.Resource)
	err := a.on(r, ref.Namespace).Delete(ctx, ref.Name, metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

var patchMediaTypes = map[string]types.PatchType{
	"merge": types.MergePatchType, "json": types.JSONPatchType, "strategic": types.StrategicMergePatchType,
}

func (a action) patch(ctx context.Context, p Patch) error {
	r, subresource, _ := lookupResource(p.Resource)
	body, err := json.Marshal(p.Body)
	if err != nil {
		return fmt.Errorf("%w: %w", errNotJSON, err)
	}
	var subresources []string
	if subresource != "" {
		subresources = []string{subresource}
	}
	_, err = a.on(r, p.Namespace).Patch(ctx, p.Name, patchMediaTypes[p.Type], body, metav1.PatchOptions{FieldManager: a.user}, subresources...)
	return err
}

func (a action) apply(ctx context.Context, m *Manifest) error {
	r, _ := m.resource()
	object := &unstructured.Unstructured{Object: runtime.DeepCopyJSON(m.Object)}
	if r.Namespaced {
		object.SetNamespace(cmp.Or(object.GetNamespace(), "default"))
	}
	_, err := a.on(r, object.GetNamespace()).Apply(ctx, object.GetName(), object, metav1.ApplyOptions{FieldManager: a.user, Force: true})
	return err
}

func exportOf(ref ObjectRef) *unstructured.Unstructured {
	r, _, _ := lookupResource("serviceexports")
	return newObject(r, ref)
}

func newObject(r resource, ref ObjectRef) *unstructured.Unstructured {
	object := &unstructured.Unstructured{Object: map[string]any{}}
	object.SetAPIVersion(r.GroupVersion().String())
	object.SetKind(r.Kind)
	object.SetNamespace(ref.Namespace)
	object.SetName(ref.Name)
	return object
}

func (c *CreateService) object() *unstructured.Unstructured {
	r, _, _ := lookupResource("services")
	object := newObject(r, c.ObjectRef)
	spec := map[string]any{"type": c.Type, "ports": portsJSON(c.Ports)}
	if len(c.Selector) > 0 {
		spec["selector"] = textsJSON(c.Selector)
	}
	if c.Headless {
		spec["clusterIP"] = "None"
	}
	object.Object["spec"] = spec
	return object
}

// asPatch is a JSON patch, which replaces lists and maps whole, whatever is
// there, and does the same when it is repeated.
func (u *UpdateService) asPatch() Patch {
	var operations []any
	set := func(field string, value any) {
		operations = append(operations, map[string]any{"op": "add", "path": "/spec/" + field, "value": value})
	}
	if u.Ports != nil {
		set("ports", portsJSON(u.Ports))
	}
	if u.Selector != nil {
		set("selector", textsJSON(u.Selector))
	}
	return Patch{ResourceRef: ResourceRef{Resource: "services", ObjectRef: u.ObjectRef}, Type: "json", Body: operations}
}

func portsJSON(ports []Port) []any {
	out := make([]any, len(ports))
	for i, p := range ports {
		port := map[string]any{"port": int64(p.Port), "targetPort": int64(p.TargetPort), "protocol": p.Protocol}
		if p.Name != "" {
			port["name"] = p.Name
		}
		out[i] = port
	}
	return out
}

func textsJSON(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}
