package plain

import (
	"time"

	nodev1 "k8s.io/api/node/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

func newRuntimeClassKind() *kinds.Kind {
	handler := field.NewPath("handler")
	return kinds.Builtin[*nodev1.RuntimeClass, *nodev1.RuntimeClassList](nodev1.SchemeGroupVersion, kinds.Spec{
		Resource: "runtimeclasses",
		Strategy: &kinds.Rules[*nodev1.RuntimeClass]{
			Check: func(c *nodev1.RuntimeClass) field.ErrorList {
				return kinds.Invalids(handler, c.Handler, utilvalidation.IsDNS1123Label(c.Handler))
			},
			CheckUpdate: func(c, old *nodev1.RuntimeClass) field.ErrorList {
				return apivalidation.ValidateImmutableField(c.Handler, old.Handler, handler)
			},
			CreateOnUpdate: false, Conditional: true,
		},
		Table: kinds.TableOf([]metav1.TableColumnDefinition{
			kinds.NameColumn,
			{Name: "Handler", Type: "string", Description: nodev1.RuntimeClass{}.SwaggerDoc()["handler"]},
			kinds.AgeColumn,
		}, func(c *nodev1.RuntimeClass, now time.Time) []any {
			return []any{c.Name, c.Handler, kinds.Age(c.CreationTimestamp, now)}
		}),
	})
}
