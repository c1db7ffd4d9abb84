// Package v1 is what kubebuilder create api writes, with one field.
package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// SchemeGroupVersion is what objects of this API are registered with.
var SchemeGroupVersion = schema.GroupVersion{Group: "webapp.my.domain", Version: "v1"}

// AddToScheme registers them.
func AddToScheme(s *runtime.Scheme) error {
	s.AddKnownTypes(SchemeGroupVersion, &Guestbook{}, &GuestbookList{})
	metav1.AddToGroupVersion(s, SchemeGroupVersion)
	return nil
}

// GuestbookSpec is what a user asks for.
type GuestbookSpec struct {
	Greeting string `json:"greeting,omitempty"`
}

// Guestbook has a page, a ConfigMap of its name.
type Guestbook struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec GuestbookSpec `json:"spec,omitempty"`
}

// GuestbookList is a list of them.
type GuestbookList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Guestbook `json:"items"`
}

// DeepCopyObject is what controller-gen writes.
func (g *Guestbook) DeepCopyObject() runtime.Object {
	out := *g
	out.ObjectMeta = *g.ObjectMeta.DeepCopy()
	return &out
}

// DeepCopyObject is what controller-gen writes.
func (l *GuestbookList) DeepCopyObject() runtime.Object {
	out := *l
	out.Items = make([]Guestbook, len(l.Items))
	for i := range l.Items {
		out.Items[i] = *l.Items[i].DeepCopyObject().(*Guestbook)
	}
	return &out
}
