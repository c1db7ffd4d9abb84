package apiserver

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// actor is a part of kube-controller-manager: it hears of every commit and
// acts later, through the clock.
type actor interface {
	observe(res *resource, e *event)
}

func (s *Server) notifyActors(res *resource, e *event) {
	for _, a := range s.actors {
		a.observe(res, e)
	}
}

// reference names one object.
type reference struct {
	gr  schema.GroupResource
	key string
}

// at is the object there, nil if there is none.
func (s *Server) at(ref reference) *object {
	res := s.resources[ref.gr]
	if res == nil {
		return nil
	}
	return res.objects[ref.key]
}

// editMetadata changes the metadata of an object as a patch by an actor would, unless
// another has taken its place. failed hears that something refused it.
func (s *Server) editMetadata(ref reference, o *object, change func(metav1.Object), failed func()) {
	uid := o.meta.GetUID()
	s.act(s.resources[ref.gr], o.meta.GetNamespace(), o.meta.GetName(), func(w *write) error {
		existing := s.at(ref)
		if existing == nil || existing.meta.GetUID() != uid {
			return nil
		}
		next := existing.value.DeepCopyObject()
		change(metaOf(next))
		next, err := w.mutateChange(w.recordFields(existing, next), existing)
		if err != nil {
			return err
		}
		_, err = w.replace(existing, next)
		return err
	}, failed)
}
