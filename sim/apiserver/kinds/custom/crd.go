package custom

import (
	"context"
	"strings"
	"sync"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	crdvalidation "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	"k8s.io/apiextensions-apiserver/pkg/client/applyconfiguration"
	crdscheme "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset/scheme"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// NewDefinitionKind is the kind CustomResourceDefinition itself. What a definition defines is
// served once a registry is told of it; [Establish] does what
// the real server's naming and establishing controllers do.
func NewDefinitionKind() *kinds.Kind {
	kind := kinds.Builtin[*apiextensionsv1.CustomResourceDefinition, *apiextensionsv1.CustomResourceDefinitionList](apiextensionsv1.SchemeGroupVersion, kinds.Spec{
		Resource:   "customresourcedefinitions",
		ShortNames: []string{"crd", "crds"},
		Categories: []string{"api-extensions"},
		Strategy: &kinds.Rules[*apiextensionsv1.CustomResourceDefinition]{
			Defaults:      apiextensionsv1.SetObjectDefaults_CustomResourceDefinition,
			PrepareCreate: prepareCRD,
			PrepareUpdate: prepareCRDUpdate,
			Check:         validateCRD,
			CheckUpdate:   validateCRDUpdate,
			Conditional:   true,
		},
		Status: &kinds.Rules[*apiextensionsv1.CustomResourceDefinition]{
			PrepareUpdate: prepareCRDStatus,
			CheckUpdate:   validateCRDStatus,
			Conditional:   true,
		},
		StatusResets: []string{"metadata"},
		Table:        crdTable(),
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
// say, but for the rules that need the spec: about the name, and about the approval of
// what is in a group of Kubernetes' own.
func crdErrors(errs field.ErrorList) field.ErrorList {
	var kept field.ErrorList
	for _, err := range errs {
		if !strings.HasPrefix(err.Field, "metadata") || strings.HasPrefix(err.Detail, "must be spec.names.plural") || strings.Contains(err.Field, apiextensionsv1.KubeAPIApprovedAnnotation) {
			kept = append(kept, err)
		}
	}
	return kinds.SortedErrors(kept)
}
