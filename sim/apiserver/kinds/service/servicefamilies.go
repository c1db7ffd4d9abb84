package service

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

// keepAllocated fills in, on an update, what the server once chose and the
// client left out, so that sending the same manifest again changes nothing.
func keepAllocated(svc, old *corev1.Service) {
	if old.Spec.Type != corev1.ServiceTypeExternalName && svc.Spec.Type != corev1.ServiceTypeExternalName {
		if svc.Spec.ClusterIP == "" {
			svc.Spec.ClusterIP = old.Spec.ClusterIP
		}
		if len(svc.Spec.ClusterIPs) == 0 && len(old.Spec.ClusterIPs) > 0 {
			svc.Spec.ClusterIPs = slices.Clone(old.Spec.ClusterIPs)
		}
	}
	if wantsNodePorts(old) && wantsNodePorts(svc) {
		keepNodePorts(svc, old)
	}
	if needsHealthCheck(old) && needsHealthCheck(svc) && svc.Spec.HealthCheckNodePort == 0 {
		svc.Spec.HealthCheckNodePort = old.Spec.HealthCheckNodePort
	}
}

// keepNodePorts matches ports by name; a node port that the client gave to
// another port is not reused.
func keepNodePorts(svc, old *corev1.Service) {
	used := nodePortSet(old).Intersection(nodePortSet(svc))
	byName := map[string]int32{}
	for _, p := range old.Spec.Ports {
		byName[p.Name] = p.NodePort
	}
	for i := range svc.Spec.Ports {
		p := &svc.Spec.Ports[i]
		if before := byName[p.Name]; p.NodePort == 0 && !used.Has(before) {
			p.NodePort = before
		}
	}
}

func wantsNodePorts(svc *corev1.Service) bool {
	return svc.Spec.Type == corev1.ServiceTypeNodePort ||
		svc.Spec.Type == corev1.ServiceTypeLoadBalancer && ptr.Deref(svc.Spec.AllocateLoadBalancerNodePorts, true)
}

// normalizeClusterIPs makes clusterIPs follow clusterIP for clients that know
// only the singular field.
func normalizeClusterIPs(svc, old *corev1.Service) {
	if old == nil {
		if svc.Spec.ClusterIP != "" && len(svc.Spec.ClusterIPs) == 0 {
			svc.Spec.ClusterIPs = []string{svc.Spec.ClusterIP}
		}
		return
	}
	same := slices.Equal(old.Spec.ClusterIPs, svc.Spec.ClusterIPs)
	switch {
	case old.Spec.ClusterIP == svc.Spec.ClusterIP:
		if len(old.Spec.ClusterIPs) > 0 && len(svc.Spec.ClusterIPs) == 0 {
			svc.Spec.ClusterIPs = slices.Clone(old.Spec.ClusterIPs)
		}
	case svc.Spec.ClusterIP == "" && same:
		svc.Spec.ClusterIPs = nil
	case same:
		svc.Spec.ClusterIPs = []string{svc.Spec.ClusterIP}
	}
}

// initFamilies fills ipFamilyPolicy and ipFamilies from what the user said and
// what the cluster has, or says (422) why it cannot.
func (a *serviceAllocator) initFamilies(svc, old *corev1.Service) error {
	if svc.Spec.Type == corev1.ServiceTypeExternalName || samePreferDualStack(svc, old) {
		return nil
	}
	defaultFamilyPolicy(svc, old)
	if errs := validateClusterIPs(svc, old); len(errs) > 0 {
		return serviceInvalid(svc, errs...)
	}
	errs := downgradeFamilies(svc, old)
	errs = append(errs, a.inferFamilies(svc)...)
	if len(errs) > 0 {
		return serviceInvalid(svc, errs...)
	}

	single := *svc.Spec.IPFamilyPolicy == corev1.IPFamilyPolicySingleStack
	// Headless and without selector: whoever writes the endpoints decides, so
	// families are allowed that the cluster does not have.
	if svc.Spec.ClusterIP == corev1.ClusterIPNone && len(svc.Spec.Selector) == 0 {
		a.completeFamilies(svc, !single)
		return nil
	}
	if errs := a.unconfigured(svc); len(errs) > 0 {
		return serviceInvalid(svc, errs...)
	}
	a.completeFamilies(svc, !single && len(a.families) == 2)
	return nil
}

func (a *serviceAllocator) completeFamilies(svc *corev1.Service, dual bool) {
	if len(svc.Spec.IPFamilies) == 0 {
		svc.Spec.IPFamilies = []corev1.IPFamily{a.primary}
	}
	if dual && len(svc.Spec.IPFamilies) == 1 {
		other := corev1.IPv6Protocol
		if svc.Spec.IPFamilies[0] == corev1.IPv6Protocol {
			other = corev1.IPv4Protocol
		}
		svc.Spec.IPFamilies = append(slices.Clip(svc.Spec.IPFamilies), other)
	}
}

func (a *serviceAllocator) unconfigured(svc *corev1.Service) field.ErrorList {
	var errs field.ErrorList
	spec := field.NewPath("spec")
	if *svc.Spec.IPFamilyPolicy == corev1.IPFamilyPolicyRequireDualStack && len(a.families) < 2 {
		errs = append(errs, field.Invalid(spec.Child("ipFamilyPolicy"), svc.Spec.IPFamilyPolicy,
			"this cluster is not configured for dual-stack services"))
	}
	for i, family := range svc.Spec.IPFamilies {
		if a.families[family] == nil {
			errs = append(errs, field.Invalid(spec.Child("ipFamilies").Index(i), family, "not configured on this cluster"))
		}
	}
	return errs
}

// samePreferDualStack: a PreferDualStack Service that does not change its
// addresses is left alone, even if the cluster gained or lost a family.
func samePreferDualStack(svc, old *corev1.Service) bool {
	if old == nil || svc.Spec.IPFamilyPolicy == nil || old.Spec.Type != svc.Spec.Type {
		return false
	}
	prefer := corev1.IPFamilyPolicyPreferDualStack
	return *svc.Spec.IPFamilyPolicy == prefer && ptr.Deref(old.Spec.IPFamilyPolicy, prefer) == prefer &&
		slices.Equal(svc.Spec.ClusterIPs, old.Spec.ClusterIPs) && slices.Equal(svc.Spec.IPFamilies, old.Spec.IPFamilies)
}

func defaultFamilyPolicy(svc, old *corev1.Service) {
	switch {
	case svc.Spec.IPFamilyPolicy != nil:
	case old != nil && old.Spec.IPFamilyPolicy != nil:
		svc.Spec.IPFamilyPolicy = ptr.To(*old.Spec.IPFamilyPolicy)
	case svc.Spec.ClusterIP == corev1.ClusterIPNone && len(svc.Spec.Selector) == 0:
		svc.Spec.IPFamilyPolicy = ptr.To(corev1.IPFamilyPolicyRequireDualStack)
	default:
		svc.Spec.IPFamilyPolicy = ptr.To(corev1.IPFamilyPolicySingleStack)
	}
}

// downgradeFamilies drops the second address and family when the policy says
// SingleStack and the user left them as they were; with any other policy they
// may not be dropped, and with SingleStack they may not be asked for.
func downgradeFamilies(svc, old *corev1.Service) field.ErrorList {
	var errs field.ErrorList
	path := field.NewPath("spec", "ipFamilyPolicy")
	bad := func(detail string) {
		errs = append(errs, field.Invalid(path, svc.Spec.IPFamilyPolicy, detail))
	}
	single := *svc.Spec.IPFamilyPolicy == corev1.IPFamilyPolicySingleStack
	if old != nil && single {
		if slices.Equal(old.Spec.ClusterIPs, svc.Spec.ClusterIPs) && len(svc.Spec.ClusterIPs) > 1 {
			svc.Spec.ClusterIPs = svc.Spec.ClusterIPs[:1:1]
		}
		if slices.Equal(old.Spec.IPFamilies, svc.Spec.IPFamilies) && len(svc.Spec.IPFamilies) > 1 {
			svc.Spec.IPFamilies = svc.Spec.IPFamilies[:1:1]
		}
	}
	if old != nil && !single {
		if n := len(svc.Spec.ClusterIPs); n > 0 && n < len(old.Spec.ClusterIPs) {
			bad("must be 'SingleStack' to release the secondary cluster IP")
		}
		if n := len(svc.Spec.IPFamilies); n > 0 && n < len(old.Spec.IPFamilies) {
			bad("must be 'SingleStack' to release the secondary IP family")
		}
	}
	if single && len(svc.Spec.ClusterIPs) == 2 {
		bad("must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified")
	}
	if single && len(svc.Spec.IPFamilies) == 2 {
		bad("must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified")
	}
	return errs
}

// inferFamilies appends to ipFamilies what the given clusterIPs imply.
func (a *serviceAllocator) inferFamilies(svc *corev1.Service) field.ErrorList {
	var errs field.ErrorList
	for i, ip := range svc.Spec.ClusterIPs {
		if ip == corev1.ClusterIPNone {
			break
		}
		if i < len(svc.Spec.IPFamilies) {
			continue
		}
		family := familyOf(ip)
		if a.families[family] == nil {
			errs = append(errs, field.Invalid(field.NewPath("spec", "clusterIPs").Index(i), svc.Spec.ClusterIPs,
				fmt.Sprintf("%s is not configured on this cluster", family)))
			continue
		}
		svc.Spec.IPFamilies = append(slices.Clip(svc.Spec.IPFamilies), family)
	}
	return errs
}

var (
	ipFamilies       = sets.New(corev1.IPv4Protocol, corev1.IPv6Protocol)
	ipFamilyPolicies = sets.New(corev1.IPFamilyPolicySingleStack, corev1.IPFamilyPolicyPreferDualStack, corev1.IPFamilyPolicyRequireDualStack)
)
