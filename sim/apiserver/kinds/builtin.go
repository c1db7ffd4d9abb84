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

// Spec is what distinguishes a built-in kind; [Builtin] derives the rest
// from the Go types.
type Spec struct {
	Resource   string
	ShortNames []string
	Categories []string
	Namespaced bool
	Strategy   Strategy
	Status     UpdateStrategy
	Table      Table
	Selectable func(obj runtime.Object) fields.Set
	// StatusResets are paths, dotted, that /status resets beside spec.
	StatusResets []string
}

// Builtin makes the Kind of a type of k8s.io/api, e.g. *corev1.Service,
// and its list type.
func Builtin[T, L runtime.Object](gv schema.GroupVersion, s Spec) *Kind {
	name := reflect.TypeFor[T]().Elem().Name()
	version := Version{
		Name:             gv.Version,
		New:              NewOf[T](gv.WithKind(name)),
		NewList:          NewOf[L](gv.WithKind(name + "List")),
		Strategy:         s.Strategy,
		Status:           s.Status,
		SelectableFields: s.Selectable,
		TypeConverter:    func() (managedfields.TypeConverter, error) { return BuiltinTypes(), nil },
		Columns:          s.Table.Columns,
		Cells:            s.Table.Cells,
	}
	if s.Status != nil {
		version.ResetFields = FieldSet([]string{"status"})
		version.StatusResetFields = FieldSet(append([]string{"spec"}, s.StatusResets...))
	}
	return &Kind{
		Resource:   schema.GroupResource{Group: gv.Group, Resource: s.Resource},
		Singular:   strings.ToLower(name),
		ShortNames: s.ShortNames,
		Categories: s.Categories,
		Kind:       name,
		ListKind:   name + "List",
		Namespaced: s.Namespaced,
		Versions:   []Version{version},
		Storage:    gv.Version,
	}
}

// NewOf makes empty objects that already say what they are: decoders leave
// apiVersion and kind alone, encoders must write them.
func NewOf[T runtime.Object](gvk schema.GroupVersionKind) func() runtime.Object {
	elem := reflect.TypeFor[T]().Elem()
	return func() runtime.Object {
		obj := reflect.New(elem).Interface().(T)
		obj.GetObjectKind().SetGroupVersionKind(gvk)
		return obj
	}
}

// BuiltinTypes holds the merge types of all kinds of k8s.io/api. Parsing them
// costs tens of milliseconds, so it happens once, when somebody first asks.
var BuiltinTypes = sync.OnceValue(func() managedfields.TypeConverter {
	return applyconfigurations.NewTypeConverter(scheme.Scheme)
})

// FieldSet is the set of the given dotted paths, nil for none.
func FieldSet(names []string) *fieldpath.Set {
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

// Selectable adapts a function over a kind's own type.
func Selectable[T runtime.Object](f func(obj T) fields.Set) func(runtime.Object) fields.Set {
	return func(obj runtime.Object) fields.Set { return f(obj.(T)) }
}
