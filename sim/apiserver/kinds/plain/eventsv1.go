package plain

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// newEventsV1Kind is the newer API of Events: the same objects as core/v1
// Events, with other names for some fields and stricter rules.
func newEventsV1Kind() *kinds.Kind {
	kind := kinds.Builtin[*eventsv1.Event, *eventsv1.EventList](eventsv1.SchemeGroupVersion, kinds.Spec{
		Resource:   "events",
		ShortNames: []string{"ev"},
		Namespaced: true,
		Strategy: &kinds.Rules[*eventsv1.Event]{
			Check:          validateEventsV1,
			CheckUpdate:    validateEventsV1Update,
			CreateOnUpdate: true,
		},
		Table:      kinds.TableOf(eventColumns, func(event *eventsv1.Event, now time.Time) []any { return eventCells(toCoreEvent(event), now) }),
		Selectable: kinds.Selectable(eventsV1Fields),
	})
	kind.StoredAs = schema.GroupResource{Resource: "events"}
	kind.Versions[0].ToStorage = func(obj runtime.Object) runtime.Object { return toCoreEvent(obj.(*eventsv1.Event)) }
	kind.Versions[0].FromStorage = func(obj runtime.Object) runtime.Object { return fromCoreEvent(obj.(*corev1.Event)) }
	return kind
}

func toCoreEvent(event *eventsv1.Event) *corev1.Event {
	core := &corev1.Event{
		TypeMeta:            metav1.TypeMeta{APIVersion: "v1", Kind: "Event"},
		ObjectMeta:          event.ObjectMeta,
		InvolvedObject:      event.Regarding,
		Reason:              event.Reason,
		Message:             event.Note,
		Source:              event.DeprecatedSource,
		FirstTimestamp:      event.DeprecatedFirstTimestamp,
		LastTimestamp:       event.DeprecatedLastTimestamp,
		Count:               event.DeprecatedCount,
		Type:                event.Type,
		EventTime:           event.EventTime,
		Action:              event.Action,
		Related:             event.Related,
		ReportingController: event.ReportingController,
		ReportingInstance:   event.ReportingInstance,
	}
	if event.Series != nil {
		core.Series = &corev1.EventSeries{Count: event.Series.Count, LastObservedTime: event.Series.LastObservedTime}
	}
	return core
}

func fromCoreEvent(core *corev1.Event) *eventsv1.Event {
	event := &eventsv1.Event{
		TypeMeta:                 metav1.TypeMeta{APIVersion: "events.k8s.io/v1", Kind: "Event"},
		ObjectMeta:               core.ObjectMeta,
		Regarding:                core.InvolvedObject,
		Reason:                   core.Reason,
		Note:                     core.Message,
		DeprecatedSource:         core.Source,
		DeprecatedFirstTimestamp: core.FirstTimestamp,
		DeprecatedLastTimestamp:  core.LastTimestamp,
		DeprecatedCount:          core.Count,
		Type:                     core.Type,
		EventTime:                core.EventTime,
		Action:                   core.Action,
		Related:                  core.Related,
		ReportingController:      core.ReportingController,
		ReportingInstance:        core.ReportingInstance,
	}
	if core.Series != nil {
		event.Series = &eventsv1.EventSeries{Count: core.Series.Count, LastObservedTime: core.Series.LastObservedTime}
	}
	return event
}

// eventsV1Fields are the core fields under the names of this API.
func eventsV1Fields(event *eventsv1.Event) fields.Set {
	set := fields.Set{}
	for name, value := range eventFields(toCoreEvent(event)) {
		switch {
		case name == "source":
		case name == "reportingComponent":
			set["reportingController"] = value
		default:
			set[strings.Replace(name, "involvedObject.", "regarding.", 1)] = value
		}
	}
	return set
}

// validateEventsV1 names the fields as the real server does, which checks the
// core form: involvedObject, not regarding.
func validateEventsV1(event *eventsv1.Event) field.ErrorList {
	errs := validateEvent(toCoreEvent(event), "reportingController")
	errs = append(errs, validateEventSeries(event)...)
	if event.EventTime.IsZero() {
		errs = append(errs, field.Required(field.NewPath("eventTime"), ""))
	}
	if event.Type != corev1.EventTypeNormal && event.Type != corev1.EventTypeWarning {
		errs = append(errs, field.Invalid(field.NewPath("type"), "", fmt.Sprintf("has invalid value: %v", event.Type)))
	}
	for _, old := range []struct {
		name string
		set  bool
	}{
		{"firstTimestamp", !event.DeprecatedFirstTimestamp.IsZero()},
		{"lastTimestamp", !event.DeprecatedLastTimestamp.IsZero()},
		{"count", event.DeprecatedCount != 0},
		{"source", event.DeprecatedSource != corev1.EventSource{}},
	} {
		if old.set {
			errs = append(errs, field.Invalid(field.NewPath(old.name), "", "needs to be unset"))
		}
	}
	return errs
}

func validateEventSeries(event *eventsv1.Event) field.ErrorList {
	var errs field.ErrorList
	if event.Series == nil {
		return nil
	}
	if event.Series.Count < 2 {
		errs = append(errs, field.Invalid(field.NewPath("series.count"), "", "should be at least 2"))
	}
	if event.Series.LastObservedTime.IsZero() {
		errs = append(errs, field.Required(field.NewPath("series.lastObservedTime"), ""))
	}
	return errs
}

// validateEventsV1Update: only the series of an event may change.
func validateEventsV1Update(event, old *eventsv1.Event) field.ErrorList {
	now, was := toCoreEvent(event), toCoreEvent(old)
	errs := validateEvent(now, "reportingController")
	if !apiequality.Semantic.DeepEqual(event.Series, old.Series) {
		errs = append(errs, validateEventSeries(event)...)
	}
	for _, part := range []struct {
		name     string
		now, was any
	}{
		{"involvedObject", now.InvolvedObject, was.InvolvedObject},
		{"reason", now.Reason, was.Reason},
		{"message", now.Message, was.Message},
		{"source", now.Source, was.Source},
		{"firstTimestamp", now.FirstTimestamp, was.FirstTimestamp},
		{"lastTimestamp", now.LastTimestamp, was.LastTimestamp},
		{"count", now.Count, was.Count},
		{"reason", now.Reason, was.Reason},
		{"type", now.Type, was.Type},
		{"eventTime", metav1.NewMicroTime(now.EventTime.Truncate(time.Microsecond)), metav1.NewMicroTime(was.EventTime.Truncate(time.Microsecond))},
		{"action", now.Action, was.Action},
		{"related", now.Related, was.Related},
		{"reportingController", now.ReportingController, was.ReportingController},
		{"reportingInstance", now.ReportingInstance, was.ReportingInstance},
	} {
		errs = append(errs, apivalidation.ValidateImmutableField(part.now, part.was, field.NewPath(part.name))...)
	}
	return errs
}
