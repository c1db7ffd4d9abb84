package access

import (
	"fmt"
	"time"

	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// newFlowControlKinds are stored and checked in outline; the server itself
// never makes a request wait in a queue.
func newFlowControlKinds() []*kinds.Kind {
	type schema = *flowcontrolv1.FlowSchema
	type level = *flowcontrolv1.PriorityLevelConfiguration
	schemaDoc, levelDoc := flowcontrolv1.FlowSchemaSpec{}.SwaggerDoc(), flowcontrolv1.PriorityLevelConfigurationSpec{}.SwaggerDoc()
	limited := flowcontrolv1.LimitedPriorityLevelConfiguration{}.SwaggerDoc()
	queuing := flowcontrolv1.QueuingConfiguration{}.SwaggerDoc()
	return []*kinds.Kind{
		kinds.Builtin[schema, *flowcontrolv1.FlowSchemaList](flowcontrolv1.SchemeGroupVersion, kinds.Spec{
			Resource: "flowschemas",
			Strategy: &kinds.Rules[schema]{
				Defaults: func(s schema) {
					if s.Spec.MatchingPrecedence == 0 {
						s.Spec.MatchingPrecedence = 1000
					}
				},
				PrepareCreate: func(s schema) { s.Status, s.Generation = flowcontrolv1.FlowSchemaStatus{}, 1 },
				PrepareUpdate: func(s, old schema) {
					s.Status = old.Status
					kinds.NextGeneration(&s.ObjectMeta, &old.ObjectMeta, s.Spec, old.Spec)
				},
				Check: func(s schema) field.ErrorList {
					spec := field.NewPath("spec")
					var errs field.ErrorList
					if p := s.Spec.MatchingPrecedence; p < 1 || p > 10000 {
						errs = append(errs, field.Invalid(spec.Child("matchingPrecedence"), p, "must be between 1 and 10000"))
					}
					if s.Spec.PriorityLevelConfiguration.Name == "" {
						errs = append(errs, field.Required(spec.Child("priorityLevelConfiguration", "name"), "must reference a priority level"))
					}
					return errs
				},
			},
			Status: &kinds.Rules[schema]{PrepareUpdate: func(s, old schema) { s.Spec = old.Spec }},
			Table: kinds.TableOf([]metav1.TableColumnDefinition{
				kinds.NameColumn,
				{Name: "PriorityLevel", Type: "string", Description: schemaDoc["priorityLevelConfiguration"]},
				{Name: "MatchingPrecedence", Type: "string", Description: schemaDoc["matchingPrecedence"]},
				{Name: "DistinguisherMethod", Type: "string", Description: schemaDoc["distinguisherMethod"]},
				kinds.AgeColumn,
				{Name: "MissingPL", Type: "string", Description: "references a broken or non-existent PriorityLevelConfiguration"},
			}, func(s schema, now time.Time) []any {
				method, missing := "<none>", "?"
				if m := s.Spec.DistinguisherMethod; m != nil {
					method = string(m.Type)
				}
				for _, c := range s.Status.Conditions {
					if c.Type == flowcontrolv1.FlowSchemaConditionDangling {
						missing = string(c.Status)
					}
				}
				return []any{s.Name, s.Spec.PriorityLevelConfiguration.Name, int64(s.Spec.MatchingPrecedence), method, kinds.Age(s.CreationTimestamp, now), missing}
			}),
		}),
		kinds.Builtin[level, *flowcontrolv1.PriorityLevelConfigurationList](flowcontrolv1.SchemeGroupVersion, kinds.Spec{
			Resource: "prioritylevelconfigurations",
			Strategy: &kinds.Rules[level]{
				Defaults:      defaultLevel,
				PrepareCreate: func(l level) { l.Status, l.Generation = flowcontrolv1.PriorityLevelConfigurationStatus{}, 1 },
				PrepareUpdate: func(l, old level) {
					l.Status = old.Status
					kinds.NextGeneration(&l.ObjectMeta, &old.ObjectMeta, l.Spec, old.Spec)
				},
				Check: validateLevel,
			},
			Status: &kinds.Rules[level]{PrepareUpdate: func(l, old level) { l.Spec = old.Spec }},
			Table: kinds.TableOf([]metav1.TableColumnDefinition{
				kinds.NameColumn,
				{Name: "Type", Type: "string", Description: levelDoc["type"]},
				{Name: "NominalConcurrencyShares", Type: "string", Description: limited["nominalConcurrencyShares"]},
				{Name: "Queues", Type: "string", Description: queuing["queues"]},
				{Name: "HandSize", Type: "string", Description: queuing["handSize"]},
				{Name: "QueueLengthLimit", Type: "string", Description: queuing["queueLengthLimit"]},
				kinds.AgeColumn,
			}, levelCells),
		}),
	}
}

func defaultLevel(l *flowcontrolv1.PriorityLevelConfiguration) {
	if limited := l.Spec.Limited; limited != nil {
		limited.NominalConcurrencyShares = kinds.OrPointer(limited.NominalConcurrencyShares, 30)
		limited.LendablePercent = kinds.OrPointer(limited.LendablePercent, 0)
		if q := limited.LimitResponse.Queuing; q != nil {
			for _, f := range []struct {
				value    *int32
				fallback int32
			}{{&q.Queues, 64}, {&q.HandSize, 8}, {&q.QueueLengthLimit, 50}} {
				if *f.value == 0 {
					*f.value = f.fallback
				}
			}
		}
	}
	if exempt := l.Spec.Exempt; exempt != nil {
		exempt.NominalConcurrencyShares = kinds.OrPointer(exempt.NominalConcurrencyShares, 0)
		exempt.LendablePercent = kinds.OrPointer(exempt.LendablePercent, 0)
	}
}

func validateLevel(l *flowcontrolv1.PriorityLevelConfiguration) field.ErrorList {
	spec := field.NewPath("spec")
	types := []flowcontrolv1.PriorityLevelEnablement{flowcontrolv1.PriorityLevelEnablementExempt, flowcontrolv1.PriorityLevelEnablementLimited}
	switch l.Spec.Type {
	case flowcontrolv1.PriorityLevelEnablementExempt:
		if l.Spec.Limited != nil {
			return field.ErrorList{field.Forbidden(spec.Child("limited"), "must be nil if the type is not Limited")}
		}
	case flowcontrolv1.PriorityLevelEnablementLimited:
		if l.Spec.Exempt != nil {
			return field.ErrorList{field.Forbidden(spec.Child("exempt"), "must be nil if the type is Limited")}
		}
		if l.Spec.Limited == nil {
			return field.ErrorList{field.Required(spec.Child("limited"), "must not be empty when type is Limited")}
		}
	default:
		return field.ErrorList{field.NotSupported(spec.Child("type"), l.Spec.Type, types)}
	}
	return nil
}

func levelCells(l *flowcontrolv1.PriorityLevelConfiguration, now time.Time) []any {
	const none = "<none>"
	shares, queues, hand, limit := none, none, none, none
	if limited := l.Spec.Limited; limited != nil {
		shares = fmt.Sprint(ptr.Deref(limited.NominalConcurrencyShares, 0))
		if q := limited.LimitResponse.Queuing; q != nil {
			queues, hand, limit = fmt.Sprint(q.Queues), fmt.Sprint(q.HandSize), fmt.Sprint(q.QueueLengthLimit)
		}
	}
	return []any{l.Name, string(l.Spec.Type), shares, queues, hand, limit, kinds.Age(l.CreationTimestamp, now)}
}
