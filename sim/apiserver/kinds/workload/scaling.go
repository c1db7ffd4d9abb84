package workload

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

func newScalingKinds() []*kinds.Kind {
	return []*kinds.Kind{
		kinds.Builtin[*batchv1.CronJob, *batchv1.CronJobList](batchv1.SchemeGroupVersion, kinds.Spec{
			Resource: "cronjobs", ShortNames: []string{"cj"}, Categories: []string{"all"}, Namespaced: true,
			Strategy: &kinds.Rules[*batchv1.CronJob]{
				Defaults: func(c *batchv1.CronJob) {
					if c.Spec.ConcurrencyPolicy == "" {
						c.Spec.ConcurrencyPolicy = batchv1.AllowConcurrent
					}
					c.Spec.Suspend = kinds.OrPointer(c.Spec.Suspend, false)
					c.Spec.SuccessfulJobsHistoryLimit = kinds.OrPointer(c.Spec.SuccessfulJobsHistoryLimit, 3)
					c.Spec.FailedJobsHistoryLimit = kinds.OrPointer(c.Spec.FailedJobsHistoryLimit, 1)
					defaultPodSpec(&c.Spec.JobTemplate.Spec.Template.Spec)
				},
				PrepareCreate: func(c *batchv1.CronJob) { c.Status, c.Generation = batchv1.CronJobStatus{}, 1 },
				PrepareUpdate: func(c, old *batchv1.CronJob) {
					c.Status = old.Status
					kinds.NextGeneration(&c.ObjectMeta, &old.ObjectMeta, c.Spec, old.Spec)
				},
				CreateOnUpdate: true, Conditional: true,
			},
			Status: &kinds.Rules[*batchv1.CronJob]{PrepareUpdate: func(c, old *batchv1.CronJob) { c.Spec = old.Spec }, Conditional: true},
			Table:  kinds.PlainTable(),
		}),
		kinds.Builtin[*autoscalingv2.HorizontalPodAutoscaler, *autoscalingv2.HorizontalPodAutoscalerList](autoscalingv2.SchemeGroupVersion, kinds.Spec{
			Resource: "horizontalpodautoscalers", ShortNames: []string{"hpa"}, Categories: []string{"all"}, Namespaced: true,
			Strategy: &kinds.Rules[*autoscalingv2.HorizontalPodAutoscaler]{
				Defaults: func(h *autoscalingv2.HorizontalPodAutoscaler) {
					h.Spec.MinReplicas = kinds.OrPointer(h.Spec.MinReplicas, 1)
				},
				PrepareCreate: func(h *autoscalingv2.HorizontalPodAutoscaler) {
					h.Status = autoscalingv2.HorizontalPodAutoscalerStatus{}
				},
				PrepareUpdate: func(h, old *autoscalingv2.HorizontalPodAutoscaler) { h.Status = old.Status },
			},
			Status: &kinds.Rules[*autoscalingv2.HorizontalPodAutoscaler]{PrepareUpdate: func(h, old *autoscalingv2.HorizontalPodAutoscaler) { h.Spec = old.Spec }},
			Table:  kinds.PlainTable(),
		}),
	}
}
