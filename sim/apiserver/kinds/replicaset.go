package kinds

import (
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

func newReplicaSetKind() *Kind {
	return builtinKind[*appsv1.ReplicaSet, *appsv1.ReplicaSetList](appsv1.SchemeGroupVersion, kindSpec{
		resource:   "replicasets",
		shortNames: []string{"rs"},
		categories: []string{"all"},
		namespaced: true,
		strategy: &rules[*appsv1.ReplicaSet]{
			defaults: func(rs *appsv1.ReplicaSet) {
				rs.Spec.Replicas = orPointer(rs.Spec.Replicas, 1)
				defaultPodSpec(&rs.Spec.Template.Spec)
			},
			prepareCreate: func(rs *appsv1.ReplicaSet) {
				rs.Status, rs.Generation = appsv1.ReplicaSetStatus{}, 1
			},
			prepareUpdate: func(rs, old *appsv1.ReplicaSet) {
				rs.Status = old.Status
				nextGeneration(&rs.ObjectMeta, &old.ObjectMeta, rs.Spec, old.Spec)
			},
			validate: validateReplicaSet,
			validateUpdate: func(rs, old *appsv1.ReplicaSet) field.ErrorList {
				return append(validateReplicaSet(rs),
					apivalidation.ValidateImmutableField(rs.Spec.Selector, old.Spec.Selector, field.NewPath("spec", "selector"))...)
			},
			warnCreate: func(rs *appsv1.ReplicaSet) []string { return nameWarnings(rs.Name, "Pod names and hostnames") },
		},
		status: &rules[*appsv1.ReplicaSet]{
			prepareUpdate:  func(rs, old *appsv1.ReplicaSet) { rs.Spec = old.Spec },
			validateUpdate: validateReplicaSetStatus,
		},
		table: replicaSetTable(),
		selectable: selectable(func(rs *appsv1.ReplicaSet) fields.Set {
			return fields.Set{"status.replicas": strconv.Itoa(int(rs.Status.Replicas))}
		}),
	})
}

func validateReplicaSet(rs *appsv1.ReplicaSet) field.ErrorList {
	spec := field.NewPath("spec")
	errs := nonNegative(spec.Child("replicas"), int64(ptr.Deref(rs.Spec.Replicas, 0)))
	errs = append(errs, nonNegative(spec.Child("minReadySeconds"), int64(rs.Spec.MinReadySeconds))...)
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
	errs = append(errs, nonNegative(path.Child("observedGeneration"), rs.Status.ObservedGeneration)...)
	if rs.Status.AvailableReplicas > rs.Status.ReadyReplicas {
		errs = append(errs, field.Invalid(path.Child("availableReplicas"), rs.Status.AvailableReplicas, "cannot be greater than readyReplicas"))
	}
	return errs
}

func replicaSetTable() tableOf {
	spec, status := appsv1.ReplicaSetSpec{}.SwaggerDoc(), appsv1.ReplicaSetStatus{}.SwaggerDoc()
	columns := []metav1.TableColumnDefinition{
		nameColumn,
		{Name: "Desired", Type: "integer", Description: spec["replicas"]},
		{Name: "Current", Type: "integer", Description: status["replicas"]},
		{Name: "Ready", Type: "integer", Description: status["readyReplicas"]},
		ageColumn,
	}
	columns = append(columns, containerColumns()...)
	columns = append(columns, metav1.TableColumnDefinition{Name: "Selector", Type: "string", Priority: 1, Description: spec["selector"]})
	return table(columns, func(rs *appsv1.ReplicaSet, now time.Time) []any {
		names, images := containerCells(rs.Spec.Template.Spec.Containers)
		return []any{
			rs.Name, int64(ptr.Deref(rs.Spec.Replicas, 0)), int64(rs.Status.Replicas), int64(rs.Status.ReadyReplicas),
			age(rs.CreationTimestamp, now), names, images, metav1.FormatLabelSelector(rs.Spec.Selector),
		}
	})
}
