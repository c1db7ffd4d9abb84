package apiserver

import (
	"fmt"
	"sync"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// scaleFields is who owns the replica count, seen from the Scale. Only an
// object that shows its managedFields has any.
//
// As in the real server, a write through /scale takes the count over from
// whoever owned it; if nobody did, nobody comes to own it.
type scaleFields struct {
	existing *object
	live     *autoscalingv1.Scale
	handler  *managedfields.ScaleHandler // nil: nothing is shown
}

// scaleFields adds to the Scale the managedFields it would have.
func (w *write) scaleFields(existing *object, scale *autoscalingv1.Scale) (*scaleFields, error) {
	out := &scaleFields{existing: existing, live: scale}
	entries := existing.meta.GetManagedFields()
	if len(entries) == 0 {
		return out, nil
	}
	path := []string{"spec", "replicas"}
	if w.version.Scale != nil {
		path = w.version.Scale.SpecReplicas
	}
	parts := make([]any, len(path))
	for i, p := range path {
		parts[i] = p
	}
	out.handler = managedfields.NewScaleHandler(entries, w.gv, managedfields.ResourcePathMappings{
		w.gv.String(): fieldpath.MakePathOrDie(parts...),
	})
	var err error
	if scale.ManagedFields, err = out.handler.ToSubresource(); err != nil {
		return nil, fmt.Errorf("managedFields of the Scale: %w", err)
	}
	return out, nil
}

// record puts the managedFields of the object after the write into obj.
func (f *scaleFields) record(w *write, obj runtime.Object, next *autoscalingv1.Scale) (runtime.Object, error) {
	if f.handler == nil {
		if w.kind.Custom {
			w.fields = f.existing.fields
			return obj, nil
		}
		return w.recordFields(f.existing, obj), nil
	}
	fm, err := scaleFieldManager()
	if err != nil {
		return nil, err
	}
	if next.APIVersion == "" {
		// A Scale that does not say what it is cannot be merged: then nobody
		// takes the count over.
		return obj, nil
	}
	updated := fm.UpdateNoErrors(f.live, next, w.manager).(*autoscalingv1.Scale)
	entries, err := f.handler.ToParent(updated.ManagedFields)
	if err != nil {
		return nil, fmt.Errorf("managedFields after a write through /scale: %w", err)
	}
	metaOf(obj).SetManagedFields(entries)
	return obj, nil
}

// scaleFieldManager is shared: it keeps no state of its own. It deduces the
// structure of a Scale, for which client-go has no merge type.
var scaleFieldManager = sync.OnceValues(func() (*managedfields.FieldManager, error) {
	return managedfields.NewDefaultFieldManager(managedfields.NewDeducedTypeConverter(), scheme.Scheme, noDefaults{}, scheme.Scheme, scaleGVK, scaleGVK.GroupVersion(), "scale", nil)
})

// noDefaults: a Scale has none.
type noDefaults struct{}

func (noDefaults) Default(runtime.Object) {}
