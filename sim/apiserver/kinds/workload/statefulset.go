package workload

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

func newStatefulSetKind() *kinds.Kind {
	return kinds.Builtin[*appsv1.StatefulSet, *appsv1.StatefulSetList](appsv1.SchemeGroupVersion, kinds.Spec{
		Resource:   "statefulsets",
		ShortNames: []string{"sts"},
		Categories: []string{"all"},
		Namespaced: true,
		Strategy: warnOfTemplate(&kinds.Rules[*appsv1.StatefulSet]{
			Defaults: defaultStatefulSet,
			PrepareCreate: func(set *appsv1.StatefulSet) {
				set.Status, set.Generation = appsv1.StatefulSetStatus{}, 1
			},
			PrepareUpdate: func(set, old *appsv1.StatefulSet) {
				set.Status = old.Status
				kinds.NextGeneration(&set.ObjectMeta, &old.ObjectMeta, set.Spec, old.Spec)
			},
			Check:       validateStatefulSet,
			CheckUpdate: validateStatefulSetUpdate,
			Name:        apivalidation.NameIsDNSLabel,
		}, func(o *appsv1.StatefulSet) *corev1.PodTemplateSpec { return &o.Spec.Template }, templatePath),
		Status: &kinds.Rules[*appsv1.StatefulSet]{
			PrepareUpdate: func(set, old *appsv1.StatefulSet) { set.Spec = old.Spec },
			CheckUpdate:   validateStatefulSetStatus,
		},
		Table: statefulSetTable(),
	})
}

func defaultStatefulSet(set *appsv1.StatefulSet) {
	if set.Spec.PodManagementPolicy == "" {
		set.Spec.PodManagementPolicy = appsv1.OrderedReadyPodManagement
	}
	strategy := &set.Spec.UpdateStrategy
	if strategy.Type == "" {
		strategy.Type = appsv1.RollingUpdateStatefulSetStrategyType
		strategy.RollingUpdate = kinds.OrPointer(strategy.RollingUpdate, appsv1.RollingUpdateStatefulSetStrategy{})
	}
	if strategy.Type == appsv1.RollingUpdateStatefulSetStrategyType && strategy.RollingUpdate != nil {
		strategy.RollingUpdate.Partition = kinds.OrPointer(strategy.RollingUpdate.Partition, 0)
		strategy.RollingUpdate.MaxUnavailable = kinds.OrPointer(strategy.RollingUpdate.MaxUnavailable, intstr.FromInt32(1))
	}
	retention := kinds.OrPointer(set.Spec.PersistentVolumeClaimRetentionPolicy, appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{})
	if retention.WhenDeleted == "" {
		retention.WhenDeleted = appsv1.RetainPersistentVolumeClaimRetentionPolicyType
	}
	if retention.WhenScaled == "" {
		retention.WhenScaled = appsv1.RetainPersistentVolumeClaimRetentionPolicyType
	}
	set.Spec.PersistentVolumeClaimRetentionPolicy = retention
	set.Spec.Replicas = kinds.OrPointer(set.Spec.Replicas, 1)
	set.Spec.RevisionHistoryLimit = kinds.OrPointer(set.Spec.RevisionHistoryLimit, 10)
	defaultPodSpec(&set.Spec.Template.Spec)
}

func validateStatefulSet(set *appsv1.StatefulSet) field.ErrorList {
	var errs field.ErrorList
	spec := field.NewPath("spec")
	if p := set.Spec.PodManagementPolicy; p != appsv1.OrderedReadyPodManagement && p != appsv1.ParallelPodManagement {
		errs = append(errs, field.Invalid(spec.Child("podManagementPolicy"), p, "must be 'OrderedReady' or 'Parallel'"))
	}
	errs = append(errs, validateStatefulSetStrategy(&set.Spec.UpdateStrategy, spec.Child("updateStrategy"))...)
	errs = append(errs, kinds.NonNegative(spec.Child("replicas"), int64(ptr.Deref(set.Spec.Replicas, 0)))...)
	errs = append(errs, kinds.NonNegative(spec.Child("minReadySeconds"), int64(set.Spec.MinReadySeconds))...)
	errs = append(errs, validateSelector(set.Spec.Selector, "statefulset", spec.Child("selector"))...)
	return append(errs, validateTemplate(&set.Spec.Template, set.Spec.Selector, "StatefulSet", spec.Child("template"))...)
}

func validateStatefulSetStrategy(strategy *appsv1.StatefulSetUpdateStrategy, path *field.Path) field.ErrorList {
	switch strategy.Type {
	case appsv1.OnDeleteStatefulSetStrategyType:
		if strategy.RollingUpdate != nil {
			return field.ErrorList{field.Invalid(path.Child("rollingUpdate"), strategy.RollingUpdate, "only allowed for updateStrategy 'RollingUpdate'")}
		}
		return nil
	case appsv1.RollingUpdateStatefulSetStrategyType:
		if strategy.RollingUpdate == nil {
			return nil
		}
		return validateRollingStatefulSet(strategy.RollingUpdate, path.Child("rollingUpdate"))
	}
	return field.ErrorList{field.Invalid(path, strategy, "must be 'RollingUpdate' or 'OnDelete'")}
}

func validateRollingStatefulSet(rolling *appsv1.RollingUpdateStatefulSetStrategy, path *field.Path) field.ErrorList {
	errs := kinds.NonNegative(path.Child("partition"), int64(ptr.Deref(rolling.Partition, 0)))
	unavailable := rolling.MaxUnavailable
	if unavailable == nil {
		return errs
	}
	path = path.Child("maxUnavailable")
	errs = append(errs, validateIntOrPercent(unavailable, path)...)
	if isZero(unavailable) {
		errs = append(errs, field.Invalid(path, unavailable, "cannot be 0"))
	}
	return append(errs, atMost100Percent(unavailable, path)...)
}

func validateStatefulSetUpdate(set, old *appsv1.StatefulSet) field.ErrorList {
	errs := validateStatefulSet(set)
	spec := field.NewPath("spec")
	for _, part := range []struct {
		name     string
		now, was any
	}{
		{"selector", set.Spec.Selector, old.Spec.Selector},
		{"volumeClaimTemplates", set.Spec.VolumeClaimTemplates, old.Spec.VolumeClaimTemplates},
		{"serviceName", set.Spec.ServiceName, old.Spec.ServiceName},
		{"podManagementPolicy", set.Spec.PodManagementPolicy, old.Spec.PodManagementPolicy},
	} {
		errs = append(errs, apivalidation.ValidateImmutableField(part.now, part.was, spec.Child(part.name))...)
	}
	return errs
}

func validateStatefulSetStatus(set, old *appsv1.StatefulSet) field.ErrorList {
	path := field.NewPath("status")
	errs := counts{
		{"replicas", set.Status.Replicas},
		{"readyReplicas", set.Status.ReadyReplicas},
		{"currentReplicas", set.Status.CurrentReplicas},
		{"updatedReplicas", set.Status.UpdatedReplicas},
		{"availableReplicas", set.Status.AvailableReplicas},
	}.validate(path)
	errs = append(errs, kinds.NonNegative(path.Child("observedGeneration"), set.Status.ObservedGeneration)...)
	if set.Status.AvailableReplicas > set.Status.ReadyReplicas {
		errs = append(errs, field.Invalid(path.Child("availableReplicas"), set.Status.AvailableReplicas, "cannot be greater than status.readyReplicas"))
	}
	return append(errs, decremented(set.Status.CollisionCount, old.Status.CollisionCount)...)
}

func statefulSetTable() kinds.Table {
	columns := []metav1.TableColumnDefinition{
		kinds.NameColumn,
		{Name: "Ready", Type: "string", Description: "Number of the pod with ready state"},
		kinds.AgeColumn,
	}
	return kinds.TableOf(append(columns, containerColumns()...), func(set *appsv1.StatefulSet, now time.Time) []any {
		names, images := containerCells(set.Spec.Template.Spec.Containers)
		ready := fmt.Sprintf("%d/%d", set.Status.ReadyReplicas, ptr.Deref(set.Spec.Replicas, 0))
		return []any{set.Name, ready, kinds.Age(set.CreationTimestamp, now), names, images}
	})
}
