package cluster

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// outcome is how a run of a pod's containers ends.
type outcome string

const (
	goesOn    outcome = ""
	succeeds  outcome = "succeeds"
	crashes   outcome = "crashes"
	isEvicted outcome = "evicted"
)

// ending is how the present run of a pod's containers ends, and when.
func (k *kubelet) ending(pod *corev1.Pod, l *podState) (outcome, time.Time) {
	run := l.run(pod)
	early := l.started.Add(k.span(k.Lives, "lives", run))
	if early.Before(k.calm) && k.draw("evicted", run) < k.EvictRate {
		return isEvicted, early
	}
	toEnd := pod.Spec.RestartPolicy == corev1.RestartPolicyNever || pod.Spec.RestartPolicy == corev1.RestartPolicyOnFailure
	at := l.started.Add(k.span(k.Runs, "runs", run))
	if !toEnd {
		at = early
	}
	switch {
	case at.Before(k.calm) && k.draw("fails", run) < k.FailRate:
		return crashes, at
	case toEnd:
		return succeeds, at
	}
	return goesOn, time.Time{}
}

// running writes the status of a pod whose containers have just been started.
func running(pod *corev1.Pod, l *podState) {
	at := metav1.NewTime(now())
	s := &pod.Status
	s.Phase = corev1.PodRunning
	s.PodIP, s.PodIPs = l.ip, []corev1.PodIP{{IP: l.ip}}
	if s.StartTime == nil {
		s.StartTime = &at
	}
	for _, c := range []corev1.PodConditionType{corev1.PodReadyToStartContainers, corev1.PodInitialized} {
		setCondition(pod, corev1.PodCondition{Type: c, Status: corev1.ConditionTrue})
	}
	was := s.ContainerStatuses
	s.ContainerStatuses = nil
	for i, c := range pod.Spec.Containers {
		status := corev1.ContainerStatus{
			Name: c.Name, Image: c.Image, ImageID: "docker.io/" + c.Image,
			ContainerID:  fmt.Sprintf("containerd://%s-%s-%d", pod.UID, c.Name, l.starts),
			RestartCount: int32(l.starts - 1),
			State:        corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: at}},
		}
		started := true
		status.Started = &started
		if i < len(was) {
			status.LastTerminationState = was[i].LastTerminationState
		}
		s.ContainerStatuses = append(s.ContainerStatuses, status)
	}
}

// setReady writes a running pod's readiness.
func (k *kubelet) setReady(pod *corev1.Pod, ready bool) {
	status, reason := corev1.ConditionTrue, ""
	if !ready {
		status, reason = corev1.ConditionFalse, "ContainersNotReady"
	}
	for i := range pod.Status.ContainerStatuses {
		pod.Status.ContainerStatuses[i].Ready = ready
	}
	for _, c := range []corev1.PodConditionType{corev1.ContainersReady, corev1.PodReady} {
		setCondition(pod, corev1.PodCondition{Type: c, Status: status, Reason: reason})
	}
}

// end writes the status of a pod whose containers' run has ended.
func end(pod *corev1.Pod, how outcome) {
	s := &pod.Status
	if how == isEvicted {
		s.Phase, s.Reason, s.Message = corev1.PodFailed, "Evicted", "The node was low on resource: memory."
		setCondition(pod, corev1.PodCondition{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: corev1.PodReasonTerminationByKubelet})
	}
	terminated := &corev1.ContainerStateTerminated{Reason: "Completed", FinishedAt: metav1.NewTime(now())}
	if how != succeeds {
		terminated.ExitCode, terminated.Reason = 1, "Error"
	}
	switch {
	case how == isEvicted:
	case how == succeeds:
		s.Phase = corev1.PodSucceeded
	case pod.Spec.RestartPolicy == corev1.RestartPolicyNever:
		s.Phase = corev1.PodFailed
	}
	reason := "ContainersNotReady"
	if s.Phase == corev1.PodSucceeded {
		reason = "PodCompleted"
	}
	for i := range s.ContainerStatuses {
		c := &s.ContainerStatuses[i]
		ended := *terminated
		if c.State.Running != nil {
			ended.StartedAt = c.State.Running.StartedAt
		}
		ended.ContainerID = c.ContainerID
		c.Ready, c.Started = false, new(bool)
		if isOver(pod) {
			c.State = corev1.ContainerState{Terminated: &ended}
		} else {
			c.State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}
			c.LastTerminationState = corev1.ContainerState{Terminated: &ended}
		}
	}
	for _, c := range []corev1.PodConditionType{corev1.ContainersReady, corev1.PodReady} {
		setCondition(pod, corev1.PodCondition{Type: c, Status: corev1.ConditionFalse, Reason: reason})
	}
}
