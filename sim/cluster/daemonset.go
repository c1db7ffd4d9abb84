package cluster

import (
	"context"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	appslisters "k8s.io/client-go/listers/apps/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
)

// daemonSetController keeps one pod on each node that takes it. An update
// replaces one pod at a time.
type daemonSetController struct {
	*manager
	sets     appslisters.DaemonSetLister
	pods     corelisters.PodLister
	nodes    corelisters.NodeLister
	expected expectations
}

func daemonSets(pace Controller) part {
	return func(m *manager, _ context.Context) {
		sets, pods, nodes := m.factory.Apps().V1().DaemonSets(), m.factory.Core().V1().Pods(), m.factory.Core().V1().Nodes()
		d := &daemonSetController{m, sets.Lister(), pods.Lister(), nodes.Lister(), expectPods(pods.Lister())}
		c := m.add("daemonset", pace, d.reconcile)
		c.watch(sets.Informer(), keyOf)
		c.watch(pods.Informer(), ownerOf("DaemonSet"))
		c.watch(nodes.Informer(), func(metav1.Object) []string {
			all, _ := d.sets.List(everything) // of an informer's cache: no error
			var keys []string
			for _, set := range sorted(all, func(*appsv1.DaemonSet) bool { return true }) {
				keys = append(keys, name(set))
			}
			return keys
		})
	}
}

func (d *daemonSetController) reconcile(ctx context.Context, key string) (time.Duration, error) {
	namespace, name := split(key)
	set, err := d.sets.DaemonSets(namespace).Get(name)
	if err != nil {
		delete(d.expected.of, key)
		return 0, nil
	}
	if !d.expected.met(key) {
		return lapse, nil
	}
	on := map[string]*corev1.Pod{}
	var surplus []*corev1.Pod
	for _, pod := range sortedPods(d.pods, namespace, func(p *corev1.Pod) bool { return controlledBy[*corev1.Pod](set.UID)(p) && p.DeletionTimestamp == nil }) {
		if node := nodeWanted(pod); on[node] == nil && !isOver(pod) {
			on[node] = pod
		} else {
			surplus = append(surplus, pod)
		}
	}
	status := appsv1.DaemonSetStatus{ObservedGeneration: set.Generation, CollisionCount: set.Status.CollisionCount, Conditions: set.Status.Conditions}
	all, _ := d.nodes.List(everything) // of an informer's cache: no error
	hash, replaced := templateHash(&set.Spec.Template), set.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType
	for _, node := range sorted(all, func(*corev1.Node) bool { return true }) {
		pod := on[node.Name]
		delete(on, node.Name)
		wanted := takes(set, node)
		switch {
		case wanted && pod == nil && set.DeletionTimestamp == nil:
			err = d.make(ctx, key, set, node.Name, hash)
		case !wanted && pod != nil:
			surplus = append(surplus, pod)
		case pod != nil && pod.Labels[appsv1.ControllerRevisionHashLabelKey] != hash && !replaced && (isReady(pod) || set.Status.NumberUnavailable > 0):
			surplus, replaced = append(surplus, pod), true
		}
		if err != nil {
			return 0, err
		}
		count(&status, wanted, pod, hash)
	}
	for _, node := range sortedKeys(on) { // of nodes that are gone
		surplus = append(surplus, on[node])
	}
	if set.DeletionTimestamp == nil {
		for _, pod := range surplus {
			if err := d.client.CoreV1().Pods(namespace).Delete(ctx, pod.Name, withPrecondition(pod)); err != nil && !apierrors.IsNotFound(err) {
				return 0, err
			}
			d.expected.expect(key, pod, true)
		}
	}
	if equality.Semantic.DeepEqual(status, set.Status) {
		return 0, nil
	}
	next := set.DeepCopy()
	next.Status = status
	_, err = d.client.AppsV1().DaemonSets(namespace).UpdateStatus(ctx, next, metav1.UpdateOptions{})
	return 0, err
}

func count(status *appsv1.DaemonSetStatus, wanted bool, pod *corev1.Pod, hash string) {
	switch {
	case !wanted:
		if pod != nil {
			status.NumberMisscheduled++
		}
		return
	case pod == nil:
		status.DesiredNumberScheduled++
		status.NumberUnavailable++
		return
	}
	status.DesiredNumberScheduled++
	status.CurrentNumberScheduled++
	if pod.Labels[appsv1.ControllerRevisionHashLabelKey] == hash {
		status.UpdatedNumberScheduled++
	}
	if isReady(pod) {
		status.NumberReady++
		status.NumberAvailable++
	} else {
		status.NumberUnavailable++
	}
}

// nodeWanted is the node for which a daemon's pod was made.
func nodeWanted(pod *corev1.Pod) string {
	if a := pod.Spec.Affinity; a != nil && a.NodeAffinity != nil && a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution != nil {
		for _, term := range a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
			for _, f := range term.MatchFields {
				if f.Key == metav1.ObjectNameField && len(f.Values) == 1 {
					return f.Values[0]
				}
			}
		}
	}
	return pod.Spec.NodeName
}

// takes tells whether a daemon runs on a node, as far as its selector and the
// node's taints say; room does not matter.
func takes(set *appsv1.DaemonSet, node *corev1.Node) bool {
	pod := &corev1.Pod{Spec: *set.Spec.Template.Spec.DeepCopy()}
	pod.Spec.Tolerations = append(pod.Spec.Tolerations, daemonTolerations...)
	return refuses(node, pod) == ""
}

// daemonTolerations are what every daemon tolerates.
var daemonTolerations = []corev1.Toleration{
	{Key: corev1.TaintNodeNotReady, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute},
	{Key: corev1.TaintNodeUnreachable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute},
	{Key: corev1.TaintNodeUnreachable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
	{Key: corev1.TaintNodeUnschedulable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
}

func (d *daemonSetController) make(ctx context.Context, key string, set *appsv1.DaemonSet, node, hash string) error {
	pod := podFrom(&set.Spec.Template, set, appsv1.SchemeGroupVersion.WithKind("DaemonSet"))
	pod.GenerateName = set.Name + "-"
	if pod.Labels == nil {
		pod.Labels = map[string]string{}
	}
	pod.Labels[appsv1.ControllerRevisionHashLabelKey] = hash
	pod.Spec.Tolerations = append(pod.Spec.Tolerations, daemonTolerations...)
	onNode := []corev1.NodeSelectorTerm{{MatchFields: []corev1.NodeSelectorRequirement{{
		Key: metav1.ObjectNameField, Operator: corev1.NodeSelectorOpIn, Values: []string{node},
	}}}}
	if pod.Spec.Affinity == nil {
		pod.Spec.Affinity = &corev1.Affinity{}
	}
	if pod.Spec.Affinity.NodeAffinity == nil {
		pod.Spec.Affinity.NodeAffinity = &corev1.NodeAffinity{}
	}
	pod.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = &corev1.NodeSelector{NodeSelectorTerms: onNode}
	made, err := d.client.CoreV1().Pods(set.Namespace).Create(ctx, pod, metav1.CreateOptions{})
	if err == nil {
		d.expected.expect(key, made, false)
	}
	return err
}
