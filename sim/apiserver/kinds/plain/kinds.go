package plain

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// Kinds are kinds that manifests and controllers bring along but that
// nothing here acts on: stored with their defaults and generations, hardly
// validated.
func Kinds() []*kinds.Kind {
	all := []*kinds.Kind{
		newNamespaceKind(),
		newNodeKind(),
		newConfigMapKind(),
		newSecretKind(),
		newEventKind(),
		newEventsV1Kind(),
		newLeaseKind(),
		kinds.Builtin[*corev1.ServiceAccount, *corev1.ServiceAccountList](corev1.SchemeGroupVersion, kinds.Spec{
			Resource: "serviceaccounts", ShortNames: []string{"sa"}, Namespaced: true,
			Strategy: &kinds.Rules[*corev1.ServiceAccount]{}, Table: kinds.NameAndAge(),
		}),
		kinds.Builtin[*corev1.LimitRange, *corev1.LimitRangeList](corev1.SchemeGroupVersion, kinds.Spec{
			Resource: "limitranges", ShortNames: []string{"limits"}, Namespaced: true,
			Strategy: &kinds.Rules[*corev1.LimitRange]{CreateOnUpdate: true}, Table: kinds.PlainTable(),
		}),
		kinds.Builtin[*corev1.ResourceQuota, *corev1.ResourceQuotaList](corev1.SchemeGroupVersion, kinds.Spec{
			Resource: "resourcequotas", ShortNames: []string{"quota"}, Namespaced: true,
			Strategy: &kinds.Rules[*corev1.ResourceQuota]{
				PrepareCreate: func(q *corev1.ResourceQuota) { q.Status = corev1.ResourceQuotaStatus{} },
				PrepareUpdate: func(q, old *corev1.ResourceQuota) { q.Status = old.Status },
			},
			Status: &kinds.Rules[*corev1.ResourceQuota]{PrepareUpdate: func(q, old *corev1.ResourceQuota) { q.Spec = old.Spec }},
			Table:  kinds.PlainTable(),
		}),
		kinds.Builtin[*appsv1.ControllerRevision, *appsv1.ControllerRevisionList](appsv1.SchemeGroupVersion, kinds.Spec{
			Resource: "controllerrevisions", Namespaced: true,
			Strategy: &kinds.Rules[*appsv1.ControllerRevision]{
				CheckUpdate: func(r, old *appsv1.ControllerRevision) field.ErrorList {
					return apivalidation.ValidateImmutableField(r.Data, old.Data, field.NewPath("data"))
				},
			},
			Table: kinds.PlainTable(),
		}),
		newPriorityClassKind(),
		newPersistentVolumeKind(),
		newPersistentVolumeClaimKind(),
		newRuntimeClassKind(),
	}
	return slices.Concat(all, newStorageKinds(), newResourceKinds())
}
