package workload

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

func newDeploymentKind() *kinds.Kind {
	return kinds.Builtin[*appsv1.Deployment, *appsv1.DeploymentList](appsv1.SchemeGroupVersion, kinds.Spec{
		Resource:   "deployments",
		ShortNames: []string{"deploy"},
		Categories: []string{"all"},
		Namespaced: true,
		Strategy: warnOfTemplate(&kinds.Rules[*appsv1.Deployment]{
			Defaults: defaultDeployment,
			PrepareCreate: func(d *appsv1.Deployment) {
				d.Status, d.Generation = appsv1.DeploymentStatus{}, 1
			},
			PrepareUpdate: prepareDeploymentUpdate,
			Check:         validateDeployment,
			CheckUpdate:   validateDeploymentUpdate,
			WarnCreate:    func(d *appsv1.Deployment) []string { return nameWarnings(d.Name, "Pod names and hostnames") },
		}, func(o *appsv1.Deployment) *corev1.PodTemplateSpec { return &o.Spec.Template }, templatePath),
		Status: &kinds.Rules[*appsv1.Deployment]{
			PrepareUpdate: func(d, old *appsv1.Deployment) { d.Spec, d.Labels = old.Spec, old.Labels },
			CheckUpdate:   validateDeploymentStatus,
		},
		StatusResets: []string{"metadata.labels"},
		Table:        deploymentTable(),
	})
}

func defaultDeployment(d *appsv1.Deployment) {
	d.Spec.Replicas = kinds.OrPointer(d.Spec.Replicas, 1)
	strategy := &d.Spec.Strategy
	if strategy.Type == "" {
		strategy.Type = appsv1.RollingUpdateDeploymentStrategyType
	}
	if strategy.Type == appsv1.RollingUpdateDeploymentStrategyType {
		if strategy.RollingUpdate == nil {
			strategy.RollingUpdate = &appsv1.RollingUpdateDeployment{}
		}
		quarter := intstr.FromString("25%")
		strategy.RollingUpdate.MaxUnavailable = kinds.OrPointer(strategy.RollingUpdate.MaxUnavailable, quarter)
		strategy.RollingUpdate.MaxSurge = kinds.OrPointer(strategy.RollingUpdate.MaxSurge, quarter)
	}
	d.Spec.RevisionHistoryLimit = kinds.OrPointer(d.Spec.RevisionHistoryLimit, 10)
	d.Spec.ProgressDeadlineSeconds = kinds.OrPointer(d.Spec.ProgressDeadlineSeconds, 600)
	defaultPodSpec(&d.Spec.Template.Spec)
}

// prepareDeploymentUpdate counts changes of annotations too: the deployment
// controller copies them to its ReplicaSets.
func prepareDeploymentUpdate(d, old *appsv1.Deployment) {
	d.Status = old.Status
	if !apiequality.Semantic.DeepEqual(d.Spec, old.Spec) || !apiequality.Semantic.DeepEqual(d.Annotations, old.Annotations) {
		d.Generation = old.Generation + 1
	}
}

func validateDeployment(d *appsv1.Deployment) field.ErrorList {
	spec := field.NewPath("spec")
	errs := kinds.NonNegative(spec.Child("replicas"), int64(ptr.Deref(d.Spec.Replicas, 0)))
	errs = append(errs, validateSelector(d.Spec.Selector, "deployment", spec.Child("selector"))...)
	errs = append(errs, validateTemplate(&d.Spec.Template, d.Spec.Selector, "ReplicaSet", spec.Child("template"))...)
	errs = append(errs, validateDeploymentStrategy(&d.Spec.Strategy, spec.Child("strategy"))...)
	errs = append(errs, kinds.NonNegative(spec.Child("minReadySeconds"), int64(d.Spec.MinReadySeconds))...)
	errs = append(errs, kinds.NonNegative(spec.Child("revisionHistoryLimit"), int64(ptr.Deref(d.Spec.RevisionHistoryLimit, 0)))...)
	if deadline := d.Spec.ProgressDeadlineSeconds; deadline != nil {
		path := spec.Child("progressDeadlineSeconds")
		errs = append(errs, kinds.NonNegative(path, int64(*deadline))...)
		if *deadline <= d.Spec.MinReadySeconds {
			errs = append(errs, field.Invalid(path, deadline, "must be greater than minReadySeconds"))
		}
	}
	return errs
}

func validateDeploymentStrategy(strategy *appsv1.DeploymentStrategy, path *field.Path) field.ErrorList {
	rolling := path.Child("rollingUpdate")
	switch strategy.Type {
	case appsv1.RecreateDeploymentStrategyType:
		if strategy.RollingUpdate != nil {
			return field.ErrorList{field.Forbidden(rolling, "may not be specified when strategy `type` is 'Recreate'")}
		}
		return nil
	case appsv1.RollingUpdateDeploymentStrategyType:
		unavailable, surge := strategy.RollingUpdate.MaxUnavailable, strategy.RollingUpdate.MaxSurge
		errs := validateIntOrPercent(unavailable, rolling.Child("maxUnavailable"))
		errs = append(errs, validateIntOrPercent(surge, rolling.Child("maxSurge"))...)
		if isZero(unavailable) && isZero(surge) {
			errs = append(errs, field.Invalid(rolling.Child("maxUnavailable"), unavailable, "may not be 0 when `maxSurge` is 0"))
		}
		return append(errs, atMost100Percent(unavailable, rolling.Child("maxUnavailable"))...)
	}
	// The message shows the server's internal type.
	type rollingUpdate struct{ MaxUnavailable, MaxSurge *intstr.IntOrString }
	shown := struct {
		Type          appsv1.DeploymentStrategyType
		RollingUpdate *rollingUpdate
	}{Type: strategy.Type}
	if r := strategy.RollingUpdate; r != nil {
		shown.RollingUpdate = &rollingUpdate{r.MaxUnavailable, r.MaxSurge}
	}
	return field.ErrorList{field.NotSupported(path, shown, []appsv1.DeploymentStrategyType{appsv1.RecreateDeploymentStrategyType, appsv1.RollingUpdateDeploymentStrategyType})}
}

func validateDeploymentUpdate(d, old *appsv1.Deployment) field.ErrorList {
	return append(validateDeployment(d),
		apivalidation.ValidateImmutableField(d.Spec.Selector, old.Spec.Selector, field.NewPath("spec", "selector"))...)
}

func validateDeploymentStatus(d, old *appsv1.Deployment) field.ErrorList {
	path := field.NewPath("status")
	errs := kinds.NonNegative(path.Child("observedGeneration"), d.Status.ObservedGeneration)
	errs = append(errs, counts{
		{"replicas", d.Status.Replicas},
		{"updatedReplicas", d.Status.UpdatedReplicas},
		{"readyReplicas", d.Status.ReadyReplicas},
		{"availableReplicas", d.Status.AvailableReplicas},
	}.validate(path)...)
	errs = append(errs, kinds.NonNegative(path.Child("unavailableReplicas"), int64(d.Status.UnavailableReplicas))...)
	if d.Status.AvailableReplicas > d.Status.ReadyReplicas {
		errs = append(errs, field.Invalid(path.Child("availableReplicas"), d.Status.AvailableReplicas, "cannot be greater than readyReplicas"))
	}
	return append(errs, decremented(d.Status.CollisionCount, old.Status.CollisionCount)...)
}

func deploymentTable() kinds.Table {
	status := appsv1.DeploymentStatus{}.SwaggerDoc()
	columns := []metav1.TableColumnDefinition{
		kinds.NameColumn,
		{Name: "Ready", Type: "string", Description: "Number of the pod with ready state"},
		{Name: "Up-to-date", Type: "string", Description: status["updatedReplicas"]},
		{Name: "Available", Type: "string", Description: status["availableReplicas"]},
		kinds.AgeColumn,
	}
	columns = append(columns, containerColumns()...)
	columns = append(columns, metav1.TableColumnDefinition{Name: "Selector", Type: "string", Priority: 1, Description: appsv1.DeploymentSpec{}.SwaggerDoc()["selector"]})
	return kinds.TableOf(columns, func(d *appsv1.Deployment, now time.Time) []any {
		names, images := containerCells(d.Spec.Template.Spec.Containers)
		return []any{
			d.Name, fmt.Sprintf("%d/%d", d.Status.ReadyReplicas, ptr.Deref(d.Spec.Replicas, 0)),
			int64(d.Status.UpdatedReplicas), int64(d.Status.AvailableReplicas), kinds.Age(d.CreationTimestamp, now),
			names, images, metav1.FormatLabelSelector(d.Spec.Selector),
		}
	})
}
