package cluster

import (
	"context"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/utils/ptr"
)

// kubelet is the kubelets of all nodes, and what watches over them.
type kubelet struct {
	*manager
	Kubelet
	podController *controller
	podLister     corelisters.PodLister
	nodeLister    corelisters.NodeLister
	states        map[string]*podState // by the pod's key
	addresses     addresses
}

func kubelets(o Kubelet) part {
	return func(m *manager, _ context.Context) {
		pods, nodes := m.factory.Core().V1().Pods(), m.factory.Core().V1().Nodes()
		k := &kubelet{
			manager: m, Kubelet: o, podLister: pods.Lister(), nodeLister: nodes.Lister(),
			states: map[string]*podState{}, addresses: addresses{},
		}
		k.podController = m.add("kubelet", Controller{}, k.reconcile)
		k.podController.watch(pods.Informer(), keyOf)
		m.add("node", Controller{}, k.reconcileNode).watch(nodes.Informer(), keyOf)
	}
}

// podState is what a kubelet knows of one pod beside the object. Of a pod that was
// there before the kubelet it is made up from the status.
type podState struct {
	uid      types.UID
	count    int // pods of this name so far, this one included
	ip       string
	bound    time.Time // when it was first seen with a node
	started  time.Time // when its containers were last started; zero: they do not run
	starts   int
	backOff  time.Time // until when crashed containers wait
	stopping time.Time // when it was first seen to be deleted
}

// identity is what everything about a pod is drawn by: its name, and the
// how-manieth of that name it is.
func (l *podState) identity(pod *corev1.Pod) string { return name(pod) + " #" + strconv.Itoa(l.count) }

// run is the identity of the containers' present run.
func (l *podState) run(pod *corev1.Pod) string {
	return l.identity(pod) + " run " + strconv.Itoa(l.starts)
}

func (k *kubelet) stateOf(pod *corev1.Pod) *podState {
	key := name(pod)
	l := k.states[key]
	if l != nil && l.uid == pod.UID {
		return l
	}
	fresh := &podState{uid: pod.UID, count: 1, bound: now(), ip: pod.Status.PodIP}
	if l != nil {
		fresh.count = l.count + 1
		delete(k.addresses, l.ip)
	}
	for _, c := range pod.Status.ContainerStatuses {
		fresh.starts = int(c.RestartCount) + 1
		if c.State.Running != nil {
			fresh.started = c.State.Running.StartedAt.Time
		}
	}
	k.states[key] = fresh
	return fresh
}

// reconcile takes a pod one step on, and says when the next one is due.
func (k *kubelet) reconcile(ctx context.Context, key string) (time.Duration, error) {
	namespace, podName := split(key)
	pod, err := k.podLister.Pods(namespace).Get(podName)
	if err != nil {
		if l := k.states[key]; l != nil {
			delete(k.addresses, l.ip) // its count stays, for the next pod of that name
		}
		return 0, nil
	}
	if pod.Spec.NodeName == "" {
		return 0, nil
	}
	l := k.stateOf(pod)
	switch {
	case k.lost(pod.Spec.NodeName):
		return 0, k.loseSight(ctx, pod)
	case pod.DeletionTimestamp != nil:
		return k.terminate(ctx, pod, l)
	case isOver(pod):
		return 0, nil
	case l.started.IsZero():
		return k.start(ctx, pod, l)
	}
	return k.keepRunning(ctx, pod, l)
}

// loseSight: what runs on a lost node does not count as ready.
func (k *kubelet) loseSight(ctx context.Context, pod *corev1.Pod) error {
	if !isReady(pod) {
		return nil
	}
	next := pod.DeepCopy()
	setCondition(next, corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionFalse, Reason: "NodeNotReady"})
	return k.report(ctx, next)
}

// terminate ends a pod within its grace period.
func (k *kubelet) terminate(ctx context.Context, pod *corev1.Pod, l *podState) (time.Duration, error) {
	if l.stopping.IsZero() {
		l.stopping = now()
	}
	grace := time.Duration(ptr.Deref(pod.DeletionGracePeriodSeconds, 0)) * time.Second
	takes := min(k.span(k.Stop, "stop", l.identity(pod)), grace)
	if isOver(pod) {
		takes = 0
	}
	if wait := l.stopping.Add(takes).Sub(now()); wait > 0 {
		return wait, nil
	}
	options := withPrecondition(pod)
	options.GracePeriodSeconds = ptr.To[int64](0)
	err := k.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, options)
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return 0, nil // it is gone
	}
	return 0, err
}

// start runs a pod's containers, for the first time or again.
func (k *kubelet) start(ctx context.Context, pod *corev1.Pod, l *podState) (time.Duration, error) {
	due := l.bound.Add(k.span(k.Start, "start", l.identity(pod)))
	if l.backOff.After(due) {
		due = l.backOff
	}
	if wait := due.Sub(now()); wait > 0 {
		return wait, nil
	}
	if l.ip == "" {
		l.ip = k.addresses.take(k.draw, l.identity(pod))
	}
	next := pod.DeepCopy()
	l.starts++
	running(next, l)
	k.setReady(next, !probed(pod) && k.Probe == nil)
	if err := k.report(ctx, next); err != nil {
		l.starts--
		return 0, err
	}
	l.started = now()
	return k.untilNext(next, l), nil
}

// keepRunning makes a running pod ready, and ends its containers' run when its
// time has come.
func (k *kubelet) keepRunning(ctx context.Context, pod *corev1.Pod, l *podState) (time.Duration, error) {
	ending, at := k.ending(pod, l)
	if ending != goesOn && !now().Before(at) {
		next := pod.DeepCopy()
		end(next, ending)
		if err := k.report(ctx, next); err != nil {
			return 0, err
		}
		l.started = time.Time{}
		l.backOff = now().Add(crashBackOff(l.starts))
		if isOver(next) {
			delete(k.addresses, l.ip)
			return 0, nil
		}
		return crashBackOff(l.starts), nil
	}
	if ready := k.wantsReady(pod, l); ready != isReady(pod) {
		next := pod.DeepCopy()
		k.setReady(next, ready)
		if err := k.report(ctx, next); err != nil {
			return 0, err
		}
		pod = next
	}
	return k.untilNext(pod, l), nil
}

// crashBackOff is how long containers wait that ended in failure: 10s, doubling to 5m.
func crashBackOff(starts int) time.Duration {
	return min(10*time.Second<<min(max(starts-1, 0), 5), 5*time.Minute)
}

func probed(pod *corev1.Pod) bool {
	for i := range pod.Spec.Containers {
		if pod.Spec.Containers[i].ReadinessProbe != nil {
			return true
		}
	}
	return false
}

// wantsReady is what probes say now.
func (k *kubelet) wantsReady(pod *corev1.Pod, l *podState) bool {
	switch {
	case now().Before(k.readyAt(pod, l)):
		return false
	case k.Probe != nil:
		return k.Probe(pod, now().Sub(epoch))
	}
	return true
}

// readyAt is when a pod can first be ready.
func (k *kubelet) readyAt(pod *corev1.Pod, l *podState) time.Time {
	if !probed(pod) && k.Probe == nil {
		return l.started
	}
	return l.started.Add(k.span(k.Ready, "ready", l.run(pod)))
}

// untilNext is when a running pod has to be looked at next; 0: never.
func (k *kubelet) untilNext(pod *corev1.Pod, l *podState) time.Duration {
	var next time.Duration
	sooner := func(at time.Time) {
		if d := at.Sub(now()); d > 0 && (next == 0 || d < next) {
			next = d
		}
	}
	sooner(k.readyAt(pod, l))
	if ending, at := k.ending(pod, l); ending != goesOn {
		sooner(at)
	}
	if k.Probe != nil {
		sooner(now().Add(probePeriod(pod)))
	}
	return next
}

func probePeriod(pod *corev1.Pod) time.Duration {
	for i := range pod.Spec.Containers {
		if p := pod.Spec.Containers[i].ReadinessProbe; p != nil && p.PeriodSeconds > 0 {
			return time.Duration(p.PeriodSeconds) * time.Second
		}
	}
	return 10 * time.Second
}

func (k *kubelet) report(ctx context.Context, pod *corev1.Pod) error {
	_, err := k.client.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
	return err
}
