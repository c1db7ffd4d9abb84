package workload

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// Pods: stored as users and controllers write them. Nobody schedules or runs
// them here; whoever plays the kubelet writes /status. /eviction and graceful
// deletion are the request path's.
func newPodKind() *kinds.Kind {
	return kinds.Builtin[*corev1.Pod, *corev1.PodList](corev1.SchemeGroupVersion, kinds.Spec{
		Resource:   "pods",
		ShortNames: []string{"po"},
		Categories: []string{"all"},
		Namespaced: true,
		Strategy: &kinds.Rules[*corev1.Pod]{
			Defaults:      defaultPod,
			PrepareCreate: preparePod,
			PrepareUpdate: preparePodUpdate,
			Check:         validateNewPod,
			CheckUpdate:   validatePodUpdate,
			WarnCreate:    func(pod *corev1.Pod) []string { return nameWarnings(pod.Name, "the Pod's hostname") },
		},
		Status: &kinds.Rules[*corev1.Pod]{
			PrepareUpdate: preparePodStatus,
			CheckUpdate:   validatePodStatus,
		},
		StatusResets: []string{"metadata.deletionTimestamp", "metadata.ownerReferences"},
		Table:        kinds.TableOf(podColumns, podCells),
		Selectable:   kinds.Selectable(podFields),
	})
}

// preparePod also does what the admission plugins Priority and
// DefaultTolerationSeconds do, which every cluster runs.
func preparePod(pod *corev1.Pod) {
	pod.Generation = 1
	pod.Status = corev1.PodStatus{Phase: corev1.PodPending, QOSClass: qosClass(pod)}
	if len(pod.Spec.SchedulingGates) > 0 {
		pod.Status.Conditions = []corev1.PodCondition{{
			Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonSchedulingGated,
			Message: "Scheduling is blocked due to non-empty scheduling gates", LastTransitionTime: pod.CreationTimestamp,
		}}
	}
	if pod.Spec.Priority == nil {
		pod.Spec.Priority = ptr.To[int32](0)
	}
	if pod.Spec.PreemptionPolicy == nil {
		pod.Spec.PreemptionPolicy = ptr.To(corev1.PreemptLowerPriority)
	}
	tolerateByDefault(pod)
}

// preparePodUpdate puts back, as the same plugins do, what a client that sends
// its own idea of the whole Pod leaves out.
func preparePodUpdate(pod, old *corev1.Pod) {
	pod.Status = old.Status
	if pod.Spec.Priority == nil {
		pod.Spec.Priority = old.Spec.Priority
	}
	if pod.Spec.PreemptionPolicy == nil {
		pod.Spec.PreemptionPolicy = old.Spec.PreemptionPolicy
	}
	tolerateByDefault(pod)
	if !apiequality.Semantic.DeepEqual(pod.Spec, old.Spec) {
		pod.Generation = old.Generation + 1
	}
}

func tolerateByDefault(pod *corev1.Pod) {
	for _, taint := range []string{corev1.TaintNodeNotReady, corev1.TaintNodeUnreachable} {
		tolerate(pod, taint)
	}
}

// tolerate lets a Pod stay on a node with the given taint for five minutes,
// unless it says something about the taint itself.
func tolerate(pod *corev1.Pod, taint string) {
	for _, t := range pod.Spec.Tolerations {
		if (t.Key == taint || t.Key == "") && (t.Effect == corev1.TaintEffectNoExecute || t.Effect == "") {
			return
		}
	}
	pod.Spec.Tolerations = append(pod.Spec.Tolerations, corev1.Toleration{
		Key: taint, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: ptr.To[int64](300),
	})
}

// preparePodStatus keeps what a kubelet that does not know a field would lose.
func preparePodStatus(pod, old *corev1.Pod) {
	pod.Spec = old.Spec
	pod.DeletionTimestamp = nil
	if old.DeletionTimestamp != nil {
		pod.DeletionTimestamp = old.DeletionTimestamp.DeepCopy()
	}
	pod.OwnerReferences = old.OwnerReferences
	if pod.Status.QOSClass == "" {
		pod.Status.QOSClass = old.Status.QOSClass
	}
	if pod.Status.ResourceClaimStatuses == nil {
		pod.Status.ResourceClaimStatuses = old.Status.ResourceClaimStatuses
	}
	if pod.Status.ObservedGeneration == 0 {
		pod.Status.ObservedGeneration = old.Status.ObservedGeneration
	}
	for i := range pod.Status.Conditions {
		condition := &pod.Status.Conditions[i]
		for _, before := range old.Status.Conditions {
			if before.Type == condition.Type && condition.ObservedGeneration == 0 {
				condition.ObservedGeneration = before.ObservedGeneration
			}
		}
	}
}

// qosClass: Guaranteed if every container has cpu and memory limits equal to
// its requests, BestEffort if none asks for any, else Burstable.
func qosClass(pod *corev1.Pod) corev1.PodQOSClass {
	guaranteed, asked := true, false
	for _, containers := range [][]corev1.Container{pod.Spec.Containers, pod.Spec.InitContainers} {
		for _, c := range containers {
			for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
				request, limit := c.Resources.Requests[name], c.Resources.Limits[name]
				asked = asked || !request.IsZero() || !limit.IsZero()
				guaranteed = guaranteed && !limit.IsZero() && request.Cmp(limit) == 0
			}
		}
	}
	switch {
	case !asked:
		return corev1.PodQOSBestEffort
	case guaranteed:
		return corev1.PodQOSGuaranteed
	}
	return corev1.PodQOSBurstable
}

func podFields(pod *corev1.Pod) fields.Set {
	ip := ""
	if len(pod.Status.PodIPs) > 0 {
		ip = pod.Status.PodIPs[0].IP
	}
	return fields.Set{
		"spec.nodeName":            pod.Spec.NodeName,
		"spec.restartPolicy":       string(pod.Spec.RestartPolicy),
		"spec.schedulerName":       pod.Spec.SchedulerName,
		"spec.serviceAccountName":  pod.Spec.ServiceAccountName,
		"spec.hostNetwork":         strconv.FormatBool(pod.Spec.HostNetwork),
		"status.phase":             string(pod.Status.Phase),
		"status.podIP":             ip,
		"status.nominatedNodeName": pod.Status.NominatedNodeName,
	}
}
