package plain

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

const (
	highestUserPriority = 1_000_000_000
	systemClassPrefix   = "system-"
)

func newPriorityClassKind() *kinds.Kind {
	doc := schedulingv1.PriorityClass{}.SwaggerDoc()
	return kinds.Builtin[*schedulingv1.PriorityClass, *schedulingv1.PriorityClassList](schedulingv1.SchemeGroupVersion, kinds.Spec{
		Resource: "priorityclasses", ShortNames: []string{"pc"},
		Strategy: &kinds.Rules[*schedulingv1.PriorityClass]{
			Defaults: func(c *schedulingv1.PriorityClass) {
				c.PreemptionPolicy = kinds.OrPointer(c.PreemptionPolicy, corev1.PreemptLowerPriority)
			},
			PrepareCreate: func(c *schedulingv1.PriorityClass) { c.Generation = 1 },
			Check:         validatePriorityClass,
			CheckUpdate: func(c, old *schedulingv1.PriorityClass) field.ErrorList {
				var errs field.ErrorList
				if c.Value != old.Value {
					errs = append(errs, field.Forbidden(field.NewPath("value"), "may not be changed in an update."))
				}
				if ptr.Deref(c.PreemptionPolicy, "") != ptr.Deref(old.PreemptionPolicy, "") {
					errs = append(errs, field.Invalid(field.NewPath("preemptionPolicy"), c.PreemptionPolicy, "field is immutable"))
				}
				return errs
			},
			CreateOnUpdate: true,
		},
		Table: kinds.TableOf([]metav1.TableColumnDefinition{
			kinds.NameColumn,
			{Name: "Value", Type: "integer", Description: doc["value"]},
			{Name: "Global-Default", Type: "boolean", Description: doc["globalDefault"]},
			kinds.AgeColumn,
			{Name: "PreemptionPolicy", Type: "string", Description: doc["preemptionPolicy"]},
		}, func(c *schedulingv1.PriorityClass, now time.Time) []any {
			return []any{c.Name, int64(c.Value), c.GlobalDefault, kinds.Age(c.CreationTimestamp, now), string(ptr.Deref(c.PreemptionPolicy, ""))}
		}),
	})
}

// validatePriorityClass keeps names and values of the system's classes for the
// system, which has only two.
func validatePriorityClass(c *schedulingv1.PriorityClass) field.ErrorList {
	if strings.HasPrefix(c.Name, systemClassPrefix) {
		if c.Name == "system-cluster-critical" || c.Name == "system-node-critical" {
			return nil
		}
		return field.ErrorList{field.Forbidden(field.NewPath("metadata", "name"), fmt.Sprintf("priority class names with '%s' prefix are reserved for system use only. error: only system priority classes are allowed", systemClassPrefix))}
	}
	if c.Value > highestUserPriority {
		return field.ErrorList{field.Forbidden(field.NewPath("value"), fmt.Sprintf("maximum allowed value of a user defined priority is %d", highestUserPriority))}
	}
	return nil
}
