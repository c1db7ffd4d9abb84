package custom

import (
	"fmt"
	"sync"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	generatedopenapi "k8s.io/apiextensions-apiserver/pkg/generated/openapi"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/kube-openapi/pkg/common"
	openapiutil "k8s.io/kube-openapi/pkg/util"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

// customTypes makes the structured-merge-diff types of all versions of one
// definition, when they are first asked for: a field manager needs them all,
// because managedFields may name any version.
type customTypes struct {
	converter func() (managedfields.TypeConverter, error)
}

func newCustomTypes(crd *apiextensionsv1.CustomResourceDefinition, versions []*customVersion) *customTypes {
	return &customTypes{converter: sync.OnceValues(func() (managedfields.TypeConverter, error) {
		models := metaModels()
		for _, v := range versions {
			models["custom."+v.gvk.Version] = v.openAPI()
		}
		converter, err := managedfields.NewTypeConverter(models, crd.Spec.PreserveUnknownFields)
		if err != nil {
			return nil, fmt.Errorf("merge types of %s: %w", crd.Name, err)
		}
		return converter, nil
	})}
}

const modelPrefix = "#/components/schemas/"

var (
	objectMetaModel = openapiutil.GetCanonicalTypeName(metav1.ObjectMeta{})
	metaDefinitions = sync.OnceValue(func() map[string]common.OpenAPIDefinition {
		return generatedopenapi.GetOpenAPIDefinitions(func(name string) spec.Ref {
			return spec.MustCreateRef(modelPrefix + common.EscapeJsonPointer(name))
		})
	})
)

// metaModels are the models of ObjectMeta and of what it refers to.
func metaModels() map[string]*spec.Schema {
	models := map[string]*spec.Schema{}
	var add func(name string)
	add = func(name string) {
		definition, found := metaDefinitions()[name]
		if _, done := models[name]; done || !found {
			return
		}
		model := definition.Schema
		models[name] = &model
		for _, dependency := range definition.Dependencies {
			add(dependency)
		}
	}
	add(objectMetaModel)
	return models
}

// openAPI is the schema of a whole object of this version, as the real server
// publishes it.
func (v *customVersion) openAPI() *spec.Schema {
	model := &spec.Schema{SchemaProps: spec.SchemaProps{Type: []string{"object"}}}
	if v.structural != nil {
		model = v.structural.ToKubeOpenAPI()
		addMeta(model)
		embedMeta(model)
	}
	model.AddExtension("x-kubernetes-group-version-kind", []any{
		map[string]any{"group": v.gvk.Group, "version": v.gvk.Version, "kind": v.gvk.Kind},
	})
	return model
}

func addMeta(model *spec.Schema) {
	model.SetProperty("apiVersion", *spec.StringProperty())
	model.SetProperty("kind", *spec.StringProperty())
	model.SetProperty("metadata", *spec.RefSchema(modelPrefix + objectMetaModel))
}

// embedMeta adds metadata to every x-kubernetes-embedded-resource below model.
func embedMeta(model *spec.Schema) {
	if model == nil {
		return
	}
	for name, property := range model.Properties {
		embedMeta(&property)
		model.Properties[name] = property
	}
	if model.Items != nil {
		embedMeta(model.Items.Schema)
	}
	if model.AdditionalProperties != nil {
		embedMeta(model.AdditionalProperties.Schema)
	}
	if embedded, _ := model.Extensions.GetBool("x-kubernetes-embedded-resource"); embedded {
		addMeta(model)
	}
}
