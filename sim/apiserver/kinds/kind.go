package kinds

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/structured-merge-diff/v6/typed"
)

// Kind is everything the request path must know about one resource.
//
// Objects of built-in kinds are the typed structs of k8s.io/api in the storage
// version; objects of custom resources are *unstructured.Unstructured. Both
// are immutable once stored.
type Kind struct {
	Resource   schema.GroupResource // plural, e.g. services
	Singular   string
	ShortNames []string
	Categories []string
	Kind       string
	ListKind   string
	Namespaced bool
	Custom     bool // served from a CustomResourceDefinition

	// Versions served, in discovery order. Storage is the one kept in the log.
	Versions []Version
	Storage  string

	// Strategy rules the main resource, Status its /status subresource (nil:
	// the kind has none), Scale its /scale subresource (nil: none).
	Strategy Strategy
	Status   UpdateStrategy
	Scale    *Scale

	// SelectableFields are what a field selector may name beside
	// metadata.name and metadata.namespace.
	SelectableFields func(obj runtime.Object) fields.Set
}

// Version is one served version of a kind.
type Version struct {
	Name               string
	Deprecated         bool
	DeprecationWarning string
	// New returns an empty object to decode into, NewList an empty list.
	New     func() runtime.Object
	NewList func() runtime.Object
	// Typed is the structured-merge-diff type used for apply and managedFields.
	Typed func() (typed.ParseableType, error)
	// Columns and Cells make the Table that kubectl asks for.
	Columns []metav1.TableColumnDefinition
	Cells   func(obj runtime.Object) []any
}

// UpdateStrategy is what an update, a patch or an apply goes through, in this
// order: PrepareForUpdate, ValidateUpdate, WarningsOnUpdate.
type UpdateStrategy interface {
	// PrepareForUpdate resets what this endpoint may not change to what old
	// has (status on the main resource, spec on /status), and sets
	// metadata.generation when the kind counts it.
	PrepareForUpdate(obj, old runtime.Object)
	// ValidateUpdate reports what is wrong, in a stable order. Object metadata
	// is validated by the request path, not here.
	ValidateUpdate(obj, old runtime.Object) field.ErrorList
	WarningsOnUpdate(obj, old runtime.Object) []string
}

// Strategy rules creation and update of a main resource. The names are those
// of k8s.io/apiserver/pkg/registry/rest, where the real server has the same.
type Strategy interface {
	UpdateStrategy
	// Decoded completes an object just decoded from version: defaults, and for
	// custom resources pruning. unknown lists the paths of pruned fields.
	Decoded(version string, obj runtime.Object) (unknown []string)
	PrepareForCreate(obj runtime.Object)
	Validate(obj runtime.Object) field.ErrorList
	WarningsOnCreate(obj runtime.Object) []string
	// AllowCreateOnUpdate: a PUT of a missing object creates it.
	AllowCreateOnUpdate() bool
	// AllowUnconditionalUpdate: a PUT without resourceVersion is accepted.
	AllowUnconditionalUpdate() bool
	// ValidateName returns what is wrong with a name; prefix: it is a generateName.
	ValidateName(name string, prefix bool) []string
}

// Allocator is implemented by strategies whose objects draw on a pool shared
// by all objects of the kind (Service: cluster IPs and node ports).
type Allocator interface {
	// Allocate fills what obj leaves to the server and reserves what it names;
	// old is nil on create. undo gives everything back and is called when the
	// write fails later or was a dry run. err is a status error (422).
	Allocate(obj, old runtime.Object) (undo func(), err error)
	// Committed returns to the pool what old held and obj no longer does; obj
	// is nil when the object is gone.
	Committed(obj, old runtime.Object)
}

// Scale tells where a custom resource keeps its replica counts (JSON paths as
// in the CRD, without the leading dot).
type Scale struct {
	SpecReplicas, StatusReplicas, LabelSelector []string
}
