package bugs

import (
	"fmt"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	builtin "k8s.io/client-go/kubernetes/scheme"
)

// App is what users ask for, in nearly all entries.
type App struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              AppSpec   `json:"spec"`
	Status            AppStatus `json:"status,omitempty"`
}

// AppSpec has a field for whatever an entry lets users say.
type AppSpec struct {
	Text     string            `json:"text,omitempty"`
	Uses     string            `json:"uses,omitempty"` // name of another object
	Replicas int               `json:"replicas,omitempty"`
	Selector map[string]string `json:"selector,omitempty"`
}

// AppStatus has one for whatever a controller says.
type AppStatus struct {
	Phase      string             `json:"phase,omitempty"`
	ID         string             `json:"id,omitempty"`
	Address    string             `json:"address,omitempty"`
	Generation int64              `json:"generation,omitempty"`
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// DeepCopyObject implements [runtime.Object].
func (a *App) DeepCopyObject() runtime.Object {
	next := *a
	a.DeepCopyInto(&next.ObjectMeta)
	next.Spec.Selector = maps.Clone(a.Spec.Selector)
	next.Status.Conditions = slices.Clone(a.Status.Conditions)
	return &next
}

// DeepCopy is the same object again.
func (a *App) DeepCopy() *App { return a.DeepCopyObject().(*App) }

// AppList is a list of Apps.
type AppList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []App `json:"items"`
}

// DeepCopyObject implements [runtime.Object].
func (l *AppList) DeepCopyObject() runtime.Object {
	next := *l
	next.Items = make([]App, len(l.Items))
	for i := range l.Items {
		next.Items[i] = *l.Items[i].DeepCopy()
	}
	return &next
}

// Instance is a machine, a volume or a load balancer in the cloud. Its namespace is the
// account. No owner can be written on it, since no cloud knows the cluster's objects.
type Instance struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
}

// DeepCopyObject implements [runtime.Object].
func (i *Instance) DeepCopyObject() runtime.Object {
	next := *i
	i.DeepCopyInto(&next.ObjectMeta)
	return &next
}

// InstanceList is a list of Instances.
type InstanceList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Instance `json:"items"`
}

// DeepCopyObject implements [runtime.Object].
func (l *InstanceList) DeepCopyObject() runtime.Object {
	next := *l
	next.Items = make([]Instance, len(l.Items))
	for i := range l.Items {
		next.Items[i] = *l.Items[i].DeepCopyObject().(*Instance)
	}
	return &next
}

var version = schema.GroupVersion{Group: "detection.example.com", Version: "v1"}

// finalizer is what the controllers put on an App.
const finalizer = "detection.example.com/clean-up"

// account is the namespace of Instances.
const account = "cloud"

// scheme has Kubernetes' own types, App and Instance.
var scheme = func() *runtime.Scheme {
	s := runtime.NewScheme()
	if err := builtin.AddToScheme(s); err != nil {
		panic(fmt.Sprintf("bugs: client-go's scheme: %v", err))
	}
	s.AddKnownTypes(version, &App{}, &AppList{}, &Instance{}, &InstanceList{})
	metav1.AddToGroupVersion(s, version)
	return s
}()

// ownedBy is a reference to the App that an object belongs to.
func ownedBy(a *App) []metav1.OwnerReference {
	return []metav1.OwnerReference{*metav1.NewControllerRef(a, version.WithKind("App"))}
}

// child is the metadata of an object that belongs to an App.
func child(a *App, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: a.Namespace, Name: name, OwnerReferences: ownedBy(a), Labels: map[string]string{"app": a.Name}}
}

// asApp reads an App out of an informer's store.
func asApp(o any) *App {
	a := new(App)
	u, ok := o.(*unstructured.Unstructured)
	if !ok {
		panic(fmt.Sprintf("bugs: an App in a store is a %T", o))
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, a); err != nil {
		panic(fmt.Sprintf("bugs: what is in a store is no App: %v", err))
	}
	return a
}

// Definitions are those of App and Instance, and the account, as manifests.
const Definitions = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: apps.detection.example.com}
spec:
  group: detection.example.com
  names: {kind: App, listKind: AppList, plural: apps, singular: app}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: instances.detection.example.com}
spec:
  group: detection.example.com
  names: {kind: Instance, listKind: InstanceList, plural: instances, singular: instance}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: cloud}}
`

// apps are manifests of Apps with one spec, in the flow style of YAML.
func apps(spec string, names ...string) string {
	var text string
	for _, name := range names {
		text += fmt.Sprintf("{apiVersion: detection.example.com/v1, kind: App, metadata: {name: %s}, spec: %s}\n---\n", name, spec)
	}
	return text
}
