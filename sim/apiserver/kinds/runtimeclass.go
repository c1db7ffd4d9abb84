package kinds

import (
	"time"

	nodev1 "k8s.io/api/node/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func newRuntimeClassKind() *Kind {
	handler := field.NewPath("handler")
	return builtinKind[*nodev1.RuntimeClass, *nodev1.RuntimeClassList](nodev1.SchemeGroupVersion, kindSpec{
		resource: "runtimeclasses",
		strategy: &rules[*nodev1.RuntimeClass]{
			validate: func(c *nodev1.RuntimeClass) field.ErrorList {
				return invalids(handler, c.Handler, utilvalidation.IsDNS1123Label(c.Handler))
			},
			validateUpdate: func(c, old *nodev1.RuntimeClass) field.ErrorList {
				return apivalidation.ValidateImmutableField(c.Handler, old.Handler, handler)
			},
			createOnUpdate: false, conditional: true,
		},
		table: table([]metav1.TableColumnDefinition{
			nameColumn,
			{Name: "Handler", Type: "string", Description: nodev1.RuntimeClass{}.SwaggerDoc()["handler"]},
			ageColumn,
		}, func(c *nodev1.RuntimeClass, now time.Time) []any {
			return []any{c.Name, c.Handler, age(c.CreationTimestamp, now)}
		}),
	})
}
