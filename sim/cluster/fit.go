package cluster

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
)

// misfit is why a node has no place for a pod, in the scheduler's words; empty: it
// has. The pods given are those on the node already.
func misfit(pod *corev1.Pod, node *corev1.Node, on []*corev1.Pod) string {
	if why := refuses(node, pod); why != "" {
		return why
	}
	return lacks(pod, node, on)
}

// refuses is why a node does not take a pod however much room it has.
func refuses(node *corev1.Node, pod *corev1.Pod) string {
	switch {
	case node.Spec.Unschedulable && !tolerates(pod, &corev1.Taint{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule}):
		return "node(s) were unschedulable"
	case !selects(pod, node):
		return "node(s) didn't match Pod's node affinity/selector"
	}
	for i := range node.Spec.Taints {
		if taint := &node.Spec.Taints[i]; taint.Effect != corev1.TaintEffectPreferNoSchedule && !tolerates(pod, taint) {
			return fmt.Sprintf("node(s) had untolerated taint(s) {%s: %s}", taint.Key, taint.Value)
		}
	}
	return ""
}

func tolerates(pod *corev1.Pod, taint *corev1.Taint) bool {
	return slices.ContainsFunc(pod.Spec.Tolerations, func(t corev1.Toleration) bool {
		return (t.Effect == "" || t.Effect == taint.Effect) && (t.Key == "" || t.Key == taint.Key) &&
			(t.Operator == corev1.TolerationOpExists || t.Value == taint.Value)
	})
}

// lacks names the first resource of which the node has too little left.
func lacks(pod *corev1.Pod, node *corev1.Node, on []*corev1.Pod) string {
	if room := node.Status.Allocatable.Pods(); room != nil && int64(len(on)+1) > room.Value() {
		return "Too many pods"
	}
	used := corev1.ResourceList{}
	for _, other := range on {
		add(used, requests(other))
	}
	wanted := requests(pod)
	for _, name := range sortedNames(wanted) {
		want := wanted[name]
		if want.IsZero() {
			continue
		}
		total := used[name].DeepCopy()
		total.Add(want)
		if has := node.Status.Allocatable[name]; total.Cmp(has) > 0 {
			return "Insufficient " + string(name)
		}
	}
	return ""
}

func sortedNames(list corev1.ResourceList) []corev1.ResourceName {
	names := make([]corev1.ResourceName, 0, len(list))
	for n := range list {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

func add(into, list corev1.ResourceList) {
	for n, q := range list {
		sum := into[n].DeepCopy()
		sum.Add(q)
		into[n] = sum
	}
}

// requests are a pod's: the sum over its containers, or the largest of an
// init container where that is more, and the overhead.
func requests(pod *corev1.Pod) corev1.ResourceList {
	sum := corev1.ResourceList{}
	for i := range pod.Spec.Containers {
		add(sum, pod.Spec.Containers[i].Resources.Requests)
	}
	for i := range pod.Spec.InitContainers {
		for n, q := range pod.Spec.InitContainers[i].Resources.Requests {
			if has := sum[n]; q.Cmp(has) > 0 {
				sum[n] = q.DeepCopy()
			}
		}
	}
	add(sum, pod.Spec.Overhead)
	return sum
}

// selects tells whether the pod's node selector and required affinity meet the node.
func selects(pod *corev1.Pod, node *corev1.Node) bool {
	if !labels.SelectorFromSet(pod.Spec.NodeSelector).Matches(labels.Set(node.Labels)) {
		return false
	}
	affinity := pod.Spec.Affinity
	if affinity == nil || affinity.NodeAffinity == nil || affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return true
	}
	terms := affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	return slices.ContainsFunc(terms, func(t corev1.NodeSelectorTerm) bool {
		return len(t.MatchExpressions)+len(t.MatchFields) > 0 && all(t.MatchExpressions, node.Labels) &&
			all(t.MatchFields, map[string]string{metav1.ObjectNameField: node.Name})
	})
}

var operators = map[corev1.NodeSelectorOperator]selection.Operator{
	corev1.NodeSelectorOpIn: selection.In, corev1.NodeSelectorOpNotIn: selection.NotIn,
	corev1.NodeSelectorOpExists: selection.Exists, corev1.NodeSelectorOpDoesNotExist: selection.DoesNotExist,
	corev1.NodeSelectorOpGt: selection.GreaterThan, corev1.NodeSelectorOpLt: selection.LessThan,
}

func all(wanted []corev1.NodeSelectorRequirement, has map[string]string) bool {
	for _, w := range wanted {
		r, err := labels.NewRequirement(w.Key, operators[w.Operator], w.Values)
		if err != nil || !r.Matches(labels.Set(has)) {
			return false
		}
	}
	return true
}

// unschedulable is the scheduler's sentence about reasons, one for each node.
func unschedulable(reasons []string) string {
	counts := map[string]int{}
	for _, r := range reasons {
		counts[r]++
	}
	var parts []string
	for r, n := range counts {
		parts = append(parts, strconv.Itoa(n)+" "+r)
	}
	slices.Sort(parts)
	text := fmt.Sprintf("0/%d nodes are available", len(reasons))
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	return text + "."
}

func quantity(text string) resource.Quantity { return resource.MustParse(text) } // validated
