package workload

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// What may become of the status of a Job: since spec.managedBy lets others than the Job
// controller write it, a real API server holds all of them to the order of things. Most
// rules are asked only when what they are about changes, so that other writes to a status
// that broke them before go through.

func validateJobStatus(job, old *batchv1.Job) field.ErrorList {
	c := jobStatusCheck{job: job, old: old, path: field.NewPath("status")}
	c.counts()
	c.uncounted()
	c.ends()
	c.times()
	c.indexes()
	c.neverBack()
	return c.errs
}

type jobStatusCheck struct {
	job, old *batchv1.Job
	path     *field.Path
	errs     field.ErrorList
}

func (c *jobStatusCheck) invalid(child string, value any, detail string) {
	c.errs = append(c.errs, field.Invalid(c.path.Child(child), value, detail))
}

// conditions is what is said of a combination of conditions.
func (c *jobStatusCheck) conditions(detail string) {
	c.invalid("conditions", field.OmitValueType{}, detail)
}

func jobIs(job *batchv1.Job, kind batchv1.JobConditionType) bool {
	return slices.ContainsFunc(job.Status.Conditions, func(c batchv1.JobCondition) bool {
		return c.Type == kind && c.Status == corev1.ConditionTrue
	})
}

func jobFinished(job *batchv1.Job) bool {
	return jobIs(job, batchv1.JobComplete) || jobIs(job, batchv1.JobFailed)
}

// turns tells whether the write changes if the Job is that.
func (c *jobStatusCheck) turns(kind batchv1.JobConditionType) bool {
	return jobIs(c.job, kind) != jobIs(c.old, kind)
}

func (c *jobStatusCheck) finishes() bool { return jobFinished(c.job) != jobFinished(c.old) }

func (c *jobStatusCheck) counts() {
	now, before := &c.job.Status, &c.old.Status
	for _, n := range (counts{
		{"active", now.Active}, {"succeeded", now.Succeeded}, {"failed", now.Failed},
		{"ready", ptr.Deref(now.Ready, 0)}, {"terminating", ptr.Deref(now.Terminating, 0)},
	}) {
		c.errs = append(c.errs, kinds.NonNegative(c.path.Child(n.name), int64(n.value))...)
	}
	if now.Failed < before.Failed {
		c.invalid("failed", now.Failed, "cannot decrease the failed counter")
	}
	scalable := isIndexedJob(c.job) && ptr.Equal(c.job.Spec.Completions, c.job.Spec.Parallelism)
	if now.Succeeded < before.Succeeded && !scalable {
		c.invalid("succeeded", now.Succeeded, "cannot decrease the succeeded counter")
	}
	readyChanged, activeChanged := !ptr.Equal(now.Ready, before.Ready), now.Active != before.Active
	if (readyChanged || activeChanged) && now.Ready != nil && *now.Ready > now.Active {
		c.invalid("ready", *now.Ready, "cannot set more ready pods than active")
	}
	if !jobFinished(c.job) {
		return
	}
	if (c.finishes() || activeChanged) && now.Active > 0 {
		c.invalid("active", now.Active, "active>0 is invalid for finished job")
	}
	if (c.finishes() || !ptr.Equal(now.Terminating, before.Terminating)) && ptr.Deref(now.Terminating, 0) > 0 {
		c.invalid("terminating", now.Terminating, "terminating>0 is invalid for finished job")
	}
}

func (c *jobStatusCheck) uncounted() {
	pods := c.job.Status.UncountedTerminatedPods
	if pods == nil {
		return
	}
	seen := map[types.UID]bool{}
	for _, list := range []struct {
		name string
		uids []types.UID
	}{{"succeeded", pods.Succeeded}, {"failed", pods.Failed}} {
		for i, uid := range list.uids {
			path := c.path.Child("uncountedTerminatedPods", list.name).Index(i)
			switch {
			case uid == "":
				c.errs = append(c.errs, field.Invalid(path, uid, "must not be empty"))
			case seen[uid]:
				c.errs = append(c.errs, field.Duplicate(path, uid))
			}
			seen[uid] = true
		}
	}
	changed := c.finishes() || !apiequality.Semantic.DeepEqual(pods, c.old.Status.UncountedTerminatedPods)
	if changed && jobFinished(c.job) && len(pods.Failed)+len(pods.Succeeded) > 0 {
		c.invalid("uncountedTerminatedPods", pods, "must be empty for finished job")
	}
}

// ends: a Job is told to be about to fail before it has failed, and to have met its
// criteria before it is complete; and not both.
func (c *jobStatusCheck) ends() {
	complete, failed := jobIs(c.job, batchv1.JobComplete), jobIs(c.job, batchv1.JobFailed)
	target, met := jobIs(c.job, batchv1.JobFailureTarget), jobIs(c.job, batchv1.JobSuccessCriteriaMet)
	completes := c.turns(batchv1.JobComplete)
	if complete && failed && (completes || c.turns(batchv1.JobFailed)) {
		c.conditions("cannot set Complete=True and Failed=true conditions")
	}
	if complete && target && (completes || c.turns(batchv1.JobFailureTarget)) {
		c.conditions("cannot set Complete=True and FailureTarget=true conditions")
	}
	if failed && !target && (c.turns(batchv1.JobFailed) || c.failedIndexesChange()) {
		c.conditions("cannot set Failed=True condition without the FailureTarget=true condition")
	}
	if complete && !met && (completes || c.turns(batchv1.JobSuccessCriteriaMet)) {
		c.conditions("cannot set Complete=True condition without the SuccessCriteriaMet=true condition")
	}
	if met && failed {
		c.conditions("cannot set SuccessCriteriaMet=True and Failed=true conditions")
	}
	if met && target {
		c.conditions("cannot set SuccessCriteriaMet=True and FailureTarget=true conditions")
	}
	if c.job.Spec.SuccessPolicy != nil && !met && complete {
		c.conditions("cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True")
	}
}

func (c *jobStatusCheck) times() {
	now, before := &c.job.Status, &c.old.Status
	started, completed := !ptr.Equal(now.StartTime, before.StartTime), !ptr.Equal(now.CompletionTime, before.CompletionTime)
	complete := jobIs(c.job, batchv1.JobComplete)
	if c.turns(batchv1.JobComplete) || completed {
		if now.CompletionTime != nil && !complete {
			c.invalid("completionTime", now.CompletionTime, "cannot set completionTime when there is no Complete=True condition")
		}
		if now.CompletionTime == nil && complete {
			c.errs = append(c.errs, field.Required(c.path.Child("completionTime"), "completionTime is required for Complete jobs"))
		}
	}
	if (started || completed) && now.StartTime != nil && now.CompletionTime != nil && now.CompletionTime.Before(now.StartTime) {
		c.invalid("completionTime", now.CompletionTime, "must be equal to or after `startTime`")
	}
	nothingToDo := ptr.Deref(c.job.Spec.Suspend, false) && c.job.Spec.Completions != nil && *c.job.Spec.Completions == 0
	if (c.finishes() || started) && now.StartTime == nil && jobFinished(c.job) && !nothingToDo {
		c.errs = append(c.errs, field.Required(c.path.Child("startTime"), "startTime is required for finished job"))
	}
	if completed && now.CompletionTime != nil && before.CompletionTime != nil {
		c.invalid("completionTime", now.CompletionTime, "field is immutable")
	}
	if started && before.StartTime != nil && !ptr.Deref(c.job.Spec.Suspend, false) && !c.resumes() {
		c.invalid("startTime", now.StartTime, "field is immutable for unsuspended job once set")
	}
}

// resumes: the write says that the Job is no longer suspended.
func (c *jobStatusCheck) resumes() bool {
	return jobIs(c.old, batchv1.JobSuspended) && slices.ContainsFunc(c.job.Status.Conditions, func(condition batchv1.JobCondition) bool {
		return condition.Type == batchv1.JobSuspended && condition.Status == corev1.ConditionFalse
	})
}

// neverBack: an end is for good.
func (c *jobStatusCheck) neverBack() {
	for _, kind := range []batchv1.JobConditionType{batchv1.JobFailed, batchv1.JobComplete, batchv1.JobFailureTarget} {
		if jobIs(c.old, kind) && !jobIs(c.job, kind) {
			c.conditions(fmt.Sprintf("cannot disable the terminal %s=True condition", kind))
		}
	}
	met, was := jobIs(c.job, batchv1.JobSuccessCriteriaMet), jobIs(c.old, batchv1.JobSuccessCriteriaMet)
	if was && !met {
		c.conditions("cannot disable the SuccessCriteriaMet=True condition")
	}
	if jobIs(c.old, batchv1.JobComplete) && !was && met {
		c.conditions("cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions")
	}
}

func isIndexedJob(job *batchv1.Job) bool {
	return ptr.Deref(job.Spec.CompletionMode, batchv1.NonIndexedCompletion) == batchv1.IndexedCompletion
}

func (c *jobStatusCheck) failedIndexesChange() bool {
	return !ptr.Equal(c.job.Status.FailedIndexes, c.old.Status.FailedIndexes)
}

func (c *jobStatusCheck) indexes() {
	now := &c.job.Status
	completedChange, completions := now.CompletedIndexes != c.old.Status.CompletedIndexes, c.job.Spec.Completions
	if completedChange {
		if completions != nil {
			if _, err := parseIndexes(now.CompletedIndexes, *completions); err != nil {
				c.invalid("completedIndexes", now.CompletedIndexes, "error parsing completedIndexes: "+err.Error())
			}
		}
		if now.CompletedIndexes != "" && !isIndexedJob(c.job) {
			c.invalid("completedIndexes", now.CompletedIndexes, "cannot set non-empty completedIndexes when non-indexed completion mode")
		}
	}
	if now.FailedIndexes == nil || !c.failedIndexesChange() && !completedChange {
		return
	}
	if c.failedIndexesChange() && c.job.Spec.BackoffLimitPerIndex == nil {
		c.invalid("failedIndexes", *now.FailedIndexes, "cannot set non-null failedIndexes when backoffLimitPerIndex is null")
	}
	if completions == nil {
		return
	}
	failed, err := parseIndexes(*now.FailedIndexes, *completions)
	if err != nil {
		if c.failedIndexesChange() && c.job.Spec.BackoffLimitPerIndex != nil {
			c.invalid("failedIndexes", *now.FailedIndexes, "error parsing failedIndexes: "+err.Error())
		}
		return
	}
	done, _ := parseIndexes(now.CompletedIndexes, *completions)
	for _, a := range failed {
		for _, b := range done {
			if a[0] <= b[1] && b[0] <= a[1] {
				c.invalid("failedIndexes", *now.FailedIndexes, fmt.Sprintf("failedIndexes and completedIndexes overlap at index: %d", max(a[0], b[0])))
				return
			}
		}
	}
}

// parseIndexes reads intervals such as 0,2-4, in increasing order and below completions.
func parseIndexes(text string, completions int32) ([][2]int32, error) {
	if text == "" {
		return nil, nil
	}
	var all [][2]int32
	for _, part := range strings.Split(text, ",") {
		interval, err := parseInterval(part, completions)
		if err != nil {
			return nil, err
		}
		if n := len(all); n > 0 && all[n-1][1] >= interval[0] {
			return nil, fmt.Errorf("non-increasing order, previous: %d, current: %d", all[n-1][1], interval[0])
		}
		all = append(all, interval)
	}
	return all, nil
}

func parseInterval(text string, completions int32) (interval [2]int32, err error) {
	limits := strings.Split(text, "-")
	if len(limits) > 2 {
		return interval, fmt.Errorf("the fragment %q violates the requirement that an index interval can have at most two parts separated by '-'", text)
	}
	for i, limit := range limits {
		n, err := strconv.Atoi(limit)
		if err != nil {
			return interval, fmt.Errorf("cannot convert string to integer for index: %q", limit)
		}
		if int32(n) >= completions {
			return interval, fmt.Errorf("too large index: %q", limit)
		}
		interval[i] = int32(n)
	}
	if len(limits) == 1 {
		interval[1] = interval[0]
	} else if interval[0] >= interval[1] {
		return interval, fmt.Errorf("non-increasing order, previous: %d, current: %d", interval[0], interval[1])
	}
	return interval, nil
}
