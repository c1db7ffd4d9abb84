package workload

import (
	"fmt"
	"maps"
	"math"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/util/duration"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

func newJobKind() *kinds.Kind {
	return kinds.Builtin[*batchv1.Job, *batchv1.JobList](batchv1.SchemeGroupVersion, kinds.Spec{
		Resource:   "jobs",
		Categories: []string{"all"},
		Namespaced: true,
		Strategy: warnOfTemplate(&kinds.Rules[*batchv1.Job]{
			Defaults:      defaultJob,
			PrepareCreate: prepareJob,
			PrepareUpdate: func(job, old *batchv1.Job) {
				job.Status = old.Status
				kinds.NextGeneration(&job.ObjectMeta, &old.ObjectMeta, job.Spec, old.Spec)
			},
			Check:       validateJob,
			CheckUpdate: validateJobUpdate,
		}, func(o *batchv1.Job) *corev1.PodTemplateSpec { return &o.Spec.Template }, templatePath),
		Status: &kinds.Rules[*batchv1.Job]{
			PrepareUpdate: func(job, old *batchv1.Job) { job.Spec = old.Spec },
			CheckUpdate:   validateJobStatus,
		},
		Table: jobTable(),
		Selectable: kinds.Selectable(func(job *batchv1.Job) fields.Set {
			return fields.Set{"status.successful": fmt.Sprint(job.Status.Succeeded)}
		}),
	})
}

func defaultJob(job *batchv1.Job) {
	spec := &job.Spec
	if spec.Completions == nil && spec.Parallelism == nil {
		spec.Completions = ptr.To[int32](1)
	}
	spec.Parallelism = kinds.OrPointer(spec.Parallelism, 1)
	if spec.BackoffLimitPerIndex != nil {
		spec.BackoffLimit = kinds.OrPointer(spec.BackoffLimit, math.MaxInt32)
	}
	spec.BackoffLimit = kinds.OrPointer(spec.BackoffLimit, 6)
	if len(job.Labels) == 0 {
		job.Labels = spec.Template.Labels // the same map, see prepareJob
	}
	spec.CompletionMode = kinds.OrPointer(spec.CompletionMode, batchv1.NonIndexedCompletion)
	spec.Suspend = kinds.OrPointer(spec.Suspend, false)
	replace := batchv1.TerminatingOrFailed
	if spec.PodFailurePolicy != nil {
		replace = batchv1.Failed
	}
	spec.PodReplacementPolicy = kinds.OrPointer(spec.PodReplacementPolicy, replace)
	spec.ManualSelector = kinds.OrPointer(spec.ManualSelector, false)
	defaultPodSpec(&spec.Template.Spec)
}

// prepareJob gives the Job a selector by its UID, and its Pods the labels that
// it selects, unless the user manages the selector. A Job that has no labels of its own
// shares those of its template, these among them: in a real server the two are one map.
func prepareJob(job *batchv1.Job) {
	job.Status, job.Generation = batchv1.JobStatus{}, 1
	if ptr.Deref(job.Spec.ManualSelector, false) {
		return
	}
	labels := job.Spec.Template.Labels
	if labels == nil {
		labels = map[string]string{}
	}
	for key, value := range map[string]string{
		"job-name": job.Name, batchv1.JobNameLabel: job.Name,
		"controller-uid": string(job.UID), batchv1.ControllerUidLabel: string(job.UID),
	} {
		if _, found := labels[key]; !found {
			labels[key] = value
		}
	}
	job.Spec.Template.Labels = labels
	if len(job.Labels) == 0 {
		job.Labels = maps.Clone(labels)
	}
	if job.Spec.Selector == nil {
		job.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{batchv1.ControllerUidLabel: string(job.UID)}}
	}
}

func validateJob(job *batchv1.Job) field.ErrorList {
	path := field.NewPath("spec")
	errs := validateJobSpec(&job.Spec, job.Spec.Selector, path)
	if job.Spec.Selector == nil {
		errs = append(field.ErrorList{field.Required(path.Child("selector"), "")}, errs...)
	}
	return append(errs, validatePodNames(job)...)
}

// validatePodNames: the last pod of an indexed Job has its name, too, and as a host name.
func validatePodNames(job *batchv1.Job) field.ErrorList {
	completions := ptr.Deref(job.Spec.Completions, 0)
	if ptr.Deref(job.Spec.CompletionMode, "") != batchv1.IndexedCompletion || completions <= 0 {
		return nil
	}
	last := fmt.Sprintf("%s-%d", job.Name, completions-1)
	if len(validation.IsDNS1123Label(last)) == 0 {
		return nil
	}
	return field.ErrorList{field.Invalid(field.NewPath("metadata", "name"), job.Name, "will not able to create pod with invalid DNS label: "+last)}
}

// validateJobSpec checks a Job, or what a CronJob makes one of, which has no selector yet.
func validateJobSpec(job *batchv1.JobSpec, selector *metav1.LabelSelector, spec *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, n := range (counts{
		{"parallelism", ptr.Deref(job.Parallelism, 0)},
		{"completions", ptr.Deref(job.Completions, 0)},
		{"backoffLimit", ptr.Deref(job.BackoffLimit, 0)},
		{"ttlSecondsAfterFinished", ptr.Deref(job.TTLSecondsAfterFinished, 0)},
	}) {
		errs = append(errs, kinds.NonNegative(spec.Child(n.name), int64(n.value))...)
	}
	errs = append(errs, kinds.NonNegative(spec.Child("activeDeadlineSeconds"), ptr.Deref(job.ActiveDeadlineSeconds, 0))...)
	errs = append(errs, kinds.NonNegative(spec.Child("backoffLimitPerIndex"), int64(ptr.Deref(job.BackoffLimitPerIndex, 0)))...)
	errs = append(errs, validateCompletionMode(job, spec)...)
	template := spec.Child("template")
	errs = append(errs, validateTemplate(&job.Template, selector, "", template)...)
	if policy := job.Template.Spec.RestartPolicy; policy == corev1.RestartPolicyAlways {
		errs = append(errs, field.Required(template.Child("spec", "restartPolicy"), `valid values: "OnFailure", "Never"`))
	}
	return errs
}

// What an indexed Job may come to.
const (
	mostIndexesAtOnce = 100000
	mostFailedIndexes = 100000
)

// validateCompletionMode checks what only Jobs with indexes have, and have to have.
func validateCompletionMode(job *batchv1.JobSpec, spec *field.Path) field.ErrorList {
	var errs field.ErrorList
	switch mode := ptr.Deref(job.CompletionMode, batchv1.NonIndexedCompletion); mode {
	case batchv1.IndexedCompletion:
		if job.Completions == nil {
			errs = append(errs, field.Required(spec.Child("completions"), "when completion mode is Indexed"))
		}
		if p := ptr.Deref(job.Parallelism, 0); p > mostIndexesAtOnce {
			errs = append(errs, field.Invalid(spec.Child("parallelism"), p, fmt.Sprintf("must be less than or equal to %d when completion mode is Indexed", mostIndexesAtOnce)))
		}
		if most := job.MaxFailedIndexes; most != nil && job.Completions != nil && *most > *job.Completions {
			errs = append(errs, field.Invalid(spec.Child("maxFailedIndexes"), *most, "must be less than or equal to completions"))
		}
		if most := ptr.Deref(job.MaxFailedIndexes, 0); most > mostFailedIndexes {
			errs = append(errs, field.Invalid(spec.Child("maxFailedIndexes"), most, fmt.Sprintf("must be less than or equal to %d", mostFailedIndexes)))
		}
	case batchv1.NonIndexedCompletion:
		if n := job.BackoffLimitPerIndex; n != nil {
			errs = append(errs, field.Invalid(spec.Child("backoffLimitPerIndex"), *n, "requires indexed completion mode"))
		}
		if n := job.MaxFailedIndexes; n != nil {
			errs = append(errs, field.Invalid(spec.Child("maxFailedIndexes"), *n, "requires indexed completion mode"))
		}
	default:
		errs = append(errs, field.NotSupported(spec.Child("completionMode"), mode, []batchv1.CompletionMode{batchv1.NonIndexedCompletion, batchv1.IndexedCompletion}))
	}
	return errs
}

// waits: the Job is suspended and has no pods, because it never ran or was stopped.
func waits(job *batchv1.Job) bool {
	return ptr.Deref(job.Spec.Suspend, false) && job.Status.Active == 0 && (job.Status.StartTime == nil || jobIs(job, batchv1.JobSuspended))
}

// validateWaitingPods: a Job that waits may still be told where to run, and with what.
func validateWaitingPods(pod, old *corev1.PodSpec, path *field.Path) field.ErrorList {
	as := old.DeepCopy()
	as.NodeSelector, as.Tolerations, as.SchedulingGates = pod.NodeSelector, pod.Tolerations, pod.SchedulingGates
	if pod.Affinity != nil {
		as.Affinity = kinds.OrPointer(as.Affinity, corev1.Affinity{})
		as.Affinity.NodeAffinity = pod.Affinity.NodeAffinity
	} else if as.Affinity != nil {
		as.Affinity.NodeAffinity = nil
		if *as.Affinity == (corev1.Affinity{}) {
			as.Affinity = nil
		}
	}
	sameResources(pod.Containers, as.Containers)
	sameResources(pod.InitContainers, as.InitContainers)
	return apivalidation.ValidateImmutableField(pod, as, path)
}

// sameResources gives containers the resources of those of the same name and place.
func sameResources(from, to []corev1.Container) {
	for i := range to {
		if len(from) == len(to) && from[i].Name == to[i].Name {
			to[i].Resources = from[i].Resources
		}
	}
}

func validateJobUpdate(job, old *batchv1.Job) field.ErrorList {
	errs := validateJob(job)
	spec := field.NewPath("spec")
	switch is, was := job.Spec.Completions, old.Spec.Completions; {
	case !isIndexedJob(job):
		errs = append(errs, apivalidation.ValidateImmutableField(is, was, spec.Child("completions"))...)
	case is != nil && !ptr.Equal(is, was) && !ptr.Equal(is, job.Spec.Parallelism):
		errs = append(errs, field.Invalid(spec.Child("completions"), is, "can only be modified in tandem with spec.parallelism"))
	}
	errs = append(errs, apivalidation.ValidateImmutableField(job.Spec.Selector, old.Spec.Selector, spec.Child("selector"))...)
	if waits(old) {
		errs = append(errs, validateWaitingPods(&job.Spec.Template.Spec, &old.Spec.Template.Spec, spec.Child("template", "spec"))...)
	} else {
		errs = append(errs, apivalidation.ValidateImmutableField(job.Spec.Template, old.Spec.Template, spec.Child("template"))...)
	}
	for _, f := range []struct {
		name    string
		is, was any
	}{
		{"completionMode", job.Spec.CompletionMode, old.Spec.CompletionMode},
		{"podFailurePolicy", job.Spec.PodFailurePolicy, old.Spec.PodFailurePolicy},
		{"backoffLimitPerIndex", job.Spec.BackoffLimitPerIndex, old.Spec.BackoffLimitPerIndex},
		{"managedBy", job.Spec.ManagedBy, old.Spec.ManagedBy},
		{"successPolicy", job.Spec.SuccessPolicy, old.Spec.SuccessPolicy},
	} {
		errs = append(errs, apivalidation.ValidateImmutableField(f.is, f.was, spec.Child(f.name))...)
	}
	return errs
}

func jobTable() kinds.Table {
	columns := []metav1.TableColumnDefinition{
		kinds.NameColumn,
		{Name: "Status", Type: "string", Description: "Status of the job."},
		{Name: "Completions", Type: "string", Description: batchv1.JobStatus{}.SwaggerDoc()["succeeded"]},
		{Name: "Duration", Type: "string", Description: "Time required to complete the job."},
		kinds.AgeColumn,
	}
	columns = append(columns, containerColumns()...)
	columns = append(columns, metav1.TableColumnDefinition{Name: "Selector", Type: "string", Priority: 1, Description: batchv1.JobSpec{}.SwaggerDoc()["selector"]})
	return kinds.TableOf(columns, func(job *batchv1.Job, now time.Time) []any {
		names, images := containerCells(job.Spec.Template.Spec.Containers)
		return []any{
			job.Name, jobState(job), jobCompletions(job), jobDuration(job, now), kinds.Age(job.CreationTimestamp, now),
			names, images, metav1.FormatLabelSelector(job.Spec.Selector),
		}
	})
}

func jobState(job *batchv1.Job) string {
	has := func(kind batchv1.JobConditionType) bool { return jobIs(job, kind) }
	switch {
	case has(batchv1.JobComplete):
		return "Complete"
	case has(batchv1.JobFailed):
		return "Failed"
	case job.DeletionTimestamp != nil:
		return "Terminating"
	}
	for _, kind := range []batchv1.JobConditionType{batchv1.JobSuspended, batchv1.JobFailureTarget, batchv1.JobSuccessCriteriaMet} {
		if has(kind) {
			return string(kind)
		}
	}
	return "Running"
}

func jobCompletions(job *batchv1.Job) string {
	if job.Spec.Completions != nil {
		return fmt.Sprintf("%d/%d", job.Status.Succeeded, *job.Spec.Completions)
	}
	if parallelism := ptr.Deref(job.Spec.Parallelism, 0); parallelism > 1 {
		return fmt.Sprintf("%d/1 of %d", job.Status.Succeeded, parallelism)
	}
	return fmt.Sprintf("%d/1", job.Status.Succeeded)
}

func jobDuration(job *batchv1.Job, now time.Time) string {
	switch {
	case job.Status.StartTime == nil:
		return ""
	case job.Status.CompletionTime == nil:
		return duration.HumanDuration(now.Sub(job.Status.StartTime.Time))
	}
	return duration.HumanDuration(job.Status.CompletionTime.Sub(job.Status.StartTime.Time))
}
