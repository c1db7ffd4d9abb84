package workload

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

var (
	podDoc     = corev1.PodSpec{}.SwaggerDoc()
	podStatus  = corev1.PodStatus{}.SwaggerDoc()
	podColumns = []metav1.TableColumnDefinition{
		kinds.NameColumn,
		{Name: "Ready", Type: "string", Description: "The aggregate readiness state of this pod for accepting traffic."},
		{Name: "Status", Type: "string", Description: "The aggregate status of the containers in this pod."},
		{Name: "Restarts", Type: "string", Description: "The number of times the containers in this pod have been restarted and when the last container in this pod has restarted."},
		kinds.AgeColumn,
		{Name: "IP", Type: "string", Priority: 1, Description: podStatus["podIP"]},
		{Name: "Node", Type: "string", Priority: 1, Description: podDoc["nodeName"]},
		{Name: "Nominated Node", Type: "string", Priority: 1, Description: podStatus["nominatedNodeName"]},
		{Name: "Readiness Gates", Type: "string", Priority: 1, Description: podDoc["readinessGates"]},
	}
)

// podCells tells the state of a Pod's main containers; init containers, which
// nobody runs here, are not looked into.
func podCells(pod *corev1.Pod, now time.Time) []any {
	ready, restarts := 0, 0
	var last metav1.Time
	reason := string(pod.Status.Phase)
	if pod.Status.Reason != "" {
		reason = pod.Status.Reason
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Reason == corev1.PodReasonSchedulingGated {
			reason = corev1.PodReasonSchedulingGated
		}
	}
	for _, status := range pod.Status.ContainerStatuses {
		restarts += int(status.RestartCount)
		if ended := status.LastTerminationState.Terminated; ended != nil && last.Before(&ended.FinishedAt) {
			last = ended.FinishedAt
		}
		switch {
		case status.State.Waiting != nil && status.State.Waiting.Reason != "":
			reason = status.State.Waiting.Reason
		case status.State.Terminated != nil:
			reason = terminationReason(status.State.Terminated)
		case status.Ready && status.State.Running != nil:
			ready++
		}
	}
	ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
	if pod.DeletionTimestamp != nil && !ended {
		reason = "Terminating"
	}
	count := strconv.Itoa(restarts)
	if restarts != 0 && !last.IsZero() {
		count = fmt.Sprintf("%d (%s ago)", restarts, kinds.Age(last, now))
	}
	ip := strings.Join(podIPs(pod)[:min(len(pod.Status.PodIPs), 1)], "")
	return []any{
		pod.Name, fmt.Sprintf("%d/%d", ready, len(pod.Spec.Containers)), reason, count, kinds.Age(pod.CreationTimestamp, now),
		kinds.OrNone(ip), kinds.OrNone(pod.Spec.NodeName), kinds.OrNone(pod.Status.NominatedNodeName), readinessGates(pod),
	}
}

func terminationReason(ended *corev1.ContainerStateTerminated) string {
	switch {
	case ended.Reason != "":
		return ended.Reason
	case ended.Signal != 0:
		return fmt.Sprintf("Signal:%d", ended.Signal)
	}
	return fmt.Sprintf("ExitCode:%d", ended.ExitCode)
}

func readinessGates(pod *corev1.Pod) string {
	if len(pod.Spec.ReadinessGates) == 0 {
		return "<none>"
	}
	passed := 0
	for _, gate := range pod.Spec.ReadinessGates {
		for _, condition := range pod.Status.Conditions {
			if condition.Type == gate.ConditionType && condition.Status == corev1.ConditionTrue {
				passed++
			}
		}
	}
	return fmt.Sprintf("%d/%d", passed, len(pod.Spec.ReadinessGates))
}
