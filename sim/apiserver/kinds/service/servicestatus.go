package service

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

var loadBalancerIPModes = sets.New(corev1.LoadBalancerIPModeVIP, corev1.LoadBalancerIPModeProxy)

func validateServiceStatusUpdate(svc, old *corev1.Service) field.ErrorList {
	ingress := svc.Status.LoadBalancer.Ingress
	path := field.NewPath("status", "loadBalancer", "ingress")
	if svc.Spec.Type != corev1.ServiceTypeLoadBalancer && len(ingress) > 0 {
		return field.ErrorList{field.Forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")}
	}
	var existing []string
	for _, in := range old.Status.LoadBalancer.Ingress {
		if in.IP != "" {
			existing = append(existing, in.IP)
		}
	}
	var errs field.ErrorList
	for i := range ingress {
		errs = append(errs, validateIngressPoint(&ingress[i], existing, path.Index(i))...)
	}
	return errs
}

func validateIngressPoint(in *corev1.LoadBalancerIngress, existing []string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if in.IP != "" {
		errs = append(errs, utilvalidation.IsValidIPForLegacyField(path.Child("ip"), in.IP, true, existing)...)
	}
	mode := path.Child("ipMode")
	switch {
	case in.IPMode == nil && in.IP != "":
		errs = append(errs, field.Required(mode, "must be specified when `ip` is set"))
	case in.IPMode == nil:
	case in.IP == "":
		errs = append(errs, field.Forbidden(mode, "may not be specified when `ip` is not set"))
	case !loadBalancerIPModes.Has(*in.IPMode):
		errs = append(errs, field.NotSupported(mode, *in.IPMode, sets.List(loadBalancerIPModes)))
	}
	if in.Hostname != "" {
		errs = append(errs, kinds.Invalids(path.Child("hostname"), in.Hostname, utilvalidation.IsDNS1123Subdomain(in.Hostname))...)
		if netutils.ParseIPSloppy(in.Hostname) != nil {
			errs = append(errs, field.Invalid(path.Child("hostname"), in.Hostname, "must be a DNS name, not an IP address"))
		}
	}
	return errs
}
