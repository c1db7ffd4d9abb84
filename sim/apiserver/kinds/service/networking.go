package service

import (
	"strings"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

func newNetworkingKinds() []*kinds.Kind {
	return []*kinds.Kind{
		kinds.Builtin[*networkingv1.NetworkPolicy, *networkingv1.NetworkPolicyList](networkingv1.SchemeGroupVersion, kinds.Spec{
			Resource: "networkpolicies", ShortNames: []string{"netpol"}, Namespaced: true,
			Strategy: &kinds.Rules[*networkingv1.NetworkPolicy]{
				Defaults:      defaultNetworkPolicy,
				PrepareCreate: func(p *networkingv1.NetworkPolicy) { p.Generation = 1 },
				PrepareUpdate: func(p, old *networkingv1.NetworkPolicy) {
					kinds.NextGeneration(&p.ObjectMeta, &old.ObjectMeta, p.Spec, old.Spec)
				},
				Check:       validateNetworkPolicy,
				CheckUpdate: validateNetworkPolicyUpdate,
			},
			Table: kinds.TableOf([]metav1.TableColumnDefinition{
				kinds.NameColumn,
				{Name: "Pod-Selector", Type: "string", Description: networkingv1.NetworkPolicySpec{}.SwaggerDoc()["podSelector"]},
				kinds.AgeColumn,
			}, func(p *networkingv1.NetworkPolicy, now time.Time) []any {
				return []any{p.Name, metav1.FormatLabelSelector(&p.Spec.PodSelector), kinds.Age(p.CreationTimestamp, now)}
			}),
		}),
		kinds.Builtin[*networkingv1.Ingress, *networkingv1.IngressList](networkingv1.SchemeGroupVersion, kinds.Spec{
			Resource: "ingresses", ShortNames: []string{"ing"}, Namespaced: true,
			Strategy: &kinds.Rules[*networkingv1.Ingress]{
				PrepareCreate: func(i *networkingv1.Ingress) { i.Status, i.Generation = networkingv1.IngressStatus{}, 1 },
				PrepareUpdate: func(i, old *networkingv1.Ingress) {
					i.Status = old.Status
					kinds.NextGeneration(&i.ObjectMeta, &old.ObjectMeta, i.Spec, old.Spec)
				},
				Check:       validateIngressCreate,
				CheckUpdate: validateIngressUpdate,
			},
			Status: &kinds.Rules[*networkingv1.Ingress]{
				PrepareUpdate: func(i, old *networkingv1.Ingress) { i.Spec = old.Spec },
				CheckUpdate:   validateIngressStatus,
			},
			Table: kinds.PlainTable(),
		}),
		kinds.Builtin[*networkingv1.IngressClass, *networkingv1.IngressClassList](networkingv1.SchemeGroupVersion, kinds.Spec{
			Resource: "ingressclasses",
			Strategy: &kinds.Rules[*networkingv1.IngressClass]{
				Defaults: func(c *networkingv1.IngressClass) {
					if p := c.Spec.Parameters; p != nil {
						p.Scope = kinds.OrPointer(p.Scope, networkingv1.IngressClassParametersReferenceScopeCluster)
					}
				},
				PrepareCreate: func(c *networkingv1.IngressClass) { c.Generation = 1 },
				PrepareUpdate: func(c, old *networkingv1.IngressClass) {
					kinds.NextGeneration(&c.ObjectMeta, &old.ObjectMeta, c.Spec, old.Spec)
				},
				Check:       validateIngressClass,
				CheckUpdate: validateIngressClassUpdate,
			},
			Table: kinds.PlainTable(),
		}),
		kinds.Builtin[*networkingv1.ServiceCIDR, *networkingv1.ServiceCIDRList](networkingv1.SchemeGroupVersion, kinds.Spec{
			Resource: "servicecidrs",
			Strategy: &kinds.Rules[*networkingv1.ServiceCIDR]{
				PrepareCreate: func(c *networkingv1.ServiceCIDR) { c.Status = networkingv1.ServiceCIDRStatus{} },
				PrepareUpdate: func(c, old *networkingv1.ServiceCIDR) { c.Status = old.Status },
			},
			Status: &kinds.Rules[*networkingv1.ServiceCIDR]{PrepareUpdate: func(c, old *networkingv1.ServiceCIDR) { c.Spec = old.Spec }},
			Table: kinds.TableOf([]metav1.TableColumnDefinition{
				kinds.NameColumn,
				{Name: "CIDRs", Type: "string", Description: networkingv1.ServiceCIDRSpec{}.SwaggerDoc()["cidrs"]},
				kinds.AgeColumn,
			}, func(c *networkingv1.ServiceCIDR, now time.Time) []any {
				return []any{c.Name, strings.Join(c.Spec.CIDRs, ","), kinds.Age(c.CreationTimestamp, now)}
			}),
		}),
	}
}
