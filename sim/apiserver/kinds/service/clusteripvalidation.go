package service

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"
	"k8s.io/utils/ptr"
)

// validateClusterIPs checks clusterIP, clusterIPs, ipFamilies and
// ipFamilyPolicy together. Allocation uses it too, before it takes anything.
func validateClusterIPs(svc, old *corev1.Service) field.ErrorList {
	if svc.Spec.Type == corev1.ServiceTypeExternalName {
		return nil
	}
	var errs field.ErrorList
	spec := field.NewPath("spec")
	path, ips := spec.Child("clusterIPs"), svc.Spec.ClusterIPs
	switch {
	case svc.Spec.ClusterIP == "" && len(ips) > 0:
		errs = append(errs, field.Invalid(path, ips, "must be empty when `clusterIP` is not specified"))
	case svc.Spec.ClusterIP != "" && len(ips) == 0:
		errs = append(errs, field.Required(path, ""))
	case svc.Spec.ClusterIP != "" && ips[0] != svc.Spec.ClusterIP:
		errs = append(errs, field.Invalid(path, ips, "first value must match `clusterIP`"))
	}
	errs = append(errs, validateFamilies(svc.Spec.IPFamilies, spec.Child("ipFamilies"))...)
	if policy := svc.Spec.IPFamilyPolicy; policy != nil && !ipFamilyPolicies.Has(*policy) {
		errs = append(errs, field.NotSupported(spec.Child("ipFamilyPolicy"), *policy, sets.List(ipFamilyPolicies)))
	}
	malformed := validateEachClusterIP(svc, old, path)
	errs = append(errs, malformed...)
	if len(ips) > 2 {
		errs = append(errs, field.Invalid(path, ips, "may only hold up to 2 values"))
	}
	if len(malformed) > 0 {
		return errs
	}
	if dual, _ := netutils.IsDualStackIPStrings(ips); len(ips) > 1 && !dual {
		errs = append(errs, field.Invalid(path, ips, "may specify no more than one IP for each IP family"))
	}
	if isHeadless(svc) {
		return errs
	}
	for i, ip := range ips {
		if i < len(svc.Spec.IPFamilies) && svc.Spec.IPFamilies[i] != familyOf(ip) && ipFamilies.Has(svc.Spec.IPFamilies[i]) {
			errs = append(errs, field.Invalid(path.Index(i), ip, fmt.Sprintf("expected an %s value as indicated by `ipFamilies[%v]`", svc.Spec.IPFamilies[i], i)))
		}
	}
	return errs
}

func validateFamilies(families []corev1.IPFamily, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := sets.New[corev1.IPFamily]()
	for i, family := range families {
		if !ipFamilies.Has(family) {
			errs = append(errs, field.NotSupported(path.Index(i), family, sets.List(ipFamilies)))
		}
		if seen.Has(family) {
			errs = append(errs, field.Duplicate(path.Index(i), family))
		}
		seen.Insert(family)
	}
	return errs
}

func validateEachClusterIP(svc, old *corev1.Service, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	var existing []string
	if old != nil {
		existing = old.Spec.ClusterIPs
	}
	for i, ip := range svc.Spec.ClusterIPs {
		if i > 0 || ip != corev1.ClusterIPNone {
			errs = append(errs, utilvalidation.IsValidIPForLegacyField(path.Index(i), ip, true, existing)...)
		} else if len(svc.Spec.ClusterIPs) > 1 {
			errs = append(errs, field.Invalid(path, svc.Spec.ClusterIPs, "'None' must be the first and only value"))
		}
	}
	return errs
}

// validateClusterIPsUpdate: the first address never changes, the second may
// come and go, except to and from ExternalName.
func validateClusterIPsUpdate(svc, old *corev1.Service) field.ErrorList {
	if svc.Spec.Type == corev1.ServiceTypeExternalName || old.Spec.Type == corev1.ServiceTypeExternalName || isHeadless(svc) && isHeadless(old) {
		return nil
	}
	var errs field.ErrorList
	path, ips, before := field.NewPath("spec", "clusterIPs"), svc.Spec.ClusterIPs, old.Spec.ClusterIPs
	const changed = "may not change once set"
	if len(ips) == len(before) {
		for i := range ips {
			if ips[i] != before[i] {
				errs = append(errs, field.Invalid(path.Index(i), ips, changed))
			}
		}
		return errs
	}
	if len(ips) == 0 {
		return append(errs, field.Invalid(path.Index(0), ips, "primary clusterIP can not be unset"))
	}
	if len(before) > 0 && ips[0] != before[0] {
		errs = append(errs, field.Invalid(path.Index(0), ips, changed))
	}
	if len(ips) < len(before) && len(ips) == 1 && ptr.Deref(svc.Spec.IPFamilyPolicy, "") != corev1.IPFamilyPolicySingleStack {
		errs = append(errs, field.Invalid(field.NewPath("spec", "ipFamilyPolicy"), svc.Spec.IPFamilyPolicy,
			"must be set to 'SingleStack' when releasing the secondary clusterIP"))
	}
	return errs
}

// validateFamiliesUpdate: as for the addresses; headless Services may change
// their families. That some errors show clusterIPs as the value is the real
// server's way.
func validateFamiliesUpdate(svc, old *corev1.Service) field.ErrorList {
	if svc.Spec.Type == corev1.ServiceTypeExternalName || old.Spec.Type == corev1.ServiceTypeExternalName || isHeadless(svc) || isHeadless(old) {
		return nil
	}
	var errs field.ErrorList
	families, before := svc.Spec.IPFamilies, old.Spec.IPFamilies
	path := field.NewPath("spec", "ipFamilies").Index(0)
	const changed = "may not change once set"
	if len(families) == len(before) {
		for i := range families {
			if families[i] != before[i] {
				errs = append(errs, field.Invalid(path, families, changed))
			}
		}
		return errs
	}
	if len(families) < len(before) && len(svc.Spec.ClusterIPs) == 0 {
		errs = append(errs, field.Invalid(path, families, "primary ipFamily can not be unset"))
	}
	if len(families) > 0 && len(before) > 0 && families[0] != before[0] {
		errs = append(errs, field.Invalid(path, svc.Spec.ClusterIPs, changed))
	}
	if len(families) < len(before) && len(families) == 1 && ptr.Deref(svc.Spec.IPFamilyPolicy, "") != corev1.IPFamilyPolicySingleStack {
		errs = append(errs, field.Invalid(field.NewPath("spec", "ipFamilyPolicy"), svc.Spec.IPFamilyPolicy,
			"must be set to 'SingleStack' when releasing the secondary ipFamily"))
	}
	return errs
}
