package apiserver

import (
	"fmt"
	"sort"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// fieldLog is who wrote an object, newest first: everything that is needed to
// compute managedFields when somebody asks for them. An object whose value
// carries managedFields has none.
type fieldLog struct {
	previous      *fieldLog
	kind          *kinds.Kind
	version       *kinds.Version
	subresource   string
	manager       string
	time          time.Time
	live, updated runtime.Object // live is nil on creation
}

// fieldManagerKey names one of a resource's field managers.
type fieldManagerKey struct {
	version     *kinds.Version
	subresource string
}

// showsFields: this object's managedFields are kept up to date in its value.
func (s *Server) showsFields(existing *object) bool {
	return s.config.ManagedFields || existing != nil && len(existing.meta.GetManagedFields()) > 0
}

// recordFields notes a write by anything but apply and returns the object to
// go on with. It comes before the strategy touches the object: what the server
// fills in is nobody's.
func (w *write) recordFields(existing *object, obj runtime.Object) runtime.Object {
	m := metaOf(obj)
	if !w.server.showsFields(existing) {
		m.SetManagedFields(nil)
		entry := &fieldLog{kind: w.kind, version: w.version, subresource: w.endpoint.subresource, manager: w.manager, time: w.now(), updated: obj}
		if existing != nil {
			entry.previous, entry.live = existing.fields, existing.value
		}
		if !w.kind.Custom {
			// Allocated addresses and the like would be taken for the
			// client's; custom resources have none.
			entry.updated = obj.DeepCopyObject()
		}
		w.fields = entry
		return obj
	}
	var live runtime.Object
	if existing != nil {
		live = fromStorage(w.version, w.server.withFields(w.res, existing))
	}
	out := w.updateFields(live, obj)
	if existing != nil {
		w.ownFields = metaOf(out).GetManagedFields()
	}
	return out
}

func (w *write) updateFields(live, obj runtime.Object) runtime.Object {
	entry := fieldLog{kind: w.kind, version: w.version, subresource: w.endpoint.subresource, manager: w.manager, time: w.now(), live: live, updated: obj}
	return w.res.mergeFields(&entry, live)
}

// withFields is the object's value with its managedFields, computed if need be.
func (s *Server) withFields(res *resource, o *object) runtime.Object {
	if o.fields == nil {
		return o.value
	}
	var entries []*fieldLog
	for e := o.fields; e != nil; e = e.previous {
		entries = append(entries, e)
	}
	var managed []metav1.ManagedFieldsEntry
	for i := len(entries) - 1; i >= 0; i-- {
		e := entries[i]
		var live runtime.Object
		if e.live != nil {
			live = shallowCopy(fromStorage(e.version, e.live))
			metaOf(live).SetManagedFields(managed)
		}
		managed = metaOf(res.mergeFields(e, live)).GetManagedFields()
	}
	value := shallowCopy(o.value)
	metaOf(value).SetManagedFields(managed)
	return value
}

// mergeFields computes the managedFields after one recorded write. A type that
// cannot be merged keeps what it had, as in the real server.
func (r *resource) mergeFields(e *fieldLog, live runtime.Object) runtime.Object {
	fm := r.fieldManager(e.kind, e.version, e.subresource)
	updated := shallowCopy(e.updated)
	if fm == nil {
		return updated
	}
	typed(updated, e.kind, e.version)
	var before []metav1.ManagedFieldsEntry
	if live == nil {
		live = e.version.New()
	} else {
		live = shallowCopy(live)
		before = metaOf(live).GetManagedFields()
	}
	typed(live, e.kind, e.version)
	out, err := fm.Update(live, updated, e.manager)
	if err != nil {
		// Validation will refuse the object, if it is the object's fault.
		metaOf(updated).SetManagedFields(before)
		return finishTyped(updated)
	}
	stampFields(out, before, e.time)
	return finishTyped(out)
}

// typed sets apiVersion and kind on a copy, as the field manager expects.
// Custom resources say for themselves what they are.
func typed(obj runtime.Object, k *kinds.Kind, v *kinds.Version) {
	if k.Custom && !obj.GetObjectKind().GroupVersionKind().Empty() {
		return
	}
	obj.GetObjectKind().SetGroupVersionKind(k.GroupVersionKind(v.Name))
}

func finishTyped(obj runtime.Object) runtime.Object {
	if _, ok := obj.(*unstructured.Unstructured); ok {
		return obj
	}
	return untyped(obj)
}

// stampFields replaces the times the library took from the wall clock: an
// entry that is not as old as before is new.
func stampFields(obj runtime.Object, before []metav1.ManagedFieldsEntry, now time.Time) {
	m := metaOf(obj)
	managed := m.GetManagedFields()
	if len(managed) == 0 {
		return
	}
	for i := range managed {
		if managed[i].Time == nil {
			continue // an apply that changed nothing but who owns what
		}
		if old := sameManager(before, &managed[i]); old == nil || !old.Time.Equal(managed[i].Time) {
			t := metav1.NewTime(now)
			managed[i].Time = &t
		}
	}
	sort.SliceStable(managed, func(i, j int) bool { return fieldsBefore(&managed[i], &managed[j]) })
	m.SetManagedFields(managed)
}

func sameManager(entries []metav1.ManagedFieldsEntry, e *metav1.ManagedFieldsEntry) *metav1.ManagedFieldsEntry {
	for i := range entries {
		o := &entries[i]
		if o.Manager == e.Manager && o.Operation == e.Operation && o.APIVersion == e.APIVersion && o.Subresource == e.Subresource {
			return o
		}
	}
	return nil
}

// fieldsBefore is the order of managedFields: apply first, then by time.
func fieldsBefore(a, b *metav1.ManagedFieldsEntry) bool {
	if a.Operation != b.Operation {
		return a.Operation < b.Operation
	}
	if s, t := unixTime(a.Time), unixTime(b.Time); s != t {
		return s < t
	}
	if a.Manager != b.Manager {
		return a.Manager < b.Manager
	}
	if a.APIVersion != b.APIVersion {
		return a.APIVersion < b.APIVersion
	}
	return a.Subresource < b.Subresource
}

func unixTime(t *metav1.Time) int64 {
	if t == nil {
		return 0
	}
	return t.Unix()
}

// keepTimes undoes new times where nothing else in managedFields is new and
// the object is the same: a write must not be one because of the time alone.
func (w *write) keepTimes(existing *object, obj runtime.Object) {
	if len(w.ownFields) == 0 {
		return
	}
	before := existing.meta.GetManagedFields()
	after := metaOf(obj).GetManagedFields()
	if len(before) != len(after) {
		return
	}
	kept := make([]metav1.ManagedFieldsEntry, len(after))
	for i := range after {
		kept[i] = after[i]
		kept[i].Time = before[i].Time
		if !apiequality.Semantic.DeepEqual(kept[i], before[i]) {
			return
		}
	}
	trial := shallowCopy(obj)
	metaOf(trial).SetManagedFields(kept)
	value := toStorage(w.version, trial)
	if sameState(existing, &object{value: value, meta: metaOf(value)}) {
		metaOf(obj).SetManagedFields(kept)
	}
}

// fieldManager is nil for a kind whose types cannot be had.
func (r *resource) fieldManager(k *kinds.Kind, v *kinds.Version, subresource string) *managedfields.FieldManager {
	key := fieldManagerKey{version: v, subresource: subresource}
	if fm, ok := r.fields[key]; ok {
		return fm
	}
	fm, err := newFieldManager(k, v, subresource)
	if err != nil {
		fm = nil
	}
	r.fields[key] = fm
	return fm
}

func newFieldManager(k *kinds.Kind, v *kinds.Version, subresource string) (*managedfields.FieldManager, error) {
	types, err := v.TypeConverter()
	if err != nil {
		return nil, fmt.Errorf("types of %s %s: %w", k.Kind, v.Name, err)
	}
	gvk := k.GroupVersionKind(v.Name)
	filters := fieldpath.NewExcludeFilterSetMap(resetFields(k, subresource))
	if k.Custom {
		return managedfields.NewDefaultCRDFieldManager(types, customConverter{}, kindDefaulter{v}, unstructuredCreater{}, gvk, gvk.GroupVersion(), subresource, filters)
	}
	return managedfields.NewDefaultFieldManager(types, typedScheme, kindDefaulter{v}, typedScheme, gvk, gvk.GroupVersion(), subresource, filters)
}

// resetFields are what nobody owns, in every version: managers of other
// versions are compared in theirs.
func resetFields(k *kinds.Kind, subresource string) map[fieldpath.APIVersion]*fieldpath.Set {
	resets := map[fieldpath.APIVersion]*fieldpath.Set{}
	for i := range k.Versions {
		v := &k.Versions[i]
		reset := v.ResetFields
		if subresource == "status" {
			reset = v.StatusResetFields
		}
		if reset != nil {
			resets[fieldpath.APIVersion(k.GroupVersionKind(v.Name).GroupVersion().String())] = reset
		}
	}
	return resets
}

// kindDefaulter completes what an apply makes.
type kindDefaulter struct{ version *kinds.Version }

// Default implements runtime.ObjectDefaulter.
func (d kindDefaulter) Default(obj runtime.Object) { d.version.Strategy.Default(obj) }

// customConverter is conversion strategy None.
type customConverter struct{}

func (customConverter) Convert(in, out, _ any) error {
	from, ok := in.(*unstructured.Unstructured)
	to, ok2 := out.(*unstructured.Unstructured)
	if !ok || !ok2 {
		return fmt.Errorf("cannot convert %T to %T", in, out)
	}
	to.Object = from.Object
	return nil
}

func (customConverter) ConvertToVersion(in runtime.Object, target runtime.GroupVersioner) (runtime.Object, error) {
	gvk := in.GetObjectKind().GroupVersionKind()
	to, ok := target.KindForGroupVersionKinds([]schema.GroupVersionKind{gvk})
	if !ok {
		return nil, runtime.NewNotRegisteredErrForTarget("custom resources", nil, target)
	}
	out := shallowCopy(in)
	out.GetObjectKind().SetGroupVersionKind(to)
	return out, nil
}

func (customConverter) ConvertFieldLabel(gvk schema.GroupVersionKind, label, _ string) (string, string, error) {
	return "", "", fmt.Errorf("%s has no field label %q", gvk, label)
}
