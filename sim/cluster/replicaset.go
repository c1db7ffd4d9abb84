package cluster

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	appslisters "k8s.io/client-go/listers/apps/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/utils/ptr"

	"time"
)

// replicaSetController keeps the number of pods of each ReplicaSet. It adopts no
// pods that others made.
type replicaSetController struct {
	*manager
	sets     appslisters.ReplicaSetLister
	pods     corelisters.PodLister
	expected expectations
}

func replicaSets(pace Controller) part {
	return func(m *manager, _ context.Context) {
		sets, pods := m.factory.Apps().V1().ReplicaSets(), m.factory.Core().V1().Pods()
		r := &replicaSetController{manager: m, sets: sets.Lister(), pods: pods.Lister(), expected: expectPods(pods.Lister())}
		c := m.add("replicaset", pace, r.reconcile)
		c.watch(sets.Informer(), keyOf)
		c.watch(pods.Informer(), ownerOf("ReplicaSet"))
	}
}

func expectPods(pods corelisters.PodLister) expectations {
	return expectations{find: func(namespace, name string) (metav1.Object, bool) {
		pod, err := pods.Pods(namespace).Get(name)
		return pod, err == nil
	}}
}

func (r *replicaSetController) reconcile(ctx context.Context, key string) (time.Duration, error) {
	namespace, name := split(key)
	set, err := r.sets.ReplicaSets(namespace).Get(name)
	if err != nil {
		delete(r.expected.of, key)
		return 0, nil
	}
	if !r.expected.met(key) {
		return lapse, nil
	}
	pods := sortedPods(r.pods, namespace, func(p *corev1.Pod) bool { return controlledBy[*corev1.Pod](set.UID)(p) && isActive(p) })
	if set.DeletionTimestamp == nil {
		if err := r.keepNumber(ctx, key, set, pods); err != nil {
			return 0, err
		}
	}
	return r.report(ctx, set, pods)
}

func (r *replicaSetController) keepNumber(ctx context.Context, key string, set *appsv1.ReplicaSet, pods []*corev1.Pod) error {
	want := int(ptr.Deref(set.Spec.Replicas, 1))
	for range want - len(pods) {
		pod := podFrom(&set.Spec.Template, set, appsv1.SchemeGroupVersion.WithKind("ReplicaSet"))
		pod.GenerateName = set.Name + "-"
		made, err := r.client.CoreV1().Pods(set.Namespace).Create(ctx, pod, metav1.CreateOptions{})
		if err != nil {
			return err
		}
		r.expected.expect(key, made, false)
	}
	for _, pod := range excess(pods, len(pods)-want) {
		err := r.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, withPrecondition(pod))
		if err != nil && !apierrors.IsNotFound(err) {
			return err
		}
		r.expected.expect(key, pod, true)
	}
	return nil
}

// deletionCost is where users say which pods are to go first.
const deletionCost = "controller.kubernetes.io/pod-deletion-cost"

// excess chooses n pods to delete: those that serve least, as the real controller
// ranks them.
func excess(pods []*corev1.Pod, n int) []*corev1.Pod {
	if n <= 0 {
		return nil
	}
	rank := func(p *corev1.Pod) []int {
		cost, _ := strconv.Atoi(p.Annotations[deletionCost]) // what is no number costs nothing
		return []int{boolRank(p.Spec.NodeName != ""), boolRank(p.Status.Phase == corev1.PodRunning), boolRank(isReady(p)), cost, -int(p.CreationTimestamp.Unix())}
	}
	ordered := slices.Clone(pods)
	slices.SortFunc(ordered, func(a, b *corev1.Pod) int {
		return cmp.Or(slices.Compare(rank(a), rank(b)), strings.Compare(a.Name, b.Name))
	})
	return ordered[:n]
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// report writes the status when it has changed, and says when to look again: when
// a pod that is ready will have been so for minReadySeconds.
func (r *replicaSetController) report(ctx context.Context, set *appsv1.ReplicaSet, pods []*corev1.Pod) (time.Duration, error) {
	status := set.Status.DeepCopy()
	status.Replicas, status.FullyLabeledReplicas, status.ReadyReplicas, status.AvailableReplicas = int32(len(pods)), 0, 0, 0
	var again time.Duration
	for _, pod := range pods {
		if hasLabels(pod, set.Spec.Template.Labels) {
			status.FullyLabeledReplicas++
		}
		if !isReady(pod) {
			continue
		}
		status.ReadyReplicas++
		if wait := untilAvailable(pod, set.Spec.MinReadySeconds); wait > 0 {
			again = max(again, wait)
		} else {
			status.AvailableReplicas++
		}
	}
	status.ObservedGeneration = set.Generation
	if equality.Semantic.DeepEqual(status, &set.Status) {
		return again, nil
	}
	next := set.DeepCopy()
	next.Status = *status
	_, err := r.client.AppsV1().ReplicaSets(set.Namespace).UpdateStatus(ctx, next, metav1.UpdateOptions{})
	return again, err
}

func hasLabels(pod *corev1.Pod, want map[string]string) bool {
	for k, v := range want {
		if pod.Labels[k] != v {
			return false
		}
	}
	return true
}

// untilAvailable is how long a ready pod has still to be ready to count as available.
func untilAvailable(pod *corev1.Pod, minReadySeconds int32) time.Duration {
	if minReadySeconds == 0 {
		return 0
	}
	since := condition(pod, corev1.PodReady).LastTransitionTime
	return since.Add(time.Duration(minReadySeconds) * time.Second).Sub(now())
}
