package plain

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

const (
	maxEventNameLength = 128 // of action, reason and reportingInstance
	maxEventNoteLength = 1024
)

func newEventKind() *kinds.Kind {
	return kinds.Builtin[*corev1.Event, *corev1.EventList](corev1.SchemeGroupVersion, kinds.Spec{
		Resource:   "events",
		ShortNames: []string{"ev"},
		Namespaced: true,
		Strategy: &kinds.Rules[*corev1.Event]{
			Check: func(event *corev1.Event) field.ErrorList {
				return validateEvent(event, "reportingComponent")
			},
			Name:           kinds.PathSegment,
			CreateOnUpdate: true,
		},
		Table:      kinds.TableOf(eventColumns, eventCells),
		Selectable: kinds.Selectable(eventFields),
	})
}

func eventFields(event *corev1.Event) fields.Set {
	source := event.Source.Component
	if source == "" {
		source = event.ReportingController
	}
	return fields.Set{
		"involvedObject.kind":            event.InvolvedObject.Kind,
		"involvedObject.namespace":       event.InvolvedObject.Namespace,
		"involvedObject.name":            event.InvolvedObject.Name,
		"involvedObject.uid":             string(event.InvolvedObject.UID),
		"involvedObject.apiVersion":      event.InvolvedObject.APIVersion,
		"involvedObject.resourceVersion": event.InvolvedObject.ResourceVersion,
		"involvedObject.fieldPath":       event.InvolvedObject.FieldPath,
		"reason":                         event.Reason,
		"reportingComponent":             event.ReportingController,
		"source":                         source,
		"type":                           event.Type,
	}
}

// validateEvent is what both event APIs demand. controller is how the API at
// hand spells the field reportingController.
func validateEvent(event *corev1.Event, controller string) field.ErrorList {
	namespace := field.ErrorList{field.Invalid(field.NewPath("involvedObject", "namespace"), event.InvolvedObject.Namespace, "does not match event.namespace")}
	if event.EventTime.IsZero() {
		about := event.InvolvedObject.Namespace
		if about == event.Namespace || about == "" && event.Namespace == metav1.NamespaceDefault {
			return nil
		}
		return namespace
	}
	var errs field.ErrorList
	if event.InvolvedObject.Namespace == "" && event.Namespace != metav1.NamespaceDefault && event.Namespace != metav1.NamespaceSystem {
		errs = append(errs, namespace...)
	}
	if event.ReportingController == "" {
		errs = append(errs, field.Required(field.NewPath(controller), ""))
	}
	errs = append(errs, kinds.Invalids(field.NewPath(controller), event.ReportingController, utilvalidation.IsQualifiedName(event.ReportingController))...)
	for _, text := range []struct{ name, value string }{
		{"reportingInstance", event.ReportingInstance},
		{"action", event.Action},
		{"reason", event.Reason},
	} {
		if text.value == "" {
			errs = append(errs, field.Required(field.NewPath(text.name), ""))
		}
		errs = append(errs, tooManyCharacters(text.name, text.value, maxEventNameLength)...)
	}
	return append(errs, tooManyCharacters("message", event.Message, maxEventNoteLength)...)
}

func tooManyCharacters(name, value string, limit int) field.ErrorList {
	if len(value) <= limit {
		return nil
	}
	return field.ErrorList{field.Invalid(field.NewPath(name), "", fmt.Sprintf("can have at most %v characters", limit))}
}

var (
	eventDoc     = corev1.Event{}.SwaggerDoc()
	eventColumns = []metav1.TableColumnDefinition{
		{Name: "Last Seen", Type: "string", Description: eventDoc["lastTimestamp"]},
		{Name: "Type", Type: "string", Description: eventDoc["type"]},
		{Name: "Reason", Type: "string", Description: eventDoc["reason"]},
		{Name: "Object", Type: "string", Description: eventDoc["involvedObject"]},
		{Name: "Subobject", Type: "string", Priority: 1, Description: corev1.ObjectReference{}.SwaggerDoc()["fieldPath"]},
		{Name: "Source", Type: "string", Priority: 1, Description: eventDoc["source"]},
		{Name: "Message", Type: "string", Description: eventDoc["message"]},
		{Name: "First Seen", Type: "string", Priority: 1, Description: eventDoc["firstTimestamp"]},
		{Name: "Count", Type: "string", Priority: 1, Description: eventDoc["count"]},
		{Name: "Name", Type: "string", Priority: 1, Format: "name", Description: kinds.MetaDoc["name"]},
	}
)

func eventCells(event *corev1.Event, now time.Time) []any {
	first := kinds.Age(event.FirstTimestamp, now)
	if event.FirstTimestamp.IsZero() {
		first = kinds.Age(metav1.Time(event.EventTime), now)
	}
	last := kinds.Age(event.LastTimestamp, now)
	if event.LastTimestamp.IsZero() {
		last = first
	}
	count := event.Count
	if event.Series != nil {
		last, count = kinds.Age(metav1.Time(event.Series.LastObservedTime), now), event.Series.Count
	} else if count == 0 {
		count = 1
	}
	target := strings.ToLower(event.InvolvedObject.Kind)
	if event.InvolvedObject.Name != "" {
		target += "/" + event.InvolvedObject.Name
	}
	return []any{
		last, event.Type, event.Reason, target, event.InvolvedObject.FieldPath, eventSource(event),
		strings.TrimSpace(event.Message), first, int64(count), event.Name,
	}
}

func eventSource(event *corev1.Event) string {
	component, instance := event.Source.Component, event.Source.Host
	if component == "" {
		component = event.ReportingController
	}
	if instance == "" {
		instance = event.ReportingInstance
	}
	if instance == "" {
		return component
	}
	return component + ", " + instance
}
