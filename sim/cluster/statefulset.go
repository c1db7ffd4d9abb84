package cluster

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	appslisters "k8s.io/client-go/listers/apps/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/utils/ptr"
)

// statefulSetController keeps the pods of StatefulSets, by ordinal. It keeps no
// ControllerRevisions: a revision is known by the hash in the status alone.
type statefulSetController struct {
	*manager
	sets     appslisters.StatefulSetLister
	pods     corelisters.PodLister
	expected expectations
}

func statefulSets(pace Controller) part {
	return func(m *manager, _ context.Context) {
		sets, pods := m.factory.Apps().V1().StatefulSets(), m.factory.Core().V1().Pods()
		s := &statefulSetController{m, sets.Lister(), pods.Lister(), expectPods(pods.Lister())}
		c := m.add("statefulset", pace, s.reconcile)
		c.watch(sets.Informer(), keyOf)
		c.watch(pods.Informer(), ownerOf("StatefulSet"))
	}
}

func (s *statefulSetController) reconcile(ctx context.Context, key string) (time.Duration, error) {
	namespace, name := split(key)
	set, err := s.sets.StatefulSets(namespace).Get(name)
	if err != nil {
		delete(s.expected.of, key)
		return 0, nil
	}
	if !s.expected.met(key) {
		return lapse, nil
	}
	byOrdinal := map[int]*corev1.Pod{}
	for _, pod := range sortedPods(s.pods, namespace, controlledBy[*corev1.Pod](set.UID)) {
		if n, err := strconv.Atoi(pod.Name[strings.LastIndex(pod.Name, "-")+1:]); err == nil {
			byOrdinal[n] = pod
		}
	}
	if set.DeletionTimestamp == nil {
		if err := s.step(ctx, key, set, byOrdinal); err != nil {
			return 0, err
		}
	}
	return s.report(ctx, set, byOrdinal)
}

// step makes, replaces and deletes pods: in order of their ordinals, one at a
// time, unless pods are managed in parallel.
func (s *statefulSetController) step(ctx context.Context, key string, set *appsv1.StatefulSet, pods map[int]*corev1.Pod) error {
	first := 0
	if set.Spec.Ordinals != nil {
		first = int(set.Spec.Ordinals.Start)
	}
	end := first + int(ptr.Deref(set.Spec.Replicas, 1))
	ordered := set.Spec.PodManagementPolicy != appsv1.ParallelPodManagement
	for n := first; n < end; n++ {
		pod := pods[n]
		switch {
		case pod == nil:
			if err := s.make(ctx, key, set, n); err != nil {
				return err
			}
		case isOver(pod) && pod.DeletionTimestamp == nil:
			if err := s.remove(ctx, key, pod); err != nil {
				return err
			}
		case pod.DeletionTimestamp == nil && isReady(pod) && untilAvailable(pod, set.Spec.MinReadySeconds) <= 0:
			continue
		}
		if ordered {
			return nil // it has to be ready before the next one's turn
		}
	}
	for n := highest(pods); n >= 0; n-- {
		pod := pods[n]
		if pod == nil || n >= first && n < end {
			continue
		}
		if pod.DeletionTimestamp == nil {
			if err := s.remove(ctx, key, pod); err != nil {
				return err
			}
		}
		if ordered {
			return nil
		}
	}
	return s.update(ctx, key, set, pods, first, end)
}

// update replaces one pod of an older template, the highest ordinal first, when
// all others are ready.
func (s *statefulSetController) update(ctx context.Context, key string, set *appsv1.StatefulSet, pods map[int]*corev1.Pod, first, end int) error {
	if set.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType {
		return nil
	}
	if r := set.Spec.UpdateStrategy.RollingUpdate; r != nil {
		first = max(first, int(ptr.Deref(r.Partition, 0)))
	}
	for n := end - 1; n >= first; n-- {
		pod := pods[n]
		switch {
		case pod == nil || pod.DeletionTimestamp != nil:
			return nil
		case pod.Labels[appsv1.ControllerRevisionHashLabelKey] != revisionName(set):
			return s.remove(ctx, key, pod)
		case !isReady(pod):
			return nil
		}
	}
	return nil
}

func highest(pods map[int]*corev1.Pod) int {
	top := -1
	for n := range pods {
		top = max(top, n)
	}
	return top
}

func (s *statefulSetController) make(ctx context.Context, key string, set *appsv1.StatefulSet, n int) error {
	pod := podFrom(&set.Spec.Template, set, appsv1.SchemeGroupVersion.WithKind("StatefulSet"))
	pod.Name = fmt.Sprintf("%s-%d", set.Name, n)
	if pod.Labels == nil {
		pod.Labels = map[string]string{}
	}
	pod.Labels[appsv1.ControllerRevisionHashLabelKey] = revisionName(set)
	pod.Labels[appsv1.StatefulSetPodNameLabel], pod.Labels[appsv1.PodIndexLabel] = pod.Name, strconv.Itoa(n)
	pod.Spec.Hostname, pod.Spec.Subdomain = pod.Name, set.Spec.ServiceName
	for i := range set.Spec.VolumeClaimTemplates {
		claim := set.Spec.VolumeClaimTemplates[i].DeepCopy()
		volume := claim.Name
		claim.Name, claim.Namespace = volume+"-"+pod.Name, set.Namespace
		claim.Status = corev1.PersistentVolumeClaimStatus{}
		_, err := s.client.CoreV1().PersistentVolumeClaims(set.Namespace).Create(ctx, claim, metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
		pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: volume, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim.Name},
		}})
	}
	made, err := s.client.CoreV1().Pods(set.Namespace).Create(ctx, pod, metav1.CreateOptions{})
	if err == nil {
		s.expected.expect(key, made, false)
	}
	return err
}

func (s *statefulSetController) remove(ctx context.Context, key string, pod *corev1.Pod) error {
	err := s.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, withPrecondition(pod))
	if err == nil {
		s.expected.expect(key, pod, true)
	}
	return err
}

func revisionName(set *appsv1.StatefulSet) string {
	return set.Name + "-" + templateHash(&set.Spec.Template)
}

func (s *statefulSetController) report(ctx context.Context, set *appsv1.StatefulSet, pods map[int]*corev1.Pod) (time.Duration, error) {
	revision := revisionName(set)
	status := appsv1.StatefulSetStatus{
		ObservedGeneration: set.Generation, UpdateRevision: revision, CurrentRevision: set.Status.CurrentRevision,
		CollisionCount: set.Status.CollisionCount, Conditions: set.Status.Conditions,
	}
	if status.CollisionCount == nil {
		status.CollisionCount = new(int32)
	}
	if status.CurrentRevision == "" {
		status.CurrentRevision = revision
	}
	var again time.Duration
	for n := range highest(pods) + 1 {
		pod := pods[n]
		if pod == nil {
			continue
		}
		status.Replicas++
		if isReady(pod) && pod.DeletionTimestamp == nil {
			status.ReadyReplicas++
			if wait := untilAvailable(pod, set.Spec.MinReadySeconds); wait > 0 {
				again = max(again, wait)
			} else {
				status.AvailableReplicas++
			}
		}
		if pod.Labels[appsv1.ControllerRevisionHashLabelKey] == revision {
			status.UpdatedReplicas++
		}
		if pod.Labels[appsv1.ControllerRevisionHashLabelKey] == status.CurrentRevision {
			status.CurrentReplicas++
		}
	}
	if status.UpdatedReplicas == status.Replicas && status.ReadyReplicas == status.Replicas && status.Replicas == ptr.Deref(set.Spec.Replicas, 1) {
		status.CurrentRevision, status.CurrentReplicas = revision, status.UpdatedReplicas
	}
	if equality.Semantic.DeepEqual(status, set.Status) {
		return again, nil
	}
	next := set.DeepCopy()
	next.Status = status
	_, err := s.client.AppsV1().StatefulSets(set.Namespace).UpdateStatus(ctx, next, metav1.UpdateOptions{})
	return again, err
}
