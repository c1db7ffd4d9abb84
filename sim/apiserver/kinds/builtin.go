package kinds

import (
	"reflect"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/applyconfigurations"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// kindSpec is what distinguishes a built-in kind; builtinKind derives the rest
// from the Go types.
type kindSpec struct {
	resource   string
	shortNames []string
	categories []string
	namespaced bool
	strategy   Strategy
	status     UpdateStrategy
	table      tableOf
	selectable func(obj runtime.Object) fields.Set
	// statusResets are paths, dotted, that /status resets beside spec.
	statusResets []string
}

// builtinKind makes the Kind of a type of k8s.io/api, e.g. *corev1.Service,
// and its list type.
func builtinKind[T, L runtime.Object](gv schema.GroupVersion, s kindSpec) *Kind {
	name := reflect.TypeFor[T]().Elem().Name()
	version := Version{
		Name:             gv.Version,
		New:              newOf[T](gv.WithKind(name)),
		NewList:          newOf[L](gv.WithKind(name + "List")),
		Strategy:         s.strategy,
		Status:           s.status,
		SelectableFields: s.selectable,
		TypeConverter:    func() (managedfields.TypeConverter, error) { return builtinTypes(), nil },
		Columns:          s.table.columns,
		Cells:            s.table.cells,
	}
	if s.status != nil {
		version.ResetFields = fieldSet([]string{"status"})
		version.StatusResetFields = fieldSet(append([]string{"spec"}, s.statusResets...))
	}
	return &Kind{
		Resource:   schema.GroupResource{Group: gv.Group, Resource: s.resource},
		Singular:   strings.ToLower(name),
		ShortNames: s.shortNames,
		Categories: s.categories,
		Kind:       name,
		ListKind:   name + "List",
		Namespaced: s.namespaced,
		Versions:   []Version{version},
		Storage:    gv.Version,
	}
}

// newOf makes empty objects that already say what they are: decoders leave
// apiVersion and kind alone, encoders must write them.
func newOf[T runtime.Object](gvk schema.GroupVersionKind) func() runtime.Object {
	elem := reflect.TypeFor[T]().Elem()
	return func() runtime.Object {
		obj := reflect.New(elem).Interface().(T)
		obj.GetObjectKind().SetGroupVersionKind(gvk)
		return obj
	}
}

// builtinTypes holds the merge types of all kinds of k8s.io/api. Parsing them
// costs tens of milliseconds, so it happens once, when somebody first asks.
var builtinTypes = sync.OnceValue(func() managedfields.TypeConverter {
	return applyconfigurations.NewTypeConverter(scheme.Scheme)
})

// fieldSet is the set of the given dotted paths, nil for none.
func fieldSet(names []string) *fieldpath.Set {
	if len(names) == 0 {
		return nil
	}
	set := fieldpath.NewSet()
	for _, name := range names {
		var path []any
		for part := range strings.SplitSeq(name, ".") {
			path = append(path, part)
		}
		set.Insert(fieldpath.MakePathOrDie(path...))
	}
	return set
}

// selectable adapts a function over a kind's own type.
func selectable[T runtime.Object](f func(obj T) fields.Set) func(runtime.Object) fields.Set {
	return func(obj runtime.Object) fields.Set { return f(obj.(T)) }
}
