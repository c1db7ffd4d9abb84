package cluster

import (
	"context"
	"fmt"
	"strconv"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	batchlisters "k8s.io/client-go/listers/batch/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/utils/ptr"
)

// jobController runs Jobs to their end. It counts the pods that are there, without
// the finalizers by which the real one counts those that go; and it knows no
// podFailurePolicy, no backoffLimitPerIndex and no successPolicy.
type jobController struct {
	*manager
	jobs     batchlisters.JobLister
	pods     corelisters.PodLister
	expected expectations
}

func jobs(pace Controller) part {
	return func(m *manager, _ context.Context) {
		js, pods := m.factory.Batch().V1().Jobs(), m.factory.Core().V1().Pods()
		j := &jobController{m, js.Lister(), pods.Lister(), expectPods(pods.Lister())}
		c := m.add("job", pace, j.reconcile)
		c.watch(js.Informer(), keyOf)
		c.watch(pods.Informer(), ownerOf("Job"))
	}
}

// tally is what became of a Job's pods.
type tally struct {
	active            []*corev1.Pod
	ready             int32
	succeeded, failed int32
	restarts          int32        // of containers in pods that go on
	done, running     map[int]bool // completion indexes
}

func (j *jobController) reconcile(ctx context.Context, key string) (time.Duration, error) {
	namespace, name := split(key)
	job, err := j.jobs.Jobs(namespace).Get(name)
	if err != nil || job.DeletionTimestamp != nil {
		delete(j.expected.of, key)
		return 0, nil
	}
	if ended := jobEnded(job); !ended.IsZero() {
		return j.expire(ctx, job, ended)
	}
	if ptr.Deref(job.Spec.ManagedBy, batchv1.JobControllerName) != batchv1.JobControllerName {
		return 0, nil
	}
	if !j.expected.met(key) {
		return lapse, nil
	}
	t := j.tally(job)
	status, again := j.judge(job, t)
	next := job.DeepCopy()
	next.Status = status
	ended := jobEnded(next) != (metav1.Time{})
	want := 0
	if !ended && !ptr.Deref(job.Spec.Suspend, false) {
		want = wantActive(job, t)
	}
	if err := j.keepActive(ctx, key, job, t, want); err != nil {
		return 0, err
	}
	if ended {
		next.Status.Active, next.Status.Ready = 0, ptr.To[int32](0)
		next.Status.Terminating = ptr.To[int32](0)
	}
	if equality.Semantic.DeepEqual(next.Status, job.Status) {
		return again, nil
	}
	_, err = j.client.BatchV1().Jobs(namespace).UpdateStatus(ctx, next, metav1.UpdateOptions{})
	return again, err
}

func isIndexed(job *batchv1.Job) bool {
	return ptr.Deref(job.Spec.CompletionMode, batchv1.NonIndexedCompletion) == batchv1.IndexedCompletion
}

func (j *jobController) tally(job *batchv1.Job) tally {
	t := tally{done: map[int]bool{}, running: map[int]bool{}}
	for _, pod := range sortedPods(j.pods, job.Namespace, controlledBy[*corev1.Pod](job.UID)) {
		index, err := strconv.Atoi(pod.Annotations[batchv1.JobCompletionIndexAnnotation])
		indexed := err == nil
		switch {
		case pod.Status.Phase == corev1.PodSucceeded:
			if !indexed || !t.done[index] {
				t.succeeded++
			}
			t.done[index] = t.done[index] || indexed
		case pod.Status.Phase == corev1.PodFailed:
			t.failed++
		case pod.DeletionTimestamp == nil:
			t.active = append(t.active, pod)
			t.running[index] = t.running[index] || indexed
			if isReady(pod) {
				t.ready++
			}
			for _, c := range pod.Status.ContainerStatuses {
				t.restarts += c.RestartCount
			}
		}
	}
	t.succeeded, t.failed = max(t.succeeded, job.Status.Succeeded), max(t.failed, job.Status.Failed)
	return t
}

// judge is the status that a Job has by its pods, and when to look again.
func (j *jobController) judge(job *batchv1.Job, t tally) (batchv1.JobStatus, time.Duration) {
	status := *job.Status.DeepCopy()
	status.Active, status.Ready, status.Terminating = int32(len(t.active)), &t.ready, ptr.To[int32](0)
	status.Succeeded, status.Failed = t.succeeded, t.failed
	if status.UncountedTerminatedPods == nil {
		status.UncountedTerminatedPods = &batchv1.UncountedTerminatedPods{}
	}
	at := metav1.NewTime(now())
	if status.StartTime == nil && !ptr.Deref(job.Spec.Suspend, false) {
		status.StartTime = &at
	}
	if isIndexed(job) {
		status.CompletedIndexes = ranges(t.done)
	}
	var again time.Duration
	if seconds := job.Spec.ActiveDeadlineSeconds; seconds != nil && status.StartTime != nil {
		again = status.StartTime.Add(time.Duration(*seconds) * time.Second).Sub(now())
		if again <= 0 {
			failJob(&status, batchv1.JobReasonDeadlineExceeded, "Job was active longer than specified deadline")
			return status, 0
		}
	}
	switch {
	case t.failed+t.restarts > ptr.Deref(job.Spec.BackoffLimit, 6):
		failJob(&status, batchv1.JobReasonBackoffLimitExceeded, "Job has reached the specified backoff limit")
	case job.Spec.Completions != nil && t.succeeded >= *job.Spec.Completions,
		job.Spec.Completions == nil && t.succeeded > 0 && len(t.active) == 0:
		status.CompletionTime = &at
		addJobCondition(&status, batchv1.JobSuccessCriteriaMet, batchv1.JobReasonCompletionsReached, "Reached expected number of succeeded pods")
		addJobCondition(&status, batchv1.JobComplete, batchv1.JobReasonCompletionsReached, "Reached expected number of succeeded pods")
	}
	return status, max(again, 0)
}

func failJob(status *batchv1.JobStatus, reason, message string) {
	addJobCondition(status, batchv1.JobFailureTarget, reason, message)
	addJobCondition(status, batchv1.JobFailed, reason, message)
}

func addJobCondition(status *batchv1.JobStatus, of batchv1.JobConditionType, reason, message string) {
	at := metav1.NewTime(now())
	status.Conditions = append(status.Conditions, batchv1.JobCondition{
		Type: of, Status: corev1.ConditionTrue, Reason: reason, Message: message, LastProbeTime: at, LastTransitionTime: at,
	})
}

// jobEnded is when a Job came to its end; zero: it has not.
func jobEnded(job *batchv1.Job) metav1.Time {
	for _, c := range job.Status.Conditions {
		if (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue {
			return c.LastTransitionTime
		}
	}
	return metav1.Time{}
}

// expire deletes a finished Job when its time to live is over, as the TTL
// controller does.
func (j *jobController) expire(ctx context.Context, job *batchv1.Job, ended metav1.Time) (time.Duration, error) {
	if job.Spec.TTLSecondsAfterFinished == nil {
		return 0, nil
	}
	if wait := ended.Add(time.Duration(*job.Spec.TTLSecondsAfterFinished) * time.Second).Sub(now()); wait > 0 {
		return wait, nil
	}
	options := withPrecondition(job)
	options.PropagationPolicy = ptr.To(metav1.DeletePropagationForeground)
	err := j.client.BatchV1().Jobs(job.Namespace).Delete(ctx, job.Name, options)
	if apierrors.IsNotFound(err) {
		err = nil
	}
	return 0, err
}

// wantActive is how many pods are to run now.
func wantActive(job *batchv1.Job, t tally) int {
	parallel := int(ptr.Deref(job.Spec.Parallelism, 1))
	if job.Spec.Completions == nil {
		if t.succeeded > 0 {
			return min(len(t.active), parallel)
		}
		return parallel
	}
	return max(min(parallel, int(*job.Spec.Completions-t.succeeded)), 0)
}

func (j *jobController) keepActive(ctx context.Context, key string, job *batchv1.Job, t tally, want int) error {
	for _, pod := range excess(t.active, len(t.active)-want) {
		if err := j.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, withPrecondition(pod)); err != nil && !apierrors.IsNotFound(err) {
			return err
		}
		j.expected.expect(key, pod, true)
	}
	index := 0
	for range want - len(t.active) {
		pod := podFrom(&job.Spec.Template, job, batchv1.SchemeGroupVersion.WithKind("Job"))
		pod.GenerateName = job.Name + "-"
		if isIndexed(job) {
			for t.done[index] || t.running[index] {
				index++
			}
			pod.GenerateName = fmt.Sprintf("%s-%d-", job.Name, index)
			metav1.SetMetaDataAnnotation(&pod.ObjectMeta, batchv1.JobCompletionIndexAnnotation, strconv.Itoa(index))
			pod.Spec.Hostname = fmt.Sprintf("%s-%d", job.Name, index)
			index++
		}
		made, err := j.client.CoreV1().Pods(job.Namespace).Create(ctx, pod, metav1.CreateOptions{})
		if err != nil {
			return err
		}
		j.expected.expect(key, made, false)
	}
	return nil
}

// ranges writes a set of numbers as a Job does: 0,2-4.
func ranges(set map[int]bool) string {
	text := ""
	var list []int
	for _, n := range sortedKeys(set) {
		if set[n] {
			list = append(list, n)
		}
	}
	for i := 0; i < len(list); {
		last := i
		for last+1 < len(list) && list[last+1] == list[last]+1 {
			last++
		}
		if text != "" {
			text += ","
		}
		switch last - i {
		case 0:
			text += strconv.Itoa(list[i])
		case 1:
			text += fmt.Sprintf("%d,%d", list[i], list[last])
		default:
			text += fmt.Sprintf("%d-%d", list[i], list[last])
		}
		i = last + 1
	}
	return text
}
