package custom

import (
	"context"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	crdvalidation "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	schemaobjectmeta "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Functions of apiextensions-apiserver that take a context since 0.37 and took
// none before. Both shapes are asked for, because a controller that cannot be
// compiled with 0.37 takes the harness along to its own version of Kubernetes.

func validateEmbeddedMetadata(object map[string]any, schema *structuralschema.Structural) field.ErrorList {
	switch validate := any(schemaobjectmeta.Validate).(type) {
	case func(context.Context, *field.Path, any, *structuralschema.Structural, bool) field.ErrorList:
		return validate(context.Background(), nil, object, schema, false)
	case func(*field.Path, any, *structuralschema.Structural, bool) field.ErrorList:
		return validate(nil, object, schema, false)
	}
	panic("kinds: the validation of embedded metadata has a shape that is not known")
}

func validateInternalCRDStatus(ctx context.Context, crd, old *apiextensions.CustomResourceDefinition) field.ErrorList {
	switch validate := any(crdvalidation.ValidateUpdateCustomResourceDefinitionStatus).(type) {
	case func(_ context.Context, crd, old *apiextensions.CustomResourceDefinition) field.ErrorList:
		return validate(ctx, crd, old)
	case func(crd, old *apiextensions.CustomResourceDefinition) field.ErrorList:
		return validate(crd, old)
	}
	panic("kinds: the validation of a definition's status has a shape that is not known")
}
