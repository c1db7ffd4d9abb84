package apiserver

import (
	"slices"
	"sort"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// event is one change of one object, as the log keeps it.
type event struct {
	revision uint64
	key      string
	// old is nil on creation. current is the state after the change; for a
	// deletion it is the last state under the revision of the deletion.
	old, current *object
	deleted      bool
	frames       []encodedFrame
	left         *object // old under this revision, made when a watch needs it
}

// resource is all that is stored of one resource, present and past.
type resource struct {
	kind     *kinds.Kind
	gr       schema.GroupResource
	identity string // in hashes: group/resource
	admits   bool   // its objects say who is asked about writes

	objects map[string]*object
	keys    []string // sorted
	// history holds the changes after forgotten, oldest first.
	history   []*event
	forgotten uint64

	creations map[string]uint64
	generated map[string]uint64

	// Of a custom resource: its kind as the definition has it, and the conversions by
	// the definition's webhook; nil: there is none.
	defined     *kinds.Kind
	conversions *conversions
	// terminating: the definition of this custom resource is being deleted.
	terminating bool

	caches []*watchCache // by replica
	shapes map[schema.GroupVersion]shape
	fields map[fieldManagerKey]*managedfields.FieldManager
}

func newResource(kind *kinds.Kind, replicas int, revision uint64) *resource {
	r := &resource{
		kind:      kind,
		gr:        kind.Resource,
		identity:  kind.Resource.Group + "/" + kind.Resource.Resource,
		admits:    kind.Resource.Group == admissionGroup,
		objects:   map[string]*object{},
		forgotten: revision,
		creations: map[string]uint64{},
		generated: map[string]uint64{},
		fields:    map[fieldManagerKey]*managedfields.FieldManager{},
		shapes:    map[schema.GroupVersion]shape{},
	}
	for range replicas {
		r.caches = append(r.caches, &watchCache{since: revision})
	}
	return r
}

func (r *resource) apply(e *event) {
	switch {
	case e.deleted:
		delete(r.objects, e.key)
		i, _ := slices.BinarySearch(r.keys, e.key)
		r.keys = slices.Delete(r.keys, i, i+1)
	default:
		if e.old == nil {
			i, _ := slices.BinarySearch(r.keys, e.key)
			r.keys = slices.Insert(r.keys, i, e.key)
		}
		r.objects[e.key] = e.current
	}
	r.history = append(r.history, e)
}

// after returns the changes later than a revision.
func (r *resource) after(revision uint64) []*event {
	i := sort.Search(len(r.history), func(i int) bool { return r.history[i].revision > revision })
	return r.history[i:]
}

// span returns the sorted keys of one namespace, or all of them.
func span(keys []string, namespace string) []string {
	if namespace == "" {
		return keys
	}
	prefix := namespace + "/"
	from, _ := slices.BinarySearch(keys, prefix)
	// '0' is the byte after '/'.
	to, _ := slices.BinarySearch(keys, namespace+"0")
	return keys[from:to]
}

// snapshot is the state of a resource at a revision.
type snapshot struct {
	keys    []string
	objects map[string]*object
}

// at undoes the changes after a revision. The caller has made sure that
// history reaches back so far.
func (r *resource) at(revision uint64) snapshot {
	undo := r.after(revision)
	if len(undo) == 0 {
		return snapshot{keys: r.keys, objects: r.objects}
	}
	objects := make(map[string]*object, len(r.objects))
	for k, o := range r.objects {
		objects[k] = o
	}
	for i := len(undo) - 1; i >= 0; i-- {
		if e := undo[i]; e.old == nil {
			delete(objects, e.key)
		} else {
			objects[e.key] = e.old
		}
	}
	keys := make([]string, 0, len(objects))
	for k := range objects {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return snapshot{keys: keys, objects: objects}
}

// get is at for one key, without building the rest.
func (r *resource) get(key string, revision uint64) *object {
	for _, e := range r.after(revision) {
		if e.key == key {
			return e.old
		}
	}
	return r.objects[key]
}

// forget drops history up to a revision.
func (r *resource) forget(revision uint64) {
	if revision <= r.forgotten {
		return
	}
	kept := r.after(revision)
	r.history = append(make([]*event, 0, len(kept)), kept...)
	r.forgotten = revision
}

func splitKey(key string) (namespace, name string) {
	if i := strings.IndexByte(key, '/'); i >= 0 {
		return key[:i], key[i+1:]
	}
	return "", key
}
