package workload

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

func newCronJobKind() *kinds.Kind {
	return kinds.Builtin[*batchv1.CronJob, *batchv1.CronJobList](batchv1.SchemeGroupVersion, kinds.Spec{
		Resource: "cronjobs", ShortNames: []string{"cj"}, Categories: []string{"all"}, Namespaced: true,
		Strategy: warnOfTemplate(&kinds.Rules[*batchv1.CronJob]{
			Defaults:      defaultCronJob,
			PrepareCreate: func(c *batchv1.CronJob) { c.Status, c.Generation = batchv1.CronJobStatus{}, 1 },
			PrepareUpdate: func(c, old *batchv1.CronJob) {
				c.Status = old.Status
				kinds.NextGeneration(&c.ObjectMeta, &old.ObjectMeta, c.Spec, old.Spec)
			},
			Check: func(c *batchv1.CronJob) field.ErrorList {
				errs := validateCronJob(c, nil)
				if len(c.Name) > longestCronJobName {
					errs = append(errs, field.Invalid(field.NewPath("metadata", "name"), c.Name, fmt.Sprintf("must be no more than %d characters", longestCronJobName)))
				}
				return errs
			},
			CheckUpdate: validateCronJob,
		}, func(o *batchv1.CronJob) *corev1.PodTemplateSpec { return &o.Spec.JobTemplate.Spec.Template }, field.NewPath("spec", "jobTemplate", "spec", "template")),
		Status: &kinds.Rules[*batchv1.CronJob]{PrepareUpdate: func(c, old *batchv1.CronJob) { c.Spec = old.Spec }},
		Table:  kinds.PlainTable(),
	})
}

// longestCronJobName leaves room for what the controller appends to the names of Jobs.
const longestCronJobName = validation.DNS1035LabelMaxLength - len("-1234567890")

func defaultCronJob(c *batchv1.CronJob) {
	if c.Spec.ConcurrencyPolicy == "" {
		c.Spec.ConcurrencyPolicy = batchv1.AllowConcurrent
	}
	c.Spec.Suspend = kinds.OrPointer(c.Spec.Suspend, false)
	c.Spec.SuccessfulJobsHistoryLimit = kinds.OrPointer(c.Spec.SuccessfulJobsHistoryLimit, 3)
	c.Spec.FailedJobsHistoryLimit = kinds.OrPointer(c.Spec.FailedJobsHistoryLimit, 1)
	defaultPodSpec(&c.Spec.JobTemplate.Spec.Template.Spec)
}

var concurrencyPolicies = []batchv1.ConcurrencyPolicy{batchv1.AllowConcurrent, batchv1.ForbidConcurrent, batchv1.ReplaceConcurrent}

// validateCronJob checks a CronJob that was nil, or old.
func validateCronJob(c, old *batchv1.CronJob) field.ErrorList {
	spec, path := &c.Spec, field.NewPath("spec")
	var errs field.ErrorList
	if spec.Schedule == "" {
		errs = append(errs, field.Required(path.Child("schedule"), ""))
	} else {
		errs = append(errs, validateSchedule(spec, old != nil && strings.Contains(old.Spec.Schedule, "TZ"), path.Child("schedule"))...)
	}
	errs = append(errs, kinds.NonNegative(path.Child("startingDeadlineSeconds"), ptr.Deref(spec.StartingDeadlineSeconds, 0))...)
	if old == nil || !ptr.Equal(old.Spec.TimeZone, spec.TimeZone) {
		errs = append(errs, validateTimeZone(spec.TimeZone, path.Child("timeZone"))...)
	}
	if !slices.Contains(concurrencyPolicies, spec.ConcurrencyPolicy) {
		errs = append(errs, field.NotSupported(path.Child("concurrencyPolicy"), spec.ConcurrencyPolicy, concurrencyPolicies))
	}
	errs = append(errs, validateJobTemplate(&spec.JobTemplate.Spec, path.Child("jobTemplate", "spec"))...)
	errs = append(errs, apivalidation.ValidateNonnegativeField(int64(ptr.Deref(spec.SuccessfulJobsHistoryLimit, 0)), path.Child("successfulJobsHistoryLimit"))...)
	return append(errs, apivalidation.ValidateNonnegativeField(int64(ptr.Deref(spec.FailedJobsHistoryLimit, 0)), path.Child("failedJobsHistoryLimit"))...)
}

// validateSchedule reads the schedule as the controller does. A time zone within it is
// kept where there was one.
func validateSchedule(spec *batchv1.CronJobSpec, zoneAllowed bool, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if err := parseSchedule(spec.Schedule); err != nil {
		errs = append(errs, field.Invalid(path, spec.Schedule, err.Error()))
	}
	switch zone := strings.Contains(spec.Schedule, "TZ"); {
	case zone && !zoneAllowed:
		errs = append(errs, field.Invalid(path, spec.Schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"))
	case zone && spec.TimeZone != nil:
		errs = append(errs, field.Invalid(path, spec.Schedule, "cannot use both timeZone field and TZ or CRON_TZ in schedule"))
	}
	return errs
}

// parseSchedule takes the panics of the library, on TZ= without a schedule for one, for
// errors, as the real server does.
func parseSchedule(text string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("invalid schedule format: %v", r)
		}
	}()
	_, err = cron.ParseStandard(text)
	return err
}

var zoneCharacters = regexp.MustCompile(`^[A-Za-z\.\-_0-9+]{1,14}$`)

func validateTimeZone(zone *string, path *field.Path) field.ErrorList {
	if zone == nil {
		return nil
	}
	if *zone == "" {
		return field.ErrorList{field.Invalid(path, zone, "timeZone must be nil or non-empty string")}
	}
	for _, part := range strings.Split(*zone, "/") {
		if part == "." || part == ".." || strings.HasPrefix(part, "-") || !zoneCharacters.MatchString(part) {
			return field.ErrorList{field.Invalid(path, zone, "unknown time zone "+*zone)}
		}
	}
	var errs field.ErrorList
	if strings.EqualFold(*zone, "Local") {
		errs = append(errs, field.Invalid(path, zone, "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"))
	}
	if _, err := time.LoadLocation(*zone); err != nil {
		errs = append(errs, field.Invalid(path, zone, err.Error()))
	}
	return errs
}

// validateJobTemplate checks the Job that a CronJob makes, whose selector is not there yet.
func validateJobTemplate(spec *batchv1.JobSpec, path *field.Path) field.ErrorList {
	errs := validateJobSpec(spec, &metav1.LabelSelector{}, path)
	if spec.Selector != nil {
		errs = append(errs, field.Invalid(path.Child("selector"), spec.Selector, "`selector` will be auto-generated"))
	}
	if ptr.Deref(spec.ManualSelector, false) {
		errs = append(errs, field.NotSupported(path.Child("manualSelector"), spec.ManualSelector, []string{"nil", "false"}))
	}
	return errs
}
