package cluster

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// nodes are the objects of a kubelet's nodes, as they are before the run.
func (k *Kubelet) nodes() []*corev1.Node {
	var out []*corev1.Node
	for i := range k.Nodes {
		name := "node-" + strconv.Itoa(i+1)
		has := corev1.ResourceList{
			corev1.ResourceCPU: quantity(k.CPU), corev1.ResourceMemory: quantity(k.Memory),
			corev1.ResourcePods: *resource.NewQuantity(int64(k.Pods), resource.DecimalSI),
		}
		node := &corev1.Node{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Node"},
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
				corev1.LabelHostname: name, corev1.LabelOSStable: "linux", corev1.LabelArchStable: "amd64",
			}},
			Status: corev1.NodeStatus{
				Capacity: has, Allocatable: has.DeepCopy(),
				Addresses:  []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: nodeIP(i)}, {Type: corev1.NodeHostName, Address: name}},
				Conditions: []corev1.NodeCondition{readyNode(true, metav1.NewTime(epoch))},
				NodeInfo:   corev1.NodeSystemInfo{KubeletVersion: "v1.37.0", OperatingSystem: "linux", Architecture: "amd64", ContainerRuntimeVersion: "containerd://2.1.0"},
			},
		}
		if i >= k.Untainted {
			node.Spec.Taints = slices.Clone(k.Taints)
		}
		out = append(out, node)
	}
	return out
}

func nodeIP(i int) string { return fmt.Sprintf("172.18.%d.%d", i/250, i%250+2) }

func readyNode(ready bool, at metav1.Time) corev1.NodeCondition {
	c := corev1.NodeCondition{Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady", Message: "kubelet is posting ready status", LastHeartbeatTime: at, LastTransitionTime: at}
	if !ready {
		c.Status, c.Reason, c.Message = corev1.ConditionUnknown, "NodeStatusUnknown", "Kubelet stopped posting node status."
	}
	return c
}

// evictionAfter is how long pods stay on a lost node: what admission adds to each
// as tolerationSeconds of not-ready and unreachable.
const evictionAfter = 5 * time.Minute

// outage is when a node is lost, by the seed; of no length: never.
func (k *kubelet) outage(node string) (from, until time.Time) {
	if k.draw("lost", node) >= k.LostRate {
		return time.Time{}, time.Time{}
	}
	window := k.calm.Sub(epoch)
	from = epoch.Add(time.Duration(k.draw("lost at", node) * float64(window)))
	return from, from.Add(k.span(k.Lost, "lost for", node))
}

// lost tells whether a node is away now.
func (k *kubelet) lost(node string) bool {
	from, until := k.outage(node)
	return !now().Before(from) && now().Before(until)
}

// reconcileNode is the node lifecycle controller: it marks and taints a node that
// is lost, and takes that back.
func (k *kubelet) reconcileNode(ctx context.Context, key string) (time.Duration, error) {
	node, err := k.nodeLister.Get(key)
	if err != nil {
		return 0, nil
	}
	from, until := k.outage(key)
	if until.IsZero() {
		return 0, nil
	}
	if now().Before(from) {
		return from.Sub(now()), nil
	}
	lost := now().Before(until)
	if err := k.mark(ctx, node, lost); err != nil {
		return 0, err
	}
	for _, pod := range sortedPods(k.podLister, metav1.NamespaceAll, func(p *corev1.Pod) bool { return p.Spec.NodeName == key && isActive(p) }) {
		if lost && now().Sub(from) >= evictionAfter {
			if err := k.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, withPrecondition(pod)); err != nil {
				return 0, err
			}
		}
		k.podController.add(name(pod), now())
	}
	switch {
	case !lost:
		return 0, nil
	case now().Sub(from) < evictionAfter:
		return min(until.Sub(now()), from.Add(evictionAfter).Sub(now())), nil
	}
	return until.Sub(now()), nil
}

// mark writes the node's condition and taints, each when it has changed.
func (k *kubelet) mark(ctx context.Context, node *corev1.Node, lost bool) error {
	ready := slices.ContainsFunc(node.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
	if ready == !lost {
		return nil
	}
	next := node.DeepCopy()
	next.Status.Conditions = slices.DeleteFunc(next.Status.Conditions, func(c corev1.NodeCondition) bool { return c.Type == corev1.NodeReady })
	next.Status.Conditions = append(next.Status.Conditions, readyNode(!lost, metav1.NewTime(now())))
	next, err := k.client.CoreV1().Nodes().UpdateStatus(ctx, next, metav1.UpdateOptions{})
	if err != nil {
		return err
	}
	next.Spec.Taints = slices.DeleteFunc(next.Spec.Taints, func(t corev1.Taint) bool { return t.Key == corev1.TaintNodeUnreachable })
	if lost {
		for _, effect := range []corev1.TaintEffect{corev1.TaintEffectNoSchedule, corev1.TaintEffectNoExecute} {
			next.Spec.Taints = append(next.Spec.Taints, corev1.Taint{Key: corev1.TaintNodeUnreachable, Effect: effect})
		}
	}
	_, err = k.client.CoreV1().Nodes().Update(ctx, next, metav1.UpdateOptions{})
	return err
}
