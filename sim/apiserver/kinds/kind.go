package kinds

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// Kind is everything the request path must know about one resource.
//
// Objects of built-in kinds are the typed structs of k8s.io/api; objects of
// custom resources are *unstructured.Unstructured. Both are immutable once
// stored. A Kind is itself immutable and may be shared between servers,
// except that the Service kind belongs to one [Registry].
type Kind struct {
	Resource   schema.GroupResource // plural, e.g. services
	Singular   string
	ShortNames []string
	Categories []string
	Kind       string
	ListKind   string
	Namespaced bool
	Custom     bool // served from a CustomResourceDefinition
	Virtual    bool // answered when created, never stored: a question about a user

	// Versions served, in discovery order. Storage names the version whose
	// form is kept in the log.
	Versions []Version
	Storage  string

	// StoredAs is set when the objects are those of another resource seen
	// through another API group: events.k8s.io/events are stored as core
	// events. Empty: stored as Resource.
	StoredAs schema.GroupResource
}

// Version is one served version of a kind. What rules a write is a property of
// the version it was sent in: a CustomResourceDefinition gives each version its
// own schema and subresources.
type Version struct {
	Name               string
	Deprecated         bool
	DeprecationWarning string // text of the Warning header, without code and agent

	// New returns an empty object to decode into, NewList an empty list.
	New     func() runtime.Object
	NewList func() runtime.Object

	// Strategy rules the main resource, Status its /status subresource (nil:
	// the version has none), Scale its /scale subresource (nil: none). All take
	// objects of this version.
	Strategy Strategy
	Status   UpdateStrategy
	Scale    *Scale

	// ToStorage turns an object of this version into the form that is stored,
	// FromStorage the other way; nil: the same object serves. The argument is
	// not changed, the result may share parts with it.
	ToStorage, FromStorage func(obj runtime.Object) runtime.Object

	// Converted is ToStorage without the defaults that a custom resource gets
	// only when it is read; nil: nothing is added after storing.
	Converted func(obj runtime.Object) runtime.Object

	// Shown is what get, list, create, update and a deletion that leaves nothing
	// show of a stored object; nil: all of it. Watches, subresources and a
	// deletion that has to wait always show all. The argument is not changed.
	Shown func(obj runtime.Object) runtime.Object

	// SelectableFields are what a field selector may name, beside
	// metadata.name and metadata.namespace, and the values in obj. The keys are
	// the same for every object, so New() tells which are supported. nil: none.
	SelectableFields func(obj runtime.Object) fields.Set

	// TypeConverter knows the structured-merge-diff type of the version; it is
	// made at the first call. ResetFields and StatusResetFields are what the
	// main resource and /status never own in managedFields.
	TypeConverter     func() (managedfields.TypeConverter, error)
	ResetFields       *fieldpath.Set
	StatusResetFields *fieldpath.Set

	// Columns and Cells make the Table that kubectl asks for; ages are counted
	// up to now.
	Columns []metav1.TableColumnDefinition
	Cells   func(obj runtime.Object, now time.Time) []any
}

// Version returns the served version called name.
func (k *Kind) Version(name string) (*Version, bool) {
	for i := range k.Versions {
		if k.Versions[i].Name == name {
			return &k.Versions[i], true
		}
	}
	return nil, false
}

// GroupVersionKind returns the kind's name in version.
func (k *Kind) GroupVersionKind(version string) schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: k.Resource.Group, Version: version, Kind: k.Kind}
}

// UpdateStrategy is what an update, a patch or an apply goes through, in this
// order: PrepareForUpdate, ValidateUpdate, WarningsOnUpdate.
type UpdateStrategy interface {
	// PrepareForUpdate resets what this endpoint may not change to what old
	// has (status on the main resource, spec on /status), and sets
	// metadata.generation when the kind counts it; it finds the generation as
	// old has it. Afterwards obj may share parts with old.
	PrepareForUpdate(obj, old runtime.Object)
	// ValidateUpdate reports what is wrong, in a stable order. Object metadata
	// is validated by the request path, not here; its errors come first.
	ValidateUpdate(obj, old runtime.Object) field.ErrorList
	WarningsOnUpdate(obj, old runtime.Object) []string
}

// Strategy rules creation and update of a main resource. The names are those
// of k8s.io/apiserver/pkg/registry/rest, where the real server has the same.
type Strategy interface {
	UpdateStrategy
	// Decoded completes an object just decoded from a request in this version,
	// or just made by a patch: defaults, and for custom resources pruning.
	// unknown lists the paths of pruned fields, sorted, those of metadata first.
	// err is set when metadata of a custom resource is malformed (400).
	Decoded(obj runtime.Object) (unknown []string, err error)
	// Default applies the defaults alone, without pruning: that is all that
	// happens to the result of an apply, so a null stays to be complained of.
	Default(obj runtime.Object)
	// PrepareForCreate finds the name set, generated or not.
	PrepareForCreate(obj runtime.Object)
	// Validate reports what is wrong, as ValidateUpdate does.
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
	// old is nil on create. As in the real server it comes before
	// PrepareForCreate or PrepareForUpdate, so before validation: an address
	// that is taken hides whatever else is wrong.
	//
	// undo gives everything back and is called when the write fails later or
	// was a dry run. err is a status error (422, or 500 for an empty pool), and
	// then nothing is held and undo is nil.
	Allocate(obj, old runtime.Object) (undo func(), err error)
	// AllocateDryRun is Allocate for a write that will not be committed. It
	// fills in what a client may expect to see, reserves nothing and therefore
	// finds less: that an address is taken is not among it.
	AllocateDryRun(obj, old runtime.Object) error
	// Committed returns to the pool what old held and obj no longer does; obj
	// is nil when the object is gone.
	Committed(obj, old runtime.Object)
}

// MetadataCanonicalizer is implemented by strategies whose objects may be stored
// with metadata other than what is read back: an applied configuration of a
// custom resource is stored with its nulls and empty maps.
type MetadataCanonicalizer interface {
	CanonicalMetadata(obj runtime.Object) (changed bool)
}

// NameGenerator is implemented by strategies that complete a generateName in
// a way of their own; others append five random characters.
type NameGenerator interface {
	GenerateName(base string) string
}

// BesideValidator is implemented by strategies to whose validation it matters
// what was found wrong with the object's metadata before: the CEL rules of a
// custom resource are not evaluated when something required is missing
// anywhere. The errors found are not in the result.
type BesideValidator interface {
	ValidateBeside(found field.ErrorList, obj runtime.Object) field.ErrorList
}

// BesideUpdateValidator is the same for updates, of the main resource and of
// /status.
type BesideUpdateValidator interface {
	ValidateUpdateBeside(found field.ErrorList, obj, old runtime.Object) field.ErrorList
}

// Scale tells where a custom resource keeps its replica counts (JSON paths as
// in the CRD, without the leading dot, split at dots).
type Scale struct {
	SpecReplicas, StatusReplicas, LabelSelector []string
}
