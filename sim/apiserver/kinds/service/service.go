package service

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// serviceStrategy rules Services and holds the pools they draw on.
//
// The rules follow pkg/registry/core/service of Kubernetes 1.37.
type serviceStrategy struct {
	kinds.Rules[*corev1.Service]
	*serviceAllocator
}

// New makes the kind Service, with pools of its own. Its strategy is a
// [kinds.Allocator].
func New(options kinds.Options) *kinds.Kind {
	allocator := newServiceAllocator(options)
	strategy := &serviceStrategy{
		Rules: kinds.Rules[*corev1.Service]{
			Defaults: defaultService,
			PrepareCreate: func(svc *corev1.Service) {
				svc.Status = corev1.ServiceStatus{}
			},
			PrepareUpdate:  prepareServiceUpdate,
			Check:          func(svc *corev1.Service) field.ErrorList { return validateService(svc, nil) },
			CheckUpdate:    validateServiceUpdate,
			WarnCreate:     serviceWarnings,
			WarnUpdate:     func(svc, _ *corev1.Service) []string { return serviceWarnings(svc) },
			Name:           apivalidation.NameIsDNSLabel,
			CreateOnUpdate: true,
		},
		serviceAllocator: allocator,
	}
	kind := kinds.Builtin[*corev1.Service, *corev1.ServiceList](corev1.SchemeGroupVersion, kinds.Spec{
		Resource:   "services",
		ShortNames: []string{"svc"},
		Categories: []string{"all"},
		Namespaced: true,
		Strategy:   strategy,
		Status: &kinds.Rules[*corev1.Service]{
			PrepareUpdate: func(svc, old *corev1.Service) { svc.Spec = old.Spec },
			CheckUpdate:   validateServiceStatusUpdate,
			WarnUpdate:    func(svc, _ *corev1.Service) []string { return serviceStatusWarnings(svc) },
		},
		Table: kinds.TableOf(serviceColumns, serviceCells),
		Selectable: kinds.Selectable(func(svc *corev1.Service) fields.Set {
			return fields.Set{
				"spec.clusterIP": svc.Spec.ClusterIP,
				"spec.type":      string(svc.Spec.Type),
			}
		}),
	})
	kind.Versions[0].Shown = func(obj runtime.Object) runtime.Object { return shownService(obj.(*corev1.Service)) }
	return kind
}

// prepareServiceUpdate keeps the status and drops what a new type has no use
// for, as long as the user did not change it too: then validation shall say
// what is wrong with it.
func prepareServiceUpdate(svc, old *corev1.Service) {
	svc.Status = *old.Status.DeepCopy()
	if old.Spec.Type != corev1.ServiceTypeExternalName && svc.Spec.Type == corev1.ServiceTypeExternalName {
		if svc.Spec.ClusterIP == old.Spec.ClusterIP && slices.Equal(svc.Spec.ClusterIPs, old.Spec.ClusterIPs) {
			svc.Spec.ClusterIP, svc.Spec.ClusterIPs = "", nil
		}
		if slices.Equal(svc.Spec.IPFamilies, old.Spec.IPFamilies) {
			svc.Spec.IPFamilies = nil
		}
		if ptr.Equal(svc.Spec.IPFamilyPolicy, old.Spec.IPFamilyPolicy) {
			svc.Spec.IPFamilyPolicy = nil
		}
	}
	if mayHaveNodePorts(old) && !mayHaveNodePorts(svc) && nodePortSet(old).IsSuperset(nodePortSet(svc)) {
		for i := range svc.Spec.Ports {
			svc.Spec.Ports[i].NodePort = 0
		}
	}
	if needsHealthCheck(old) && !needsHealthCheck(svc) && svc.Spec.HealthCheckNodePort == old.Spec.HealthCheckNodePort {
		svc.Spec.HealthCheckNodePort = 0
	}
	wasBalancer := old.Spec.Type == corev1.ServiceTypeLoadBalancer
	if isBalancer := svc.Spec.Type == corev1.ServiceTypeLoadBalancer; !isBalancer {
		if wasBalancer && ptr.Equal(svc.Spec.AllocateLoadBalancerNodePorts, old.Spec.AllocateLoadBalancerNodePorts) {
			svc.Spec.AllocateLoadBalancerNodePorts = nil
		}
		if wasBalancer && ptr.Equal(svc.Spec.LoadBalancerClass, old.Spec.LoadBalancerClass) {
			svc.Spec.LoadBalancerClass = nil
		}
		svc.Status.LoadBalancer = corev1.LoadBalancerStatus{}
	}
	if externallyAccessible(old) && !externallyAccessible(svc) && svc.Spec.ExternalTrafficPolicy == old.Spec.ExternalTrafficPolicy {
		svc.Spec.ExternalTrafficPolicy = ""
	}
}

// shownService hides the internalTrafficPolicy of an ExternalName: it means
// nothing there, but was once defaulted and is stored to this day.
func shownService(svc *corev1.Service) *corev1.Service {
	if svc.Spec.Type != corev1.ServiceTypeExternalName || svc.Spec.InternalTrafficPolicy == nil {
		return svc
	}
	svc = svc.DeepCopy()
	svc.Spec.InternalTrafficPolicy = nil
	return svc
}

func serviceWarnings(svc *corev1.Service) []string {
	var warnings []string
	spec := field.NewPath("spec")
	if _, ok := svc.Annotations[corev1.DeprecatedAnnotationTopologyAwareHints]; ok {
		warnings = append(warnings, fmt.Sprintf("annotation %s is deprecated, please use %s instead",
			corev1.DeprecatedAnnotationTopologyAwareHints, corev1.AnnotationTopologyMode))
	}
	if svc.Spec.ClusterIP != "" && svc.Spec.ClusterIP != corev1.ClusterIPNone {
		for i, ip := range svc.Spec.ClusterIPs {
			warnings = append(warnings, utilvalidation.GetWarningsForIP(spec.Child("clusterIPs").Index(i), ip)...)
		}
	}
	headless := svc.Spec.Type == corev1.ServiceTypeClusterIP && svc.Spec.ClusterIP == corev1.ClusterIPNone
	if headless {
		warnings = append(warnings, headlessWarnings(svc)...)
	}
	for i, ip := range svc.Spec.ExternalIPs {
		warnings = append(warnings, utilvalidation.GetWarningsForIP(spec.Child("externalIPs").Index(i), ip)...)
	}
	externalName := svc.Spec.Type == corev1.ServiceTypeExternalName
	if len(svc.Spec.ExternalIPs) > 0 && !headless && !externalName {
		warnings = append(warnings, "spec.externalIPs is deprecated and may no longer be implemented in some clusters")
	}
	if svc.Spec.LoadBalancerIP != "" {
		warnings = append(warnings, utilvalidation.GetWarningsForIP(spec.Child("loadBalancerIP"), svc.Spec.LoadBalancerIP)...)
	}
	for i, cidr := range svc.Spec.LoadBalancerSourceRanges {
		warnings = append(warnings, utilvalidation.GetWarningsForCIDR(spec.Child("loadBalancerSourceRanges").Index(i), cidr)...)
	}
	if externalName && len(svc.Spec.ExternalIPs) > 0 {
		warnings = append(warnings, fmt.Sprintf("spec.externalIPs is ignored when spec.type is %q", svc.Spec.Type))
	}
	if !externalName && svc.Spec.ExternalName != "" {
		warnings = append(warnings, fmt.Sprintf("spec.externalName is ignored when spec.type is not %q", corev1.ServiceTypeExternalName))
	}
	if ptr.Deref(svc.Spec.TrafficDistribution, "") == corev1.ServiceTrafficDistributionPreferClose {
		warnings = append(warnings, fmt.Sprintf("spec.trafficDistribution: %q is deprecated; use %q",
			corev1.ServiceTrafficDistributionPreferClose, corev1.ServiceTrafficDistributionPreferSameZone))
	}
	return warnings
}

func headlessWarnings(svc *corev1.Service) []string {
	var warnings []string
	if svc.Spec.LoadBalancerIP != "" {
		warnings = append(warnings, "spec.loadBalancerIP is ignored for headless services")
	}
	if len(svc.Spec.ExternalIPs) > 0 {
		warnings = append(warnings, "spec.externalIPs is ignored for headless services")
	}
	if svc.Spec.SessionAffinity != corev1.ServiceAffinityNone {
		warnings = append(warnings, "spec.SessionAffinity is ignored for headless services")
	}
	return warnings
}

func serviceStatusWarnings(svc *corev1.Service) []string {
	var warnings []string
	path := field.NewPath("status", "loadBalancer", "ingress")
	for i, ingress := range svc.Status.LoadBalancer.Ingress {
		if ingress.IP != "" {
			warnings = append(warnings, utilvalidation.GetWarningsForIP(path.Index(i), ingress.IP)...)
		}
	}
	return warnings
}

// mayHaveNodePorts tells whether the type has node ports at all, whether or
// not they are to be allocated.
func mayHaveNodePorts(svc *corev1.Service) bool {
	return svc.Spec.Type == corev1.ServiceTypeNodePort || svc.Spec.Type == corev1.ServiceTypeLoadBalancer
}

func nodePortSet(svc *corev1.Service) sets.Set[int32] {
	ports := sets.New[int32]()
	for _, p := range svc.Spec.Ports {
		if p.NodePort != 0 {
			ports.Insert(p.NodePort)
		}
	}
	return ports
}

// needsHealthCheck tells whether load balancers must ask a port which nodes
// have endpoints.
func needsHealthCheck(svc *corev1.Service) bool {
	return svc.Spec.Type == corev1.ServiceTypeLoadBalancer &&
		svc.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal
}

func externallyAccessible(svc *corev1.Service) bool {
	return mayHaveNodePorts(svc) ||
		svc.Spec.Type == corev1.ServiceTypeClusterIP && len(svc.Spec.ExternalIPs) > 0
}

// isHeadless is what validation means by headless: clusterIPs is exactly [None].
func isHeadless(svc *corev1.Service) bool {
	return len(svc.Spec.ClusterIPs) == 1 && svc.Spec.ClusterIPs[0] == corev1.ClusterIPNone
}
