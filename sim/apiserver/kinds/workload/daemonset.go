package workload

import (
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

func newDaemonSetKind() *kinds.Kind {
	return kinds.Builtin[*appsv1.DaemonSet, *appsv1.DaemonSetList](appsv1.SchemeGroupVersion, kinds.Spec{
		Resource:   "daemonsets",
		ShortNames: []string{"ds"},
		Categories: []string{"all"},
		Namespaced: true,
		Strategy: &kinds.Rules[*appsv1.DaemonSet]{
			Defaults: defaultDaemonSet,
			PrepareCreate: func(set *appsv1.DaemonSet) {
				set.Status, set.Generation = appsv1.DaemonSetStatus{}, 1
				setTemplateGeneration(set, 1)
			},
			PrepareUpdate: prepareDaemonSetUpdate,
			Check:         validateDaemonSet,
			CheckUpdate: func(set, old *appsv1.DaemonSet) field.ErrorList {
				return append(apivalidation.ValidateImmutableField(set.Spec.Selector, old.Spec.Selector, field.NewPath("spec", "selector")),
					validateDaemonSet(set)...)
			},
			WarnCreate: func(set *appsv1.DaemonSet) []string { return templateWarnings(&set.Spec.Template, templatePath) },
			WarnUpdate: func(set, old *appsv1.DaemonSet) []string {
				if apiequality.Semantic.DeepEqual(set.Spec.Template, old.Spec.Template) {
					return nil
				}
				return templateWarnings(&set.Spec.Template, templatePath)
			},
		},
		Status: &kinds.Rules[*appsv1.DaemonSet]{
			PrepareUpdate: func(set, old *appsv1.DaemonSet) { set.Spec = old.Spec },
			CheckUpdate:   validateDaemonSetStatus,
		},
		Table: daemonSetTable(),
	})
}

func defaultDaemonSet(set *appsv1.DaemonSet) {
	strategy := &set.Spec.UpdateStrategy
	if strategy.Type == "" {
		strategy.Type = appsv1.RollingUpdateDaemonSetStrategyType
	}
	if strategy.Type == appsv1.RollingUpdateDaemonSetStrategyType {
		strategy.RollingUpdate = kinds.OrPointer(strategy.RollingUpdate, appsv1.RollingUpdateDaemonSet{})
		strategy.RollingUpdate.MaxUnavailable = kinds.OrPointer(strategy.RollingUpdate.MaxUnavailable, intstr.FromInt32(1))
		strategy.RollingUpdate.MaxSurge = kinds.OrPointer(strategy.RollingUpdate.MaxSurge, intstr.FromInt32(0))
	}
	set.Spec.RevisionHistoryLimit = kinds.OrPointer(set.Spec.RevisionHistoryLimit, 10)
	defaultPodSpec(&set.Spec.Template.Spec)
}

// setTemplateGeneration writes the annotation in which apps/v1 keeps what was
// once spec.templateGeneration.
func setTemplateGeneration(set *appsv1.DaemonSet, generation int64) {
	annotations := map[string]string{appsv1.DeprecatedTemplateGeneration: strconv.FormatInt(generation, 10)}
	for key, value := range set.Annotations {
		if key != appsv1.DeprecatedTemplateGeneration {
			annotations[key] = value
		}
	}
	set.Annotations = annotations
}

func prepareDaemonSetUpdate(set, old *appsv1.DaemonSet) {
	set.Status = old.Status
	generation, err := strconv.ParseInt(old.Annotations[appsv1.DeprecatedTemplateGeneration], 10, 64)
	if err != nil {
		generation = 1
	}
	if !apiequality.Semantic.DeepEqual(set.Spec.Template, old.Spec.Template) {
		generation++
	}
	setTemplateGeneration(set, generation)
	kinds.NextGeneration(&set.ObjectMeta, &old.ObjectMeta, set.Spec, old.Spec)
}

func validateDaemonSet(set *appsv1.DaemonSet) field.ErrorList {
	spec := field.NewPath("spec")
	errs := validateSelector(set.Spec.Selector, "daemonset", spec.Child("selector"))
	errs = append(errs, validateTemplate(&set.Spec.Template, set.Spec.Selector, "DaemonSet", spec.Child("template"))...)
	errs = append(errs, kinds.NonNegative(spec.Child("minReadySeconds"), int64(set.Spec.MinReadySeconds))...)
	errs = append(errs, validateDaemonSetStrategy(&set.Spec.UpdateStrategy, spec.Child("updateStrategy"))...)
	return append(errs, kinds.NonNegative(spec.Child("revisionHistoryLimit"), int64(ptr.Deref(set.Spec.RevisionHistoryLimit, 0)))...)
}

func validateDaemonSetStrategy(strategy *appsv1.DaemonSetUpdateStrategy, path *field.Path) field.ErrorList {
	switch strategy.Type {
	case appsv1.OnDeleteDaemonSetStrategyType:
		return nil
	case appsv1.RollingUpdateDaemonSetStrategyType:
		path = path.Child("rollingUpdate")
		unavailable, surge := strategy.RollingUpdate.MaxUnavailable, strategy.RollingUpdate.MaxSurge
		errs := validateIntOrPercent(unavailable, path.Child("maxUnavailable"))
		errs = append(errs, validateIntOrPercent(surge, path.Child("maxSurge"))...)
		errs = append(errs, atMost100Percent(unavailable, path.Child("maxUnavailable"))...)
		errs = append(errs, atMost100Percent(surge, path.Child("maxSurge"))...)
		switch {
		case !isZero(unavailable) && !isZero(surge):
			errs = append(errs, field.Invalid(path.Child("maxSurge"), surge, "may not be set when maxUnavailable is non-zero"))
		case isZero(unavailable) && isZero(surge):
			errs = append(errs, field.Required(path.Child("maxUnavailable"), "cannot be 0 when maxSurge is 0"))
		}
		return errs
	}
	return field.ErrorList{field.NotSupported(path, strategy, []appsv1.DaemonSetUpdateStrategyType{appsv1.RollingUpdateDaemonSetStrategyType, appsv1.OnDeleteDaemonSetStrategyType})}
}

func validateDaemonSetStatus(set, old *appsv1.DaemonSet) field.ErrorList {
	var errs field.ErrorList
	path, status := field.NewPath("status"), &set.Status
	for _, n := range (counts{
		{"currentNumberScheduled", status.CurrentNumberScheduled},
		{"numberMisscheduled", status.NumberMisscheduled},
		{"desiredNumberScheduled", status.DesiredNumberScheduled},
		{"numberReady", status.NumberReady},
		{"updatedNumberScheduled", status.UpdatedNumberScheduled},
		{"numberAvailable", status.NumberAvailable},
		{"numberUnavailable", status.NumberUnavailable},
	}) {
		errs = append(errs, kinds.NonNegative(path.Child(n.name), int64(n.value))...)
	}
	errs = append(errs, kinds.NonNegative(path.Child("observedGeneration"), status.ObservedGeneration)...)
	return append(errs, decremented(status.CollisionCount, old.Status.CollisionCount)...)
}

func daemonSetTable() kinds.Table {
	status := appsv1.DaemonSetStatus{}.SwaggerDoc()
	columns := []metav1.TableColumnDefinition{
		kinds.NameColumn,
		{Name: "Desired", Type: "integer", Description: status["desiredNumberScheduled"]},
		{Name: "Current", Type: "integer", Description: status["currentNumberScheduled"]},
		{Name: "Ready", Type: "integer", Description: status["numberReady"]},
		{Name: "Up-to-date", Type: "integer", Description: status["updatedNumberScheduled"]},
		{Name: "Available", Type: "integer", Description: status["numberAvailable"]},
		{Name: "Node Selector", Type: "string", Description: corev1.PodSpec{}.SwaggerDoc()["nodeSelector"]},
		kinds.AgeColumn,
	}
	columns = append(columns, containerColumns()...)
	columns = append(columns, metav1.TableColumnDefinition{Name: "Selector", Type: "string", Priority: 1, Description: appsv1.DaemonSetSpec{}.SwaggerDoc()["selector"]})
	return kinds.TableOf(columns, func(set *appsv1.DaemonSet, now time.Time) []any {
		names, images := containerCells(set.Spec.Template.Spec.Containers)
		s := &set.Status
		return []any{
			set.Name, int64(s.DesiredNumberScheduled), int64(s.CurrentNumberScheduled), int64(s.NumberReady),
			int64(s.UpdatedNumberScheduled), int64(s.NumberAvailable), labels.FormatLabels(set.Spec.Template.Spec.NodeSelector),
			kinds.Age(set.CreationTimestamp, now), names, images, metav1.FormatLabelSelector(set.Spec.Selector),
		}
	})
}
