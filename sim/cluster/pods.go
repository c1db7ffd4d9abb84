package cluster

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/utils/ptr"
)

// condition finds a condition of a pod; nil: it has none of the type.
func condition(pod *corev1.Pod, of corev1.PodConditionType) *corev1.PodCondition {
	for i := range pod.Status.Conditions {
		if pod.Status.Conditions[i].Type == of {
			return &pod.Status.Conditions[i]
		}
	}
	return nil
}

// setCondition sets a condition; its time is that of the last change of status.
func setCondition(pod *corev1.Pod, c corev1.PodCondition) {
	c.LastTransitionTime = metav1.NewTime(now())
	if old := condition(pod, c.Type); old == nil {
		pod.Status.Conditions = append(pod.Status.Conditions, c)
	} else {
		if old.Status == c.Status {
			c.LastTransitionTime = old.LastTransitionTime
		}
		*old = c
	}
}

func isReady(pod *corev1.Pod) bool {
	c := condition(pod, corev1.PodReady)
	return c != nil && c.Status == corev1.ConditionTrue
}

// isOver tells whether a pod has run to its end, well or badly.
func isOver(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// isActive tells whether a pod counts for those who keep a number of pods.
func isActive(pod *corev1.Pod) bool { return !isOver(pod) && pod.DeletionTimestamp == nil }

// sortedPods are the pods of a namespace for which keep is true, by name.
func sortedPods(pods corelisters.PodLister, namespace string, keep func(*corev1.Pod) bool) []*corev1.Pod {
	all, _ := pods.Pods(namespace).List(everything) // of an informer's cache: no error
	return sorted(all, keep)
}

// sorted are the objects for which keep is true, by namespace and name.
func sorted[T metav1.Object](all []T, keep func(T) bool) []T {
	var out []T
	for _, o := range all {
		if keep(o) {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b T) int {
		return strings.Compare(a.GetNamespace()+"/"+a.GetName(), b.GetNamespace()+"/"+b.GetName())
	})
	return out
}

func controlledBy[T metav1.Object](uid types.UID) func(T) bool {
	return func(o T) bool {
		owner := metav1.GetControllerOfNoCopy(o)
		return owner != nil && owner.UID == uid
	}
}

// podFrom makes a pod of a template, with the owner as its controller. It has no
// name yet.
func podFrom(template *corev1.PodTemplateSpec, owner metav1.Object, kind schema.GroupVersionKind) *corev1.Pod {
	t := template.DeepCopy()
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: owner.GetNamespace(), Labels: t.Labels, Annotations: t.Annotations, Finalizers: t.Finalizers,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(owner, kind)},
		},
		Spec: t.Spec,
	}
}

// withPrecondition deletes the very object that was seen.
func withPrecondition(o metav1.Object) metav1.DeleteOptions {
	return metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: ptr.To(o.GetUID())}}
}
