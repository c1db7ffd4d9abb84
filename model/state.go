package model

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// State is the committed content of the cluster at one moment: what a quorum
// read would see, not what any cache or client believes.
//
// Resources are named as kubectl names them: the plural, with its group after a
// dot unless that is the core group ("pods", "deployments.apps"). Objects
// belong to the history and may not be changed.
type State struct {
	// At is the virtual time of the last commit, or the end of the run.
	At      time.Duration
	objects map[schema.GroupResource]map[objectID]stored
	sorted  map[schema.GroupResource][]stored // made when asked for

	serves func(resource string) bool // nil: it is not known
	// unserved is the first resource that was asked for and that the cluster has
	// not.
	unserved string
	// looked: a law has asked for something; saw: and it was there.
	looked, saw bool
}

// tested is the result of a law that found nothing wrong in the states it was shown: if
// it asked for objects and there never were any, it was not tested.
func (s *State) tested() Result { return tested(!s.looked || s.saw) }

// stored is an object and the commit that made it what it is.
type stored struct {
	id     objectID
	object runtime.Object
	commit *Commit
}

func (h *History) newState() *State {
	return &State{objects: map[schema.GroupResource]map[objectID]stored{}, sorted: map[schema.GroupResource][]stored{}, serves: h.Serves}
}

// asked notes that a law asks for a resource.
func (s *State) asked(resource string) {
	s.looked = true
	if s.serves != nil && s.unserved == "" && !s.serves(resource) {
		s.unserved = resource
	}
}

// misled is what becomes of a law that asks for what the cluster cannot have: it
// would hold of anything.
func (s *State) misled() (Result, bool) {
	if s.unserved == "" {
		return Result{}, false
	}
	return Undecide(fmt.Sprintf("the law asks for %q, which the cluster has not (want plural and group, such as deployments.apps, of a built-in kind or of a definition in the cluster)", s.unserved)), true
}

// End is the cluster as the last commit left it.
func (h *History) End() *State {
	s := h.newState()
	for i := range h.Commits {
		s.apply(&h.Commits[i])
	}
	s.At = h.Ended
	return s
}

func (s *State) apply(c *Commit) {
	s.At = c.At
	of := c.groupResource()
	delete(s.sorted, of)
	id := c.objectID()
	if c.New == nil {
		delete(s.objects[of], id)
		return
	}
	if s.objects[of] == nil {
		s.objects[of] = map[objectID]stored{}
	}
	s.objects[of][id] = stored{id, c.New, c}
}

func (c *Commit) groupResource() schema.GroupResource {
	return schema.GroupResource{Group: c.Group, Resource: c.Resource}
}

func (c *Commit) objectID() objectID { return objectID{c.Group, c.Resource, c.Namespace, c.Name} }

func (id objectID) String() string {
	name := id.name
	if id.namespace != "" {
		name = id.namespace + "/" + id.name
	}
	return schema.GroupResource{Group: id.group, Resource: id.resource}.String() + " " + name
}

// list is in order of namespace and name.
func (s *State) list(of schema.GroupResource) []stored {
	if list, ok := s.sorted[of]; ok {
		return list
	}
	list := make([]stored, 0, len(s.objects[of]))
	for _, o := range s.objects[of] {
		list = append(list, o)
	}
	slices.SortFunc(list, func(a, b stored) int { return a.id.compare(b.id) })
	s.sorted[of] = list
	return list
}

func (id objectID) compare(other objectID) int {
	return cmp.Or(strings.Compare(id.group, other.group), strings.Compare(id.resource, other.resource),
		strings.Compare(id.namespace, other.namespace), strings.Compare(id.name, other.name))
}

// all lists every object, in order of group, resource, namespace and name.
func (s *State) all() []stored {
	var out []stored
	for of := range s.objects {
		out = append(out, s.list(of)...)
	}
	slices.SortFunc(out, func(a, b stored) int { return a.id.compare(b.id) })
	return out
}

// Resources lists the resources that have objects, in order.
func (s *State) Resources() []string {
	var out []string
	for of, objects := range s.objects {
		if len(objects) > 0 {
			out = append(out, of.String())
		}
	}
	slices.Sort(out)
	return out
}

// List returns the objects of a resource in order of namespace and name:
// built-in kinds as types of k8s.io/api, custom resources unstructured. A
// resource without objects has an empty list. A law that asks for one that the
// cluster does not have is undecided.
func (s *State) List(resource string) []runtime.Object {
	s.asked(resource)
	list := s.list(schema.ParseGroupResource(resource))
	out := make([]runtime.Object, len(list))
	for i, o := range list {
		out[i] = o.object
	}
	s.saw = s.saw || len(out) > 0
	return out
}

// Get returns one object, nil when there is none. The namespace of a
// cluster-scoped one is empty.
func (s *State) Get(resource, namespace, name string) runtime.Object {
	s.asked(resource)
	of := schema.ParseGroupResource(resource)
	object := s.objects[of][objectID{of.Group, of.Resource, namespace, name}].object
	s.saw = s.saw || object != nil
	return object
}

// Objects is [State.List] with every object as a T, a pointer to the Go type of
// the resource. Custom resources are converted. It panics when an object is no
// T: the caller named the wrong type.
func Objects[T runtime.Object](s *State, resource string) []T {
	list := s.List(resource)
	out := make([]T, len(list))
	for i, object := range list {
		out[i] = as[T](object, resource)
	}
	return out
}

func as[T runtime.Object](object runtime.Object, resource string) T {
	if typed, ok := object.(T); ok {
		return typed
	}
	var typed T
	custom, ok := object.(*unstructured.Unstructured)
	if !ok {
		panic(fmt.Sprintf("model: objects of %s are %T, not %T", resource, object, typed))
	}
	typed = reflect.New(reflect.TypeFor[T]().Elem()).Interface().(T)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(custom.Object, typed); err != nil {
		panic(fmt.Sprintf("model: an object of %s is no %T: %v", resource, typed, err))
	}
	return typed
}

// asMap is the object as JSON would show it. The result is the caller's own.
func asMap(object runtime.Object) map[string]any {
	if custom, ok := object.(*unstructured.Unstructured); ok {
		return runtime.DeepCopyJSON(custom.Object)
	}
	m, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		panic(fmt.Sprintf("model: %T has no JSON form: %v", object, err))
	}
	return m
}
