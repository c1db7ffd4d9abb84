package custom

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"sync"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	structuraldefaulting "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
	celconfig "k8s.io/apiserver/pkg/apis/cel"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// compiled holds every kind that was compiled in this process, by a hash of
// what the definition says. Compiling a schema with CEL rules costs
// milliseconds, and thousands of simulated servers load the same definitions.
// A process that keeps making up new definitions starts over at compiledLimit.
var compiled = struct {
	sync.Mutex
	kinds map[[sha256.Size]byte]*kinds.Kind
}{kinds: map[[sha256.Size]byte]*kinds.Kind{}}

const compiledLimit = 1000

// Compile makes the kind that crd defines.
func Compile(crd *apiextensionsv1.CustomResourceDefinition) (*kinds.Kind, error) {
	content, err := crd.Spec.Marshal()
	if err != nil {
		return nil, fmt.Errorf("encoding the spec of CustomResourceDefinition %s: %w", crd.Name, err)
	}
	key := sha256.Sum256(content)
	compiled.Lock()
	defer compiled.Unlock()
	if kind := compiled.kinds[key]; kind != nil {
		return kind, nil
	}
	kind, err := compileKind(crd.DeepCopy())
	if err != nil {
		return nil, fmt.Errorf("compiling CustomResourceDefinition %s: %w", crd.Name, err)
	}
	if len(compiled.kinds) >= compiledLimit {
		clear(compiled.kinds)
	}
	compiled.kinds[key] = kind
	return kind, nil
}

func compileKind(crd *apiextensionsv1.CustomResourceDefinition) (*kinds.Kind, error) {
	names := crd.Spec.Names
	if names.Singular == "" {
		names.Singular = strings.ToLower(names.Kind)
	}
	if names.ListKind == "" {
		names.ListKind = names.Kind + "List"
	}
	kind := &kinds.Kind{
		Resource:   schema.GroupResource{Group: crd.Spec.Group, Resource: names.Plural},
		Singular:   names.Singular,
		ShortNames: names.ShortNames,
		Categories: names.Categories,
		Kind:       names.Kind,
		ListKind:   names.ListKind,
		Namespaced: crd.Spec.Scope == apiextensionsv1.NamespaceScoped,
		Custom:     true,
	}
	versions := make([]*customVersion, 0, len(crd.Spec.Versions))
	for i := range crd.Spec.Versions {
		v, err := compileVersion(crd, kind, &crd.Spec.Versions[i])
		if err != nil {
			return nil, fmt.Errorf("version %s: %w", crd.Spec.Versions[i].Name, err)
		}
		if v.spec.Storage {
			kind.Storage = v.spec.Name
		}
		versions = append(versions, v)
	}
	storage := slices.IndexFunc(versions, func(v *customVersion) bool { return v.spec.Storage })
	if storage < 0 {
		return nil, fmt.Errorf("no version is the storage version")
	}
	types := newCustomTypes(crd, versions)
	for _, v := range versions {
		if v.spec.Served {
			kind.Versions = append(kind.Versions, v.version(versions[storage], types))
		}
	}
	// Discovery lists the most stable and newest version first.
	slices.SortStableFunc(kind.Versions, func(a, b kinds.Version) int {
		return version.CompareKubeAwareVersionStrings(b.Name, a.Name)
	})
	return kind, nil
}

// customVersion is one version of a definition with everything that can be
// computed ahead: it is its strategy for the main resource.
type customVersion struct {
	spec       *apiextensionsv1.CustomResourceDefinitionVersion
	definition *apiextensionsv1.CustomResourceDefinition
	gvk        schema.GroupVersionKind
	listKind   string

	structural *structuralschema.Structural
	preserve   bool // spec.preserveUnknownFields: nothing is pruned
	cel        *cel.Validator
	validator  validation.SchemaValidator
	status     validation.SchemaValidator // of .status alone; nil: no schema
	hasStatus  bool
	scale      *apiextensionsv1.CustomResourceSubresourceScale
	selectable []selectableField
	table      kinds.Table
	embeds     bool // the schema has embedded resources, whose metadata is coerced
	validCache validCache
}

func compileVersion(crd *apiextensionsv1.CustomResourceDefinition, kind *kinds.Kind, spec *apiextensionsv1.CustomResourceDefinitionVersion) (*customVersion, error) {
	v := &customVersion{
		spec:       spec,
		definition: crd,
		gvk:        kind.GroupVersionKind(spec.Name),
		listKind:   kind.ListKind,
		preserve:   crd.Spec.PreserveUnknownFields,
	}
	if sub := spec.Subresources; sub != nil {
		v.hasStatus = sub.Status != nil
		v.scale = sub.Scale
	}
	var err error
	if v.selectable, err = compileSelectable(spec.SelectableFields); err != nil {
		return nil, err
	}
	v.table = customTable(spec.AdditionalPrinterColumns)
	return v, v.compileSchema(spec.Schema)
}

func (v *customVersion) compileSchema(source *apiextensionsv1.CustomResourceValidation) error {
	if source == nil || source.OpenAPIV3Schema == nil {
		var err error
		v.validator, _, err = validation.NewSchemaValidator(nil)
		return err
	}
	internal := &apiextensions.CustomResourceValidation{}
	if err := apiextensionsv1.Convert_v1_CustomResourceValidation_To_apiextensions_CustomResourceValidation(source, internal, nil); err != nil {
		return fmt.Errorf("converting the schema: %w", err)
	}
	structural, err := structuralschema.NewStructural(internal.OpenAPIV3Schema)
	if err != nil && !v.preserve {
		return fmt.Errorf("the schema is not structural: %w", err)
	}
	if !v.preserve {
		// Defaults are shared with the source, and pruning changes them.
		structural = structural.DeepCopy()
		if err := structuraldefaulting.PruneDefaults(structural); err != nil {
			return fmt.Errorf("pruning defaults: %w", err)
		}
	}
	v.structural = structural
	v.embeds = embedsResources(structural)
	v.cel = cel.NewValidator(structural, true, celconfig.PerCallLimit)
	if v.validator, _, err = validation.NewSchemaValidator(internal.OpenAPIV3Schema); err != nil {
		return fmt.Errorf("compiling the schema: %w", err)
	}
	if status, found := internal.OpenAPIV3Schema.Properties["status"]; found && v.hasStatus {
		if v.status, _, err = validation.NewSchemaValidator(&status); err != nil {
			return fmt.Errorf("compiling the schema of status: %w", err)
		}
	}
	return nil
}

// embedsResources tells whether there is an x-kubernetes-embedded-resource
// anywhere in the schema.
func embedsResources(s *structuralschema.Structural) bool {
	if s == nil {
		return false
	}
	if s.XEmbeddedResource || embedsResources(s.Items) {
		return true
	}
	if s.AdditionalProperties != nil && embedsResources(s.AdditionalProperties.Structural) {
		return true
	}
	for _, property := range s.Properties {
		if embedsResources(&property) {
			return true
		}
	}
	return false
}

// version presents v as it is served; objects are stored as storage has them.
func (v *customVersion) version(storage *customVersion, types *customTypes) kinds.Version {
	served := kinds.Version{
		Name:          v.spec.Name,
		Deprecated:    v.spec.Deprecated,
		New:           v.newObject,
		NewList:       v.newList,
		Strategy:      v,
		TypeConverter: types.converter,
		Columns:       v.table.Columns,
		Cells:         v.table.Cells,
	}
	if v.spec.Deprecated {
		served.DeprecationWarning = v.deprecationWarning()
	}
	if v.hasStatus {
		served.Status = (*customStatus)(v)
		served.ResetFields = kinds.FieldSet([]string{"status"})
		served.StatusResetFields = kinds.FieldSet([]string{"metadata", "spec"})
	}
	if v.scale != nil {
		served.Scale = &kinds.Scale{
			SpecReplicas:   splitPath(v.scale.SpecReplicasPath),
			StatusReplicas: splitPath(v.scale.StatusReplicasPath),
		}
		if selector := v.scale.LabelSelectorPath; selector != nil {
			served.Scale.LabelSelector = splitPath(*selector)
		}
	}
	if len(v.selectable) > 0 {
		served.SelectableFields = v.selectableFields
	}
	if v != storage {
		served.ToStorage = storage.convert
		served.Converted = storage.adopt
		served.FromStorage = v.convert
	}
	return served
}

// splitPath turns .spec.replicas into [spec replicas].
func splitPath(path string) []string { return strings.Split(strings.TrimPrefix(path, "."), ".") }

func (v *customVersion) newObject() runtime.Object {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(v.gvk)
	return u
}

func (v *customVersion) newList() runtime.Object {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(v.gvk.GroupVersion().WithKind(v.listKind))
	return list
}

// convert is what spec.conversion.strategy None does: the apiVersion changes,
// then the object is completed by the rules of its new version.
func (v *customVersion) convert(obj runtime.Object) runtime.Object {
	converted := v.adopt(obj)
	v.Default(converted)
	return converted
}

// adopt changes the apiVersion and prunes what the version does not know and
// nulls, which is all that happens to an object on its way into storage.
func (v *customVersion) adopt(obj runtime.Object) runtime.Object {
	adopted := obj.(*unstructured.Unstructured).DeepCopy()
	adopted.SetGroupVersionKind(v.gvk)
	v.prune(adopted)
	return adopted
}

func (v *customVersion) deprecationWarning() string {
	if v.spec.DeprecationWarning != nil {
		return *v.spec.DeprecationWarning
	}
	names := v.definition.Spec
	text := fmt.Sprintf("%s/%s %s is deprecated", names.Group, v.spec.Name, names.Names.Kind)
	best := ""
	for _, other := range names.Versions {
		newer := version.CompareKubeAwareVersionStrings(v.spec.Name, other.Name) < 0
		if other.Served && !other.Deprecated && newer && (best == "" || version.CompareKubeAwareVersionStrings(best, other.Name) < 0) {
			best = other.Name
		}
	}
	if best == "" {
		return text
	}
	return fmt.Sprintf("%s; use %s/%s %s", text, names.Group, best, names.Names.Kind)
}
