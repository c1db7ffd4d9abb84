package custom

import (
	"context"
	"maps"
	"slices"
	"sort"

	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/model"
	structuraldefaulting "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	structurallisttype "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	schemaobjectmeta "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	structuralpruning "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/common"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// The rules of custom resources are those of pkg/registry/customresource and
// pkg/apiserver of k8s.io/apiextensions-apiserver 0.37, put together from its
// public parts.

// Decoded implements [kinds.Strategy].
func (v *customVersion) Decoded(obj runtime.Object) ([]string, error) {
	u := obj.(*unstructured.Unstructured)
	unknown, err := coerceMetadata(u)
	if err != nil {
		return nil, err
	}
	pruned := v.prune(u)
	if v.embeds {
		malformed, dropped := schemaobjectmeta.CoerceWithOptions(nil, u.Object, v.structural, false, schemaobjectmeta.CoerceOptions{ReturnUnknownFieldPaths: true})
		if malformed != nil {
			return nil, malformed
		}
		pruned = append(pruned, dropped...)
	}
	sort.Strings(pruned)
	v.Default(u)
	return append(unknown, pruned...), nil
}

// Default implements [kinds.Strategy].
func (v *customVersion) Default(obj runtime.Object) {
	structuraldefaulting.Default(obj.(*unstructured.Unstructured).Object, v.structural)
}

// rewrittenMetadata is set or removed by every write: what a client says of it
// never gets into storage.
var rewrittenMetadata = []string{"creationTimestamp", "generation", "resourceVersion", "selfLink", "uid"}

// CanonicalMetadata brings metadata into the form in which it is read back
// from storage, without nulls and empty maps, and says whether that changed
// what will be stored.
func (v *customVersion) CanonicalMetadata(obj runtime.Object) (changed bool) {
	u := obj.(*unstructured.Unstructured)
	before := storedMetadata(u)
	if meta, found, err := schemaobjectmeta.GetObjectMeta(u.Object, true); err == nil && found {
		// Metadata that could be decoded can be encoded.
		_ = schemaobjectmeta.SetObjectMeta(u.Object, meta)
	}
	return !apiequality.Semantic.DeepEqual(before, storedMetadata(u))
}

// storedMetadata is a copy of the metadata that a write leaves as it is.
func storedMetadata(u *unstructured.Unstructured) map[string]any {
	metadata, _ := u.Object["metadata"].(map[string]any)
	stored := runtime.DeepCopyJSON(metadata)
	for _, name := range rewrittenMetadata {
		delete(stored, name)
	}
	return stored
}

// prune drops what the schema does not know, and nulls where null is not
// allowed, and returns the paths of the former. Metadata is not touched.
func (v *customVersion) prune(u *unstructured.Unstructured) []string {
	if v.preserve || v.structural == nil {
		return nil
	}
	pruned := structuralpruning.PruneWithOptions(u.Object, v.structural, true, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	if hasNull(u.Object) {
		structuraldefaulting.PruneNonNullableNullsWithoutDefaults(u.Object, v.structural)
	}
	return pruned
}

// PrepareForCreate implements [kinds.Strategy].
func (v *customVersion) PrepareForCreate(obj runtime.Object) {
	u := obj.(*unstructured.Unstructured)
	if v.hasStatus {
		delete(u.Object, "status")
	}
	u.SetGeneration(1)
}

// PrepareForUpdate implements [kinds.UpdateStrategy]. With a status subresource the
// status is kept, so it does not count as a change; without one it does.
func (v *customVersion) PrepareForUpdate(obj, oldObj runtime.Object) {
	u, old := obj.(*unstructured.Unstructured), oldObj.(*unstructured.Unstructured)
	if v.hasStatus {
		if status, found := old.Object["status"]; found {
			u.Object["status"] = status
		} else {
			delete(u.Object, "status")
		}
	}
	if !sameContent(u, old) {
		u.SetGeneration(old.GetGeneration() + 1)
	}
}

// sameContent compares everything but metadata.
func sameContent(a, b *unstructured.Unstructured) bool {
	without := func(u *unstructured.Unstructured) map[string]any {
		content := maps.Clone(u.Object)
		delete(content, "metadata")
		return content
	}
	return apiequality.Semantic.DeepEqual(without(a), without(b))
}

// Validate implements [kinds.Strategy].
func (v *customVersion) Validate(obj runtime.Object) field.ErrorList {
	return v.ValidateBeside(nil, obj)
}

// ValidateBeside implements [kinds.BesideValidator].
func (v *customVersion) ValidateBeside(found field.ErrorList, obj runtime.Object) field.ErrorList {
	u := obj.(*unstructured.Unstructured)
	if errs := v.validateTypeMeta(u); len(errs) > 0 {
		return v.validateShape(nil, errs, u)
	}
	content, ok := validatedContent(u)
	key := validKey{endpoint: validCreate, now: content}
	return v.validCache.unlessKnown(key, ok && len(found) == 0, func() field.ErrorList { return v.validateNew(found, u) })
}

// validateNew checks a new object after the given errors were found in its
// metadata.
func (v *customVersion) validateNew(found field.ErrorList, u *unstructured.Unstructured) field.ErrorList {
	errs := validation.ValidateCustomResource(nil, u.Object, v.validator)
	return v.validateShape(found, append(errs, v.validateScale(u, true)...), u)
}

// validateShape is what is looked at whatever the object says it is: embedded
// metadata, list types, rules. errs was found before it.
func (v *customVersion) validateShape(found, errs field.ErrorList, u *unstructured.Unstructured) field.ErrorList {
	if v.embeds {
		errs = append(errs, validateEmbeddedMetadata(u.Object, v.structural)...)
	}
	errs = append(errs, structurallisttype.ValidateListSetsAndMaps(nil, v.structural, u.Object)...)
	return kinds.SortedErrors(append(errs, v.validateRules(u, nil, slices.Concat(found, errs))...))
}

// ValidateUpdate implements [kinds.UpdateStrategy]. What was wrong before and did
// not change is tolerated (validation ratcheting).
func (v *customVersion) ValidateUpdate(obj, old runtime.Object) field.ErrorList {
	return v.ValidateUpdateBeside(nil, obj, old)
}

// ValidateUpdateBeside implements [kinds.BesideUpdateValidator].
func (v *customVersion) ValidateUpdateBeside(found field.ErrorList, obj, oldObj runtime.Object) field.ErrorList {
	u, old := obj.(*unstructured.Unstructured), oldObj.(*unstructured.Unstructured)
	if errs := v.validateTypeMeta(u); len(errs) > 0 {
		return v.validateChangedShape(nil, errs, u, old, v.correlate(u, old))
	}
	key, ok := changeKey(validUpdate, u, old)
	return v.validCache.unlessKnown(key, ok && len(found) == 0, func() field.ErrorList { return v.validateChange(found, u, old) })
}

func (v *customVersion) validateChange(found field.ErrorList, u, old *unstructured.Unstructured) field.ErrorList {
	correlated := v.correlate(u, old)
	errs := validation.ValidateCustomResourceUpdate(nil, u.Object, old.Object, v.validator, validation.WithRatcheting(correlated))
	return v.validateChangedShape(found, append(errs, v.validateScale(u, true)...), u, old, correlated)
}

// validateChangedShape is validateShape for an update.
func (v *customVersion) validateChangedShape(found, errs field.ErrorList, u, old *unstructured.Unstructured, correlated *common.CorrelatedObject) field.ErrorList {
	if v.embeds {
		errs = append(errs, validateEmbeddedMetadata(u.Object, v.structural)...)
	}
	if len(structurallisttype.ValidateListSetsAndMaps(nil, v.structural, old.Object)) == 0 {
		errs = append(errs, structurallisttype.ValidateListSetsAndMaps(nil, v.structural, u.Object)...)
	}
	return kinds.SortedErrors(append(errs, v.validateRules(u, old, slices.Concat(found, errs), cel.WithRatcheting(correlated))...))
}

func (v *customVersion) correlate(u, old *unstructured.Unstructured) *common.CorrelatedObject {
	return common.NewCorrelatedObject(u.Object, old.Object, &model.Structural{Structural: v.structural})
}

// validateRules evaluates the CEL rules, unless errors found before would make
// them stumble.
func (v *customVersion) validateRules(u, old *unstructured.Unstructured, before field.ErrorList, options ...cel.Option) field.ErrorList {
	if v.cel == nil {
		return nil
	}
	blocking := []field.ErrorType{
		field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid,
	}
	for _, err := range before {
		if slices.Contains(blocking, err.Type) {
			return field.ErrorList{field.Invalid(nil, nil, "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation")}
		}
	}
	var oldContent any
	if old != nil {
		oldContent = old.Object
	}
	errs, _ := v.cel.Validate(context.Background(), nil, v.structural, u.Object, oldContent, celconfig.RuntimeCELCostBudget, options...)
	return errs
}

// WarningsOnCreate implements [kinds.Strategy].
func (v *customVersion) WarningsOnCreate(obj runtime.Object) []string {
	return finalizerWarnings(obj.(*unstructured.Unstructured).GetFinalizers(), nil)
}

// WarningsOnUpdate implements [kinds.UpdateStrategy].
func (v *customVersion) WarningsOnUpdate(obj, old runtime.Object) []string {
	return finalizerWarnings(obj.(*unstructured.Unstructured).GetFinalizers(), old.(*unstructured.Unstructured).GetFinalizers())
}

// AllowCreateOnUpdate implements [kinds.Strategy]: custom resources are only created by POST.
func (v *customVersion) AllowCreateOnUpdate() bool { return false }

// AllowUnconditionalUpdate implements [kinds.Strategy]: a PUT must carry a resourceVersion.
func (v *customVersion) AllowUnconditionalUpdate() bool { return false }

// ValidateName implements [kinds.Strategy].
func (v *customVersion) ValidateName(name string, prefix bool) []string {
	return apivalidation.NameIsDNSSubdomain(name, prefix)
}

// customStatus is the strategy of /status: of what is sent only status counts.
type customStatus customVersion

// PrepareForUpdate implements [kinds.UpdateStrategy].
func (s *customStatus) PrepareForUpdate(obj, oldObj runtime.Object) {
	u, old := obj.(*unstructured.Unstructured), oldObj.(*unstructured.Unstructured)
	status, found := u.Object["status"]
	managedFields := u.GetManagedFields()
	u.Object = old.DeepCopy().Object
	u.SetManagedFields(managedFields)
	if found {
		u.Object["status"] = status
	} else {
		delete(u.Object, "status")
	}
}

// ValidateUpdate implements [kinds.UpdateStrategy].
func (s *customStatus) ValidateUpdate(obj, old runtime.Object) field.ErrorList {
	return s.ValidateUpdateBeside(nil, obj, old)
}

// ValidateUpdateBeside implements [kinds.BesideUpdateValidator].
func (s *customStatus) ValidateUpdateBeside(found field.ErrorList, obj, oldObj runtime.Object) field.ErrorList {
	v := (*customVersion)(s)
	u, old := obj.(*unstructured.Unstructured), oldObj.(*unstructured.Unstructured)
	if errs := v.validateTypeMeta(u); len(errs) > 0 {
		return errs
	}
	key, ok := changeKey(validStatus, u, old)
	return v.validCache.unlessKnown(key, ok && len(found) == 0, func() field.ErrorList { return v.validateStatusChange(found, u, old) })
}

func (v *customVersion) validateStatusChange(found field.ErrorList, u, old *unstructured.Unstructured) field.ErrorList {
	correlated := v.correlate(u, old)
	var errs field.ErrorList
	if status, found := u.Object["status"]; found && v.status != nil {
		errs = append(errs, validation.ValidateCustomResourceUpdate(field.NewPath("status"), status, old.Object["status"], v.status,
			validation.WithRatcheting(correlated.Key("status")))...)
	}
	errs = append(errs, v.validateScale(u, false)...)
	if lists := structurallisttype.ValidateListSetsAndMaps(nil, v.structural, u.Object); len(lists) > 0 &&
		len(structurallisttype.ValidateListSetsAndMaps(nil, v.structural, old.Object)) == 0 {
		errs = append(errs, lists...)
	}
	return kinds.SortedErrors(append(errs, v.validateRules(u, old, slices.Concat(found, errs), cel.WithRatcheting(correlated))...))
}

// WarningsOnUpdate implements [kinds.UpdateStrategy].
func (s *customStatus) WarningsOnUpdate(obj, old runtime.Object) []string {
	return (*customVersion)(s).WarningsOnUpdate(obj, old)
}
