package service

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/sets"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// Rules, messages and order are those of pkg/apis/core/validation of
// Kubernetes 1.37 with its default feature gates.

var (
	serviceTypes            = sets.New(corev1.ServiceTypeClusterIP, corev1.ServiceTypeNodePort, corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeExternalName)
	sessionAffinities       = sets.New(corev1.ServiceAffinityClientIP, corev1.ServiceAffinityNone)
	internalTrafficPolicies = sets.New(corev1.ServiceInternalTrafficPolicyCluster, corev1.ServiceInternalTrafficPolicyLocal)
	externalTrafficPolicies = sets.New(corev1.ServiceExternalTrafficPolicyCluster, corev1.ServiceExternalTrafficPolicyLocal)
	trafficDistributions    = []string{corev1.ServiceTrafficDistributionPreferClose, corev1.ServiceTrafficDistributionPreferSameZone, corev1.ServiceTrafficDistributionPreferSameNode}
)

const maxAffinitySeconds = 86400

// validateService checks a Service; old is nil on create.
func validateService(svc, old *corev1.Service) field.ErrorList {
	spec := field.NewPath("spec")
	errs := validateTopologyAnnotations(svc)
	if len(svc.Spec.Ports) == 0 && !isHeadless(svc) && svc.Spec.Type != corev1.ServiceTypeExternalName {
		errs = append(errs, field.Required(spec.Child("ports"), ""))
	}
	errs = append(errs, validateServiceByType(svc)...)
	names := sets.New[string]()
	for i := range svc.Spec.Ports {
		errs = append(errs, validateServicePort(&svc.Spec.Ports[i], len(svc.Spec.Ports) > 1, names, spec.Child("ports").Index(i))...)
	}
	if svc.Spec.Selector != nil {
		errs = append(errs, kinds.SortedErrors(metav1validation.ValidateLabels(svc.Spec.Selector, spec.Child("selector")))...)
	}
	errs = append(errs, validateSessionAffinity(&svc.Spec, spec)...)
	errs = append(errs, validateClusterIPs(svc, old)...)
	errs = append(errs, validateExternalIPs(svc, old)...)
	if svc.Spec.Type == "" {
		errs = append(errs, field.Required(spec.Child("type"), ""))
	} else if !serviceTypes.Has(svc.Spec.Type) {
		errs = append(errs, field.NotSupported(spec.Child("type"), svc.Spec.Type, sets.List(serviceTypes)))
	}
	errs = append(errs, validatePortUniqueness(svc)...)
	errs = append(errs, validateSourceRanges(svc, old)...)
	errs = append(errs, validateBalancerFields(svc)...)
	errs = append(errs, validateBalancerClass(svc, nil)...)
	return append(errs, validateTrafficPolicies(svc)...)
}

// validateServiceUpdate adds what may not change between old and svc.
func validateServiceUpdate(svc, old *corev1.Service) field.ErrorList {
	errs := validateClusterIPsUpdate(svc, old)
	errs = append(errs, validateFamiliesUpdate(svc, old)...)
	errs = append(errs, validateBalancerClass(svc, old)...)
	if needsHealthCheck(old) && needsHealthCheck(svc) && svc.Spec.HealthCheckNodePort != old.Spec.HealthCheckNodePort {
		errs = append(errs, field.Forbidden(field.NewPath("spec", "healthCheckNodePort"), "field is immutable"))
	}
	return append(errs, validateService(svc, old)...)
}

func validateTopologyAnnotations(svc *corev1.Service) field.ErrorList {
	hints, hintsSet := svc.Annotations[corev1.DeprecatedAnnotationTopologyAwareHints]
	mode, modeSet := svc.Annotations[corev1.AnnotationTopologyMode]
	if !hintsSet || !modeSet || hints == mode {
		return nil
	}
	return field.ErrorList{field.Invalid(field.NewPath("metadata", "annotations").Key(corev1.AnnotationTopologyMode), mode,
		fmt.Sprintf("must match annotations[%s] when both are specified", corev1.DeprecatedAnnotationTopologyAwareHints))}
}

func validateServiceByType(svc *corev1.Service) field.ErrorList {
	var errs field.ErrorList
	spec := field.NewPath("spec")
	switch svc.Spec.Type {
	case corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeNodePort:
		if isHeadless(svc) {
			errs = append(errs, field.Invalid(spec.Child("clusterIPs").Index(0), svc.Spec.ClusterIPs[0],
				fmt.Sprintf("may not be set to 'None' for %s services", svc.Spec.Type)))
		}
	case corev1.ServiceTypeExternalName:
		const detail = "may not be set for ExternalName services"
		if len(svc.Spec.ClusterIPs) > 0 {
			errs = append(errs, field.Forbidden(spec.Child("clusterIPs"), detail))
		}
		if len(svc.Spec.IPFamilies) > 0 {
			errs = append(errs, field.Forbidden(spec.Child("ipFamilies"), detail))
		}
		if svc.Spec.IPFamilyPolicy != nil {
			errs = append(errs, field.Forbidden(spec.Child("ipFamilyPolicy"), detail))
		}
		// A trailing dot marks a fully qualified name.
		if name := strings.TrimSuffix(svc.Spec.ExternalName, "."); name == "" {
			errs = append(errs, field.Required(spec.Child("externalName"), ""))
		} else {
			errs = append(errs, kinds.Invalids(spec.Child("externalName"), name, utilvalidation.IsDNS1123Subdomain(name))...)
		}
	}
	return errs
}

func validateServicePort(port *corev1.ServicePort, needsName bool, names sets.Set[string], path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if port.Name != "" {
		errs = append(errs, kinds.Invalids(path.Child("name"), port.Name, utilvalidation.IsDNS1123Label(port.Name))...)
		if names.Has(port.Name) {
			errs = append(errs, field.Duplicate(path.Child("name"), port.Name))
		}
		names.Insert(port.Name)
	} else if needsName {
		errs = append(errs, field.Required(path.Child("name"), ""))
	}
	errs = append(errs, kinds.Invalids(path.Child("port"), port.Port, utilvalidation.IsValidPortNum(int(port.Port)))...)
	if port.Protocol == "" {
		errs = append(errs, field.Required(path.Child("protocol"), ""))
	} else if !kinds.PortProtocols.Has(port.Protocol) {
		errs = append(errs, field.NotSupported(path.Child("protocol"), port.Protocol, sets.List(kinds.PortProtocols)))
	}
	errs = append(errs, validatePortNumOrName(port.TargetPort, path.Child("targetPort"))...)
	if port.AppProtocol != nil {
		errs = append(errs, kinds.Invalids(path.Child("appProtocol"), *port.AppProtocol, utilvalidation.IsQualifiedName(*port.AppProtocol))...)
	}
	return errs
}

func validatePortNumOrName(port intstr.IntOrString, path *field.Path) field.ErrorList {
	if port.Type == intstr.String {
		return kinds.Invalids(path, port.StrVal, utilvalidation.IsValidPortName(port.StrVal))
	}
	return kinds.Invalids(path, port.IntValue(), utilvalidation.IsValidPortNum(port.IntValue()))
}

func validateSessionAffinity(service *corev1.ServiceSpec, spec *field.Path) field.ErrorList {
	path := spec.Child("sessionAffinity")
	switch service.SessionAffinity {
	case corev1.ServiceAffinityClientIP:
		return validateClientIPConfig(service.SessionAffinityConfig, spec.Child("sessionAffinityConfig"))
	case corev1.ServiceAffinityNone:
		if service.SessionAffinityConfig != nil {
			return field.ErrorList{field.Forbidden(spec.Child("sessionAffinityConfig"), "must not be set when session affinity is None")}
		}
		return nil
	case "":
		return field.ErrorList{field.Required(path, "")}
	}
	return field.ErrorList{field.NotSupported(path, service.SessionAffinity, sets.List(sessionAffinities))}
}

func validateClientIPConfig(config *corev1.SessionAffinityConfig, path *field.Path) field.ErrorList {
	const when = "when session affinity type is ClientIP"
	if config == nil {
		return field.ErrorList{field.Required(path, when)}
	}
	if config.ClientIP == nil {
		return field.ErrorList{field.Required(path.Child("clientIP"), when)}
	}
	path = path.Child("clientIP", "timeoutSeconds")
	timeout := config.ClientIP.TimeoutSeconds
	if timeout == nil {
		return field.ErrorList{field.Required(path, when)}
	}
	if *timeout <= 0 || *timeout > maxAffinitySeconds {
		return field.ErrorList{field.Invalid(path, timeout, fmt.Sprintf("must be greater than 0 and less than %d", maxAffinitySeconds))}
	}
	return nil
}

func validateExternalIPs(svc, old *corev1.Service) field.ErrorList {
	var errs field.ErrorList
	var existing []string
	if old != nil {
		existing = old.Spec.ExternalIPs
	}
	for i, ip := range svc.Spec.ExternalIPs {
		path := field.NewPath("spec", "externalIPs").Index(i)
		if bad := utilvalidation.IsValidIPForLegacyField(path, ip, true, existing); len(bad) > 0 {
			errs = append(errs, bad...)
		} else {
			errs = append(errs, validateEndpointIP(ip, path)...)
		}
	}
	return errs
}

// validateEndpointIP refuses addresses that cannot be somebody else's.
func validateEndpointIP(value string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	ip := netutils.ParseIPSloppy(value)
	if ip == nil {
		return field.ErrorList{field.Invalid(path, value, "must be a valid IP address")}
	}
	for _, rule := range []struct {
		broken bool
		detail string
	}{
		{ip.IsUnspecified(), fmt.Sprintf("may not be unspecified (%v)", value)},
		{ip.IsLoopback(), "may not be in the loopback range (127.0.0.0/8, ::1/128)"},
		{ip.IsLinkLocalUnicast(), "may not be in the link-local range (169.254.0.0/16, fe80::/10)"},
		{ip.IsLinkLocalMulticast(), "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"},
	} {
		if rule.broken {
			errs = append(errs, field.Invalid(path, value, rule.detail))
		}
	}
	return errs
}

// servicePortKey prints as the internal type does in the real server's
// "Duplicate value" message.
type servicePortKey struct {
	Name        string
	Protocol    corev1.Protocol
	AppProtocol *string
	Port        int32
	TargetPort  int32
	NodePort    int32
}

func validatePortUniqueness(svc *corev1.Service) field.ErrorList {
	var errs field.ErrorList
	path := field.NewPath("spec", "ports")
	if svc.Spec.Type == corev1.ServiceTypeClusterIP {
		for i, port := range svc.Spec.Ports {
			if port.NodePort != 0 {
				errs = append(errs, field.Forbidden(path.Index(i).Child("nodePort"), "may not be used when `type` is 'ClusterIP'"))
			}
		}
	}
	seen := sets.New[servicePortKey]()
	for i, port := range svc.Spec.Ports {
		key := servicePortKey{Protocol: port.Protocol, NodePort: port.NodePort}
		if port.NodePort != 0 && seen.Has(key) {
			errs = append(errs, field.Duplicate(path.Index(i).Child("nodePort"), port.NodePort))
		}
		seen.Insert(key)
	}
	seen = sets.New[servicePortKey]()
	for i, port := range svc.Spec.Ports {
		key := servicePortKey{Protocol: port.Protocol, Port: port.Port}
		if seen.Has(key) {
			errs = append(errs, field.Duplicate(path.Index(i), key))
		}
		seen.Insert(key)
	}
	return errs
}

func validateSourceRanges(svc, old *corev1.Service) field.ErrorList {
	var errs field.ErrorList
	balancer := svc.Spec.Type == corev1.ServiceTypeLoadBalancer
	const detail = "may only be used when `type` is 'LoadBalancer'"
	if len(svc.Spec.LoadBalancerSourceRanges) > 0 {
		// The capital L is the real server's.
		path := field.NewPath("spec", "LoadBalancerSourceRanges")
		if !balancer {
			errs = append(errs, field.Forbidden(path, detail))
		}
		var existing []string
		if old != nil {
			for _, value := range old.Spec.LoadBalancerSourceRanges {
				existing = append(existing, strings.TrimSpace(value))
			}
		}
		for i, value := range svc.Spec.LoadBalancerSourceRanges {
			errs = append(errs, utilvalidation.IsValidCIDRForLegacyField(path.Index(i), strings.TrimSpace(value), true, existing)...)
		}
		return errs
	}
	value, found := svc.Annotations[corev1.AnnotationLoadBalancerSourceRangesKey]
	if !found {
		return nil
	}
	path := field.NewPath("metadata", "annotations").Key(corev1.AnnotationLoadBalancerSourceRangesKey)
	if !balancer {
		errs = append(errs, field.Forbidden(path, detail))
	}
	unchanged := old != nil && old.Annotations[corev1.AnnotationLoadBalancerSourceRangesKey] == value
	if value = strings.TrimSpace(value); unchanged || value == "" {
		return errs
	}
	for cidr := range strings.SplitSeq(value, ",") {
		errs = append(errs, utilvalidation.IsValidCIDRForLegacyField(path, strings.TrimSpace(cidr), true, nil)...)
	}
	return errs
}

func validateBalancerFields(svc *corev1.Service) field.ErrorList {
	balancer := svc.Spec.Type == corev1.ServiceTypeLoadBalancer
	if balancer && svc.Spec.AllocateLoadBalancerNodePorts == nil {
		return field.ErrorList{field.Required(field.NewPath("allocateLoadBalancerNodePorts"), "")}
	}
	if !balancer && svc.Spec.AllocateLoadBalancerNodePorts != nil {
		return field.ErrorList{field.Forbidden(field.NewPath("spec", "allocateLoadBalancerNodePorts"), "may only be used when `type` is 'LoadBalancer'")}
	}
	return nil
}

func validateBalancerClass(svc, old *corev1.Service) field.ErrorList {
	var errs field.ErrorList
	path := field.NewPath("spec", "loadBalancerClass")
	balancer := svc.Spec.Type == corev1.ServiceTypeLoadBalancer
	if old != nil && balancer && old.Spec.Type == corev1.ServiceTypeLoadBalancer && !ptr.Equal(svc.Spec.LoadBalancerClass, old.Spec.LoadBalancerClass) {
		errs = append(errs, field.Invalid(path, svc.Spec.LoadBalancerClass, "may not change once set"))
	}
	if svc.Spec.LoadBalancerClass == nil {
		return errs
	}
	if !balancer {
		return append(errs, field.Forbidden(path, "may only be used when `type` is 'LoadBalancer'"))
	}
	return append(errs, kinds.Invalids(path, *svc.Spec.LoadBalancerClass, utilvalidation.IsQualifiedName(*svc.Spec.LoadBalancerClass))...)
}

func validateTrafficPolicies(svc *corev1.Service) field.ErrorList {
	var errs field.ErrorList
	spec := field.NewPath("spec")
	external := spec.Child("externalTrafficPolicy")
	switch policy := svc.Spec.ExternalTrafficPolicy; {
	case !externallyAccessible(svc):
		if policy != "" {
			errs = append(errs, field.Invalid(external, policy, "may only be set for externally-accessible services"))
		}
	case policy == "":
		errs = append(errs, field.Required(external, ""))
	case !externalTrafficPolicies.Has(policy):
		errs = append(errs, field.NotSupported(external, policy, sets.List(externalTrafficPolicies)))
	}
	health := spec.Child("healthCheckNodePort")
	switch port := svc.Spec.HealthCheckNodePort; {
	case !needsHealthCheck(svc):
		if port != 0 {
			errs = append(errs, field.Invalid(health, port, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"))
		}
	case port == 0:
		errs = append(errs, field.Required(health, ""))
	default:
		errs = append(errs, kinds.Invalids(health, port, utilvalidation.IsValidPortNum(int(port)))...)
	}
	internal := svc.Spec.InternalTrafficPolicy
	if internal == nil && (mayHaveNodePorts(svc) || svc.Spec.Type == corev1.ServiceTypeClusterIP) {
		errs = append(errs, field.Required(spec.Child("internalTrafficPolicy"), ""))
	}
	if internal != nil && !internalTrafficPolicies.Has(*internal) {
		errs = append(errs, field.NotSupported(spec.Child("internalTrafficPolicy"), *internal, sets.List(internalTrafficPolicies)))
	}
	if d := svc.Spec.TrafficDistribution; d != nil && !slices.Contains(trafficDistributions, *d) {
		errs = append(errs, field.NotSupported(spec.Child("trafficDistribution"), *d, trafficDistributions))
	}
	return errs
}
