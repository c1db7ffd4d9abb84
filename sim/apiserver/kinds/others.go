package kinds

import (
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// newOtherKinds are kinds that manifests and controllers bring along but that
// nothing here acts on: stored with their defaults and generations, hardly
// validated.
func newOtherKinds() []*Kind {
	kinds := []*Kind{
		builtinKind[*corev1.ServiceAccount, *corev1.ServiceAccountList](corev1.SchemeGroupVersion, kindSpec{
			resource: "serviceaccounts", shortNames: []string{"sa"}, namespaced: true,
			strategy: &rules[*corev1.ServiceAccount]{}, table: nameAndAge(),
		}),
		builtinKind[*corev1.LimitRange, *corev1.LimitRangeList](corev1.SchemeGroupVersion, kindSpec{
			resource: "limitranges", shortNames: []string{"limits"}, namespaced: true,
			strategy: &rules[*corev1.LimitRange]{createOnUpdate: true}, table: plainTable(),
		}),
		builtinKind[*corev1.ResourceQuota, *corev1.ResourceQuotaList](corev1.SchemeGroupVersion, kindSpec{
			resource: "resourcequotas", shortNames: []string{"quota"}, namespaced: true,
			strategy: &rules[*corev1.ResourceQuota]{
				prepareCreate: func(q *corev1.ResourceQuota) { q.Status = corev1.ResourceQuotaStatus{} },
				prepareUpdate: func(q, old *corev1.ResourceQuota) { q.Status = old.Status },
			},
			status: &rules[*corev1.ResourceQuota]{prepareUpdate: func(q, old *corev1.ResourceQuota) { q.Spec = old.Spec }},
			table:  plainTable(),
		}),
		builtinKind[*appsv1.ControllerRevision, *appsv1.ControllerRevisionList](appsv1.SchemeGroupVersion, kindSpec{
			resource: "controllerrevisions", namespaced: true,
			strategy: &rules[*appsv1.ControllerRevision]{
				validateUpdate: func(r, old *appsv1.ControllerRevision) field.ErrorList {
					return apivalidation.ValidateImmutableField(r.Data, old.Data, field.NewPath("data"))
				},
			},
			table: plainTable(),
		}),
		newPriorityClassKind(),
		newPersistentVolumeKind(),
		newPersistentVolumeClaimKind(),
		newPodTemplateKind(),
		newReplicationControllerKind(),
		newRuntimeClassKind(),
		newCertificateRequestKind(),
	}
	return slices.Concat(kinds, newNetworkingKinds(), newScalingKinds(), newStorageKinds(), newAdmissionKinds(), newResourceKinds(), newFlowControlKinds(), newReviewKinds())
}

func newNetworkingKinds() []*Kind {
	return []*Kind{
		builtinKind[*networkingv1.NetworkPolicy, *networkingv1.NetworkPolicyList](networkingv1.SchemeGroupVersion, kindSpec{
			resource: "networkpolicies", shortNames: []string{"netpol"}, namespaced: true,
			strategy: &rules[*networkingv1.NetworkPolicy]{
				defaults:      defaultNetworkPolicy,
				prepareCreate: func(p *networkingv1.NetworkPolicy) { p.Generation = 1 },
				prepareUpdate: func(p, old *networkingv1.NetworkPolicy) {
					nextGeneration(&p.ObjectMeta, &old.ObjectMeta, p.Spec, old.Spec)
				},
			},
			table: table([]metav1.TableColumnDefinition{
				nameColumn,
				{Name: "Pod-Selector", Type: "string", Description: networkingv1.NetworkPolicySpec{}.SwaggerDoc()["podSelector"]},
				ageColumn,
			}, func(p *networkingv1.NetworkPolicy, now time.Time) []any {
				return []any{p.Name, metav1.FormatLabelSelector(&p.Spec.PodSelector), age(p.CreationTimestamp, now)}
			}),
		}),
		builtinKind[*networkingv1.Ingress, *networkingv1.IngressList](networkingv1.SchemeGroupVersion, kindSpec{
			resource: "ingresses", shortNames: []string{"ing"}, namespaced: true,
			strategy: &rules[*networkingv1.Ingress]{
				prepareCreate: func(i *networkingv1.Ingress) { i.Status, i.Generation = networkingv1.IngressStatus{}, 1 },
				prepareUpdate: func(i, old *networkingv1.Ingress) {
					i.Status = old.Status
					nextGeneration(&i.ObjectMeta, &old.ObjectMeta, i.Spec, old.Spec)
				},
				validate: validateIngress,
			},
			status: &rules[*networkingv1.Ingress]{prepareUpdate: func(i, old *networkingv1.Ingress) { i.Spec = old.Spec }},
			table:  plainTable(),
		}),
		builtinKind[*networkingv1.IngressClass, *networkingv1.IngressClassList](networkingv1.SchemeGroupVersion, kindSpec{
			resource: "ingressclasses",
			strategy: &rules[*networkingv1.IngressClass]{
				prepareCreate: func(c *networkingv1.IngressClass) { c.Generation = 1 },
				prepareUpdate: func(c, old *networkingv1.IngressClass) {
					nextGeneration(&c.ObjectMeta, &old.ObjectMeta, c.Spec, old.Spec)
				},
			},
			table: plainTable(),
		}),
		builtinKind[*networkingv1.ServiceCIDR, *networkingv1.ServiceCIDRList](networkingv1.SchemeGroupVersion, kindSpec{
			resource: "servicecidrs",
			strategy: &rules[*networkingv1.ServiceCIDR]{
				prepareCreate: func(c *networkingv1.ServiceCIDR) { c.Status = networkingv1.ServiceCIDRStatus{} },
				prepareUpdate: func(c, old *networkingv1.ServiceCIDR) { c.Status = old.Status },
			},
			status: &rules[*networkingv1.ServiceCIDR]{prepareUpdate: func(c, old *networkingv1.ServiceCIDR) { c.Spec = old.Spec }},
			table: table([]metav1.TableColumnDefinition{
				nameColumn,
				{Name: "CIDRs", Type: "string", Description: networkingv1.ServiceCIDRSpec{}.SwaggerDoc()["cidrs"]},
				ageColumn,
			}, func(c *networkingv1.ServiceCIDR, now time.Time) []any {
				return []any{c.Name, strings.Join(c.Spec.CIDRs, ","), age(c.CreationTimestamp, now)}
			}),
		}),
	}
}

func defaultNetworkPolicy(p *networkingv1.NetworkPolicy) {
	ports := func(ports []networkingv1.NetworkPolicyPort) {
		for i := range ports {
			ports[i].Protocol = orPointer(ports[i].Protocol, corev1.ProtocolTCP)
		}
	}
	for _, rule := range p.Spec.Ingress {
		ports(rule.Ports)
	}
	for _, rule := range p.Spec.Egress {
		ports(rule.Ports)
	}
	if len(p.Spec.PolicyTypes) == 0 {
		p.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
		if len(p.Spec.Egress) > 0 {
			p.Spec.PolicyTypes = append(p.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
		}
	}
}

func validateIngress(ingress *networkingv1.Ingress) field.ErrorList {
	if len(ingress.Spec.Rules) == 0 && ingress.Spec.DefaultBackend == nil {
		return field.ErrorList{field.Invalid(field.NewPath("spec"), ingress.Spec.Rules, "either `defaultBackend` or `rules` must be specified")}
	}
	return nil
}

func newScalingKinds() []*Kind {
	return []*Kind{
		builtinKind[*batchv1.CronJob, *batchv1.CronJobList](batchv1.SchemeGroupVersion, kindSpec{
			resource: "cronjobs", shortNames: []string{"cj"}, categories: []string{"all"}, namespaced: true,
			strategy: &rules[*batchv1.CronJob]{
				defaults: func(c *batchv1.CronJob) {
					if c.Spec.ConcurrencyPolicy == "" {
						c.Spec.ConcurrencyPolicy = batchv1.AllowConcurrent
					}
					c.Spec.Suspend = orPointer(c.Spec.Suspend, false)
					c.Spec.SuccessfulJobsHistoryLimit = orPointer(c.Spec.SuccessfulJobsHistoryLimit, 3)
					c.Spec.FailedJobsHistoryLimit = orPointer(c.Spec.FailedJobsHistoryLimit, 1)
					defaultPodSpec(&c.Spec.JobTemplate.Spec.Template.Spec)
				},
				prepareCreate: func(c *batchv1.CronJob) { c.Status, c.Generation = batchv1.CronJobStatus{}, 1 },
				prepareUpdate: func(c, old *batchv1.CronJob) {
					c.Status = old.Status
					nextGeneration(&c.ObjectMeta, &old.ObjectMeta, c.Spec, old.Spec)
				},
				createOnUpdate: true, conditional: true,
			},
			status: &rules[*batchv1.CronJob]{prepareUpdate: func(c, old *batchv1.CronJob) { c.Spec = old.Spec }, conditional: true},
			table:  plainTable(),
		}),
		builtinKind[*autoscalingv2.HorizontalPodAutoscaler, *autoscalingv2.HorizontalPodAutoscalerList](autoscalingv2.SchemeGroupVersion, kindSpec{
			resource: "horizontalpodautoscalers", shortNames: []string{"hpa"}, categories: []string{"all"}, namespaced: true,
			strategy: &rules[*autoscalingv2.HorizontalPodAutoscaler]{
				defaults: func(h *autoscalingv2.HorizontalPodAutoscaler) { h.Spec.MinReplicas = orPointer(h.Spec.MinReplicas, 1) },
				prepareCreate: func(h *autoscalingv2.HorizontalPodAutoscaler) {
					h.Status = autoscalingv2.HorizontalPodAutoscalerStatus{}
				},
				prepareUpdate: func(h, old *autoscalingv2.HorizontalPodAutoscaler) { h.Status = old.Status },
			},
			status: &rules[*autoscalingv2.HorizontalPodAutoscaler]{prepareUpdate: func(h, old *autoscalingv2.HorizontalPodAutoscaler) { h.Spec = old.Spec }},
			table:  plainTable(),
		}),
	}
}
