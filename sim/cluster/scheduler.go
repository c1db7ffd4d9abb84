package cluster

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corelisters "k8s.io/client-go/listers/core/v1"
)

// podScheduler gives each pod the fitting node with the fewest pods, the first of
// several by name.
type podScheduler struct {
	*manager
	controller *controller
	pods       corelisters.PodLister
	nodes      corelisters.NodeLister
	claims     corelisters.PersistentVolumeClaimLister // nil: nobody binds any
	assumed    map[types.UID]string                    // nodes of pods whose binding the cache does not show yet
}

// scheduler: with volumes, pods wait for their claims to be bound.
func scheduler(o Scheduler, withVolumes bool) part {
	return func(m *manager, _ context.Context) {
		pods, nodes := m.factory.Core().V1().Pods(), m.factory.Core().V1().Nodes()
		s := &podScheduler{manager: m, pods: pods.Lister(), nodes: nodes.Lister(), assumed: map[types.UID]string{}}
		s.controller = m.add("scheduler", Controller(o), s.reconcile)
		if withVolumes {
			claims := m.factory.Core().V1().PersistentVolumeClaims()
			s.claims = claims.Lister()
			s.controller.watch(claims.Informer(), s.waiting)
		}
		s.controller.watch(pods.Informer(), func(o metav1.Object) []string {
			if pod := o.(*corev1.Pod); pod.Spec.NodeName == "" {
				return keyOf(pod)
			} else if !isActive(pod) {
				return s.waiting(pod) // there may be room now
			}
			return nil
		})
		s.controller.watch(nodes.Informer(), s.waiting)
	}
}

// waiting are the pods without a node.
func (s *podScheduler) waiting(metav1.Object) []string {
	var keys []string
	for _, pod := range sortedPods(s.pods, metav1.NamespaceAll, s.unbound) {
		keys = append(keys, name(pod))
	}
	return keys
}

func (s *podScheduler) unbound(pod *corev1.Pod) bool { return isActive(pod) && s.nodeOf(pod) == "" }

// nodeOf is the node that a pod is on, or will be.
func (s *podScheduler) nodeOf(pod *corev1.Pod) string {
	if pod.Spec.NodeName != "" {
		delete(s.assumed, pod.UID)
		return pod.Spec.NodeName
	}
	return s.assumed[pod.UID]
}

func (s *podScheduler) reconcile(ctx context.Context, key string) (time.Duration, error) {
	namespace, name := split(key)
	pod, err := s.pods.Pods(namespace).Get(name)
	if err != nil || !s.unbound(pod) || len(pod.Spec.SchedulingGates) > 0 {
		return 0, nil
	}
	node, why := s.choose(pod)
	if node == "" {
		return 0, s.refuse(ctx, pod, why)
	}
	err = s.client.CoreV1().Pods(namespace).Bind(ctx, &corev1.Binding{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, UID: pod.UID},
		Target:     corev1.ObjectReference{Kind: "Node", Name: node},
	}, metav1.CreateOptions{})
	if err == nil {
		s.assumed[pod.UID] = node
	}
	return 0, err
}

func (s *podScheduler) choose(pod *corev1.Pod) (node, why string) {
	if s.claims != nil && s.lacksVolume(pod) {
		return "", "pod has unbound immediate PersistentVolumeClaims."
	}
	on := map[string][]*corev1.Pod{}
	for _, other := range sortedPods(s.pods, metav1.NamespaceAll, func(p *corev1.Pod) bool { return !isOver(p) }) {
		if node := s.nodeOf(other); node != "" {
			on[node] = append(on[node], other)
		}
	}
	all, _ := s.nodes.List(everything) // of an informer's cache: no error
	var reasons []string
	for _, candidate := range sorted(all, func(*corev1.Node) bool { return true }) {
		if why := misfit(pod, candidate, on[candidate.Name]); why != "" {
			reasons = append(reasons, why)
		} else if node == "" || len(on[candidate.Name]) < len(on[node]) {
			node = candidate.Name
		}
	}
	return node, unschedulable(reasons)
}

// refuse says in the pod's status why it waits.
func (s *podScheduler) refuse(ctx context.Context, pod *corev1.Pod, why string) error {
	if c := condition(pod, corev1.PodScheduled); c != nil && c.Status == corev1.ConditionFalse && c.Message == why {
		return nil
	}
	next := pod.DeepCopy()
	setCondition(next, corev1.PodCondition{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable, Message: why})
	_, err := s.client.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, next, metav1.UpdateOptions{})
	return err
}
