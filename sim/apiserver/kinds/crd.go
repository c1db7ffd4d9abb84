package kinds

import (
	"context"
	"strings"
	"sync"
	"time"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	crdvalidation "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	"k8s.io/apiextensions-apiserver/pkg/client/applyconfiguration"
	crdscheme "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset/scheme"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// The kind CustomResourceDefinition itself. What a definition defines is
// served once [Registry.AddCRD] is told of it; [Registry.Establish] does what
// the real server's naming and establishing controllers do.
func newCRDKind() *Kind {
	kind := builtinKind[*apiextensionsv1.CustomResourceDefinition, *apiextensionsv1.CustomResourceDefinitionList](apiextensionsv1.SchemeGroupVersion, kindSpec{
		resource:   "customresourcedefinitions",
		shortNames: []string{"crd", "crds"},
		categories: []string{"api-extensions"},
		strategy: &rules[*apiextensionsv1.CustomResourceDefinition]{
			defaults:       apiextensionsv1.SetObjectDefaults_CustomResourceDefinition,
			prepareCreate:  prepareCRD,
			prepareUpdate:  prepareCRDUpdate,
			validate:       validateCRD,
			validateUpdate: validateCRDUpdate,
			conditional:    true,
		},
		status: &rules[*apiextensionsv1.CustomResourceDefinition]{
			prepareUpdate:  prepareCRDStatus,
			validateUpdate: validateCRDStatus,
			conditional:    true,
		},
		statusResets: []string{"metadata"},
		table:        crdTable(),
	})
	kind.Versions[0].TypeConverter = func() (managedfields.TypeConverter, error) { return crdTypes(), nil }
	return kind
}

var crdTypes = sync.OnceValue(func() managedfields.TypeConverter {
	return applyconfiguration.NewTypeConverter(crdscheme.Scheme)
})

func prepareCRD(crd *apiextensionsv1.CustomResourceDefinition) {
	crd.Status = apiextensionsv1.CustomResourceDefinitionStatus{}
	crd.Generation = 1
	addStoredVersion(crd)
}

func prepareCRDUpdate(crd, old *apiextensionsv1.CustomResourceDefinition) {
	crd.Status = *old.Status.DeepCopy()
	if !apiequality.Semantic.DeepEqual(crd.Spec, old.Spec) {
		crd.Generation = old.Generation + 1
	}
	addStoredVersion(crd)
}

// addStoredVersion notes that objects may be stored in the storage version
// from now on.
func addStoredVersion(crd *apiextensionsv1.CustomResourceDefinition) {
	for _, version := range crd.Spec.Versions {
		if !version.Storage {
			continue
		}
		for _, stored := range crd.Status.StoredVersions {
			if stored == version.Name {
				return
			}
		}
		crd.Status.StoredVersions = append(crd.Status.StoredVersions, version.Name)
		return
	}
}

// prepareCRDStatus keeps everything but the status and, of the metadata, what
// the server itself maintains.
func prepareCRDStatus(crd, old *apiextensionsv1.CustomResourceDefinition) {
	crd.Spec = old.Spec
	meta := old.ObjectMeta.DeepCopy()
	meta.ManagedFields = crd.ManagedFields
	crd.ObjectMeta = *meta
}

func internalCRD(crd *apiextensionsv1.CustomResourceDefinition) (*apiextensions.CustomResourceDefinition, field.ErrorList) {
	internal := &apiextensions.CustomResourceDefinition{}
	if err := apiextensionsv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(crd.DeepCopy(), internal, nil); err != nil {
		return nil, field.ErrorList{field.InternalError(nil, err)}
	}
	return internal, nil
}

func validateCRD(crd *apiextensionsv1.CustomResourceDefinition) field.ErrorList {
	internal, errs := internalCRD(crd)
	if errs != nil {
		return errs
	}
	return crdErrors(crdvalidation.ValidateCustomResourceDefinition(context.Background(), internal))
}

func validateCRDUpdate(crd, old *apiextensionsv1.CustomResourceDefinition) field.ErrorList {
	return validateCRDPair(crd, old, crdvalidation.ValidateCustomResourceDefinitionUpdate)
}

func validateCRDStatus(crd, old *apiextensionsv1.CustomResourceDefinition) field.ErrorList {
	return validateCRDPair(crd, old, validateInternalCRDStatus)
}

func validateCRDPair(crd, old *apiextensionsv1.CustomResourceDefinition, validate func(context.Context, *apiextensions.CustomResourceDefinition, *apiextensions.CustomResourceDefinition) field.ErrorList) field.ErrorList {
	internal, errs := internalCRD(crd)
	if errs != nil {
		return errs
	}
	internalOld, errs := internalCRD(old)
	if errs != nil {
		return errs
	}
	return crdErrors(validate(context.Background(), internal, internalOld))
}

// crdErrors drops what is said about metadata, which is the request path's to
// say, but for the one rule about the name that needs the spec.
func crdErrors(errs field.ErrorList) field.ErrorList {
	var kept field.ErrorList
	for _, err := range errs {
		if !strings.HasPrefix(err.Field, "metadata") || strings.HasPrefix(err.Detail, "must be spec.names.plural") {
			kept = append(kept, err)
		}
	}
	return sortedErrors(kept)
}

// Establish returns crd as the real server's controllers would leave it, with
// its names accepted and conditions NamesAccepted and Established, or false if
// it is that already. Names that another served definition of the same group
// bears are refused: the kind must then not be served.
func (r *Registry) Establish(crd *apiextensionsv1.CustomResourceDefinition, now time.Time) (*apiextensionsv1.CustomResourceDefinition, bool) {
	if apiequality.Semantic.DeepEqual(crd.Spec.Names, crd.Status.AcceptedNames) && conditionTrue(crd, apiextensionsv1.Established) {
		return crd, false
	}
	resources, kinds := r.namesTaken(crd)
	established := crd.DeepCopy()
	reason, message := acceptNames(established, resources, kinds)
	accepted := apiextensionsv1.CustomResourceDefinitionCondition{
		Type: apiextensionsv1.NamesAccepted, Status: apiextensionsv1.ConditionTrue, Reason: reason, Message: message,
	}
	served := apiextensionsv1.CustomResourceDefinitionCondition{
		Type: apiextensionsv1.Established, Status: apiextensionsv1.ConditionTrue,
		Reason: "InitialNamesAccepted", Message: "the initial names have been accepted",
	}
	if reason != "NoConflicts" {
		accepted.Status = apiextensionsv1.ConditionFalse
		served.Status, served.Reason, served.Message = apiextensionsv1.ConditionFalse, "NotAccepted", "not all names are accepted"
	}
	setCRDCondition(established, accepted, now)
	// Once established, a definition stays so.
	if !conditionTrue(crd, apiextensionsv1.Established) {
		setCRDCondition(established, served, now)
	}
	return established, !apiequality.Semantic.DeepEqual(crd.Status, established.Status)
}

// namesTaken lists the resource names and the kind names that other served
// definitions of crd's group bear.
func (r *Registry) namesTaken(crd *apiextensionsv1.CustomResourceDefinition) (resources, kinds map[string]bool) {
	resources, kinds = map[string]bool{}, map[string]bool{}
	for _, kind := range r.Kinds() {
		if !kind.Custom || kind.Resource.Group != crd.Spec.Group || kind.Resource.Resource == crd.Spec.Names.Plural {
			continue
		}
		for _, name := range append([]string{kind.Resource.Resource, kind.Singular}, kind.ShortNames...) {
			resources[name] = true
		}
		kinds[kind.Kind], kinds[kind.ListKind] = true, true
	}
	return resources, kinds
}

// acceptNames moves the names that are free to status.acceptedNames and
// returns the reason and message of the condition. The last conflict wins, as
// in the real controller; names held already are never lost.
func acceptNames(crd *apiextensionsv1.CustomResourceDefinition, resources, kinds map[string]bool) (reason, message string) {
	reason, message = "NoConflicts", "no conflicts found"
	asked, held := crd.Spec.Names, &crd.Status.AcceptedNames
	claim := func(name string, accepted *string, taken map[string]bool, conflict string) {
		if name != *accepted && taken[name] {
			reason, message = conflict, `"`+name+`" is already in use`
			return
		}
		*accepted = name
	}
	claim(asked.Plural, &held.Plural, resources, "PluralConflict")
	claim(asked.Singular, &held.Singular, resources, "SingularConflict")
	var conflicts []string
	for _, name := range asked.ShortNames {
		if resources[name] {
			conflicts = append(conflicts, `"`+name+`" is already in use`)
		}
	}
	switch len(conflicts) {
	case 0:
		held.ShortNames = asked.ShortNames
	case 1:
		reason, message = "ShortNamesConflict", conflicts[0]
	default:
		reason, message = "ShortNamesConflict", "["+strings.Join(conflicts, ", ")+"]"
	}
	claim(asked.Kind, &held.Kind, kinds, "KindConflict")
	claim(asked.ListKind, &held.ListKind, kinds, "ListKindConflict")
	held.Categories = asked.Categories
	return reason, message
}

func conditionTrue(crd *apiextensionsv1.CustomResourceDefinition, kind apiextensionsv1.CustomResourceDefinitionConditionType) bool {
	for _, condition := range crd.Status.Conditions {
		if condition.Type == kind {
			return condition.Status == apiextensionsv1.ConditionTrue
		}
	}
	return false
}

func setCRDCondition(crd *apiextensionsv1.CustomResourceDefinition, condition apiextensionsv1.CustomResourceDefinitionCondition, now time.Time) {
	condition.LastTransitionTime = metav1.NewTime(now)
	for i, before := range crd.Status.Conditions {
		if before.Type != condition.Type {
			continue
		}
		if before.Status == condition.Status {
			condition.LastTransitionTime = before.LastTransitionTime
		}
		crd.Status.Conditions[i] = condition
		return
	}
	crd.Status.Conditions = append(crd.Status.Conditions, condition)
}
