package admission

import (
	"encoding/json"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

func marshal(obj runtime.Object) ([]byte, error) {
	if u, ok := obj.(*unstructured.Unstructured); ok {
		return json.Marshal(u.Object)
	}
	return json.Marshal(obj)
}

// interfaces are what the library that patches by CEL asks for: how to make
// objects and what kinds they are of. Built-in kinds are those of client-go's
// scheme; everything else is unstructured.
type interfaces struct{}

// GetObjectCreater implements admission.ObjectInterfaces.
func (interfaces) GetObjectCreater() runtime.ObjectCreater { return creater{} }

// GetObjectTyper implements admission.ObjectInterfaces.
func (interfaces) GetObjectTyper() runtime.ObjectTyper { return typer{} }

// GetObjectDefaulter implements admission.ObjectInterfaces.
func (interfaces) GetObjectDefaulter() runtime.ObjectDefaulter { return scheme.Scheme }

// GetObjectConvertor implements admission.ObjectInterfaces.
func (interfaces) GetObjectConvertor() runtime.ObjectConvertor { return scheme.Scheme }

// GetEquivalentResourceMapper implements admission.ObjectInterfaces; the World
// is asked instead.
func (interfaces) GetEquivalentResourceMapper() runtime.EquivalentResourceMapper {
	return runtime.NewEquivalentResourceRegistry()
}

type creater struct{}

func (creater) New(kind schema.GroupVersionKind) (runtime.Object, error) {
	if scheme.Scheme.Recognizes(kind) {
		return scheme.Scheme.New(kind)
	}
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(kind)
	return u, nil
}

type typer struct{}

func (typer) ObjectKinds(obj runtime.Object) ([]schema.GroupVersionKind, bool, error) {
	if u, ok := obj.(*unstructured.Unstructured); ok {
		return []schema.GroupVersionKind{u.GroupVersionKind()}, false, nil
	}
	return scheme.Scheme.ObjectKinds(obj)
}

func (typer) Recognizes(schema.GroupVersionKind) bool { return true }
