package workload

import (
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

func newReplicaSetKind() *kinds.Kind {
	return kinds.Builtin[*appsv1.ReplicaSet, *appsv1.ReplicaSetList](appsv1.SchemeGroupVersion, kinds.Spec{
		Resource:   "replicasets",
		ShortNames: []string{"rs"},
		Categories: []string{"all"},
		Namespaced: true,
		Strategy: warnOfTemplate(&kinds.Rules[*appsv1.ReplicaSet]{
			Defaults: func(rs *appsv1.ReplicaSet) {
				rs.Spec.Replicas = kinds.OrPointer(rs.Spec.Replicas, 1)
				defaultPodSpec(&rs.Spec.Template.Spec)
			},
			PrepareCreate: func(rs *appsv1.ReplicaSet) {
				rs.Status, rs.Generation = appsv1.ReplicaSetStatus{}, 1
			},
			PrepareUpdate: func(rs, old *appsv1.ReplicaSet) {
				rs.Status = old.Status
				kinds.NextGeneration(&rs.ObjectMeta, &old.ObjectMeta, rs.Spec, old.Spec)
			},
			Check: validateReplicaSet,
			CheckUpdate: func(rs, old *appsv1.ReplicaSet) field.ErrorList {
				return append(validateReplicaSet(rs),
					apivalidation.ValidateImmutableField(rs.Spec.Selector, old.Spec.Selector, field.NewPath("spec", "selector"))...)
			},
			WarnCreate: func(rs *appsv1.ReplicaSet) []string { return nameWarnings(rs.Name, "Pod names and hostnames") },
		}, func(o *appsv1.ReplicaSet) *corev1.PodTemplateSpec { return &o.Spec.Template }, templatePath),
		Status: &kinds.Rules[*appsv1.ReplicaSet]{
			PrepareUpdate: func(rs, old *appsv1.ReplicaSet) { rs.Spec = old.Spec },
			CheckUpdate:   validateReplicaSetStatus,
		},
		Table: replicaSetTable(),
		Selectable: kinds.Selectable(func(rs *appsv1.ReplicaSet) fields.Set {
			return fields.Set{"status.replicas": strconv.Itoa(int(rs.Status.Replicas))}
		}),
	})
}

func validateReplicaSet(rs *appsv1.ReplicaSet) field.ErrorList {
	spec := field.NewPath("spec")
	errs := kinds.NonNegative(spec.Child("replicas"), int64(ptr.Deref(rs.Spec.Replicas, 0)))
	errs = append(errs, kinds.NonNegative(spec.Child("minReadySeconds"), int64(rs.Spec.MinReadySeconds))...)
	// That it says deployment is the real server's way.
	errs = append(errs, validateSelector(rs.Spec.Selector, "deployment", spec.Child("selector"))...)
	return append(errs, validateTemplate(&rs.Spec.Template, rs.Spec.Selector, "ReplicaSet", spec.Child("template"))...)
}

func validateReplicaSetStatus(rs, _ *appsv1.ReplicaSet) field.ErrorList {
	path := field.NewPath("status")
	errs := counts{
		{"replicas", rs.Status.Replicas},
		{"fullyLabeledReplicas", rs.Status.FullyLabeledReplicas},
		{"readyReplicas", rs.Status.ReadyReplicas},
		{"availableReplicas", rs.Status.AvailableReplicas},
	}.validate(path)
	errs = append(errs, kinds.NonNegative(path.Child("observedGeneration"), rs.Status.ObservedGeneration)...)
	if rs.Status.AvailableReplicas > rs.Status.ReadyReplicas {
		errs = append(errs, field.Invalid(path.Child("availableReplicas"), rs.Status.AvailableReplicas, "cannot be greater than readyReplicas"))
	}
	return errs
}

func replicaSetTable() kinds.Table {
	spec, status := appsv1.ReplicaSetSpec{}.SwaggerDoc(), appsv1.ReplicaSetStatus{}.SwaggerDoc()
	columns := []metav1.TableColumnDefinition{
		kinds.NameColumn,
		{Name: "Desired", Type: "integer", Description: spec["replicas"]},
		{Name: "Current", Type: "integer", Description: status["replicas"]},
		{Name: "Ready", Type: "integer", Description: status["readyReplicas"]},
		kinds.AgeColumn,
	}
	columns = append(columns, containerColumns()...)
	columns = append(columns, metav1.TableColumnDefinition{Name: "Selector", Type: "string", Priority: 1, Description: spec["selector"]})
	return kinds.TableOf(columns, func(rs *appsv1.ReplicaSet, now time.Time) []any {
		names, images := containerCells(rs.Spec.Template.Spec.Containers)
		return []any{
			rs.Name, int64(ptr.Deref(rs.Spec.Replicas, 0)), int64(rs.Status.Replicas), int64(rs.Status.ReadyReplicas),
			kinds.Age(rs.CreationTimestamp, now), names, images, metav1.FormatLabelSelector(rs.Spec.Selector),
		}
	})
}
