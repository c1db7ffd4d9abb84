package workload

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// Of the rules for Pods these are the ones that a controller runs into: what
// must be there, names, policies, ports, volumes and their mounts, tolerations, and what
// may change. What a kubelet cares about (the rest of volumes, security contexts, probes)
// is taken as it comes.

func validatePod(pod *corev1.Pod) field.ErrorList {
	errs := validatePodSpec(&pod.Spec, field.NewPath("spec"))
	for i, c := range pod.Spec.Containers {
		errs = append(errs, validateImageSpace(c, field.NewPath("spec", "containers").Index(i))...)
	}
	return errs
}

func validateNewPod(pod *corev1.Pod) field.ErrorList {
	errs := validatePod(pod)
	if pod.Spec.NodeName != "" && len(pod.Spec.SchedulingGates) > 0 {
		errs = append(errs, field.Forbidden(field.NewPath("spec", "nodeName"), "cannot be set until all schedulingGates have been cleared"))
	}
	return errs
}

func validateImageSpace(c corev1.Container, path *field.Path) field.ErrorList {
	if strings.TrimSpace(c.Image) == c.Image {
		return nil
	}
	return field.ErrorList{field.Invalid(path.Child("image"), c.Image, "must not have leading or trailing whitespace")}
}

func validatePodSpec(spec *corev1.PodSpec, path *field.Path) field.ErrorList {
	names := sets.New[string]()
	volumes, errs := validateVolumes(spec.Volumes, path.Child("volumes"))
	if len(spec.Containers) == 0 {
		errs = append(errs, field.Required(path.Child("containers"), ""))
	}
	errs = append(errs, validateContainers(spec.Containers, names, volumes, path.Child("containers"))...)
	errs = append(errs, validateContainers(spec.InitContainers, names, volumes, path.Child("initContainers"))...)
	errs = append(errs, validatePodPolicies(spec, path)...)
	errs = append(errs, kinds.SortedErrors(metav1validation.ValidateLabels(spec.NodeSelector, path.Child("nodeSelector")))...)
	errs = append(errs, validateGates(spec.SchedulingGates, path.Child("schedulingGates"))...)
	if name := spec.ServiceAccountName; name != "" {
		errs = append(errs, kinds.Invalids(path.Child("serviceAccountName"), name, apivalidation.NameIsDNSSubdomain(name, false))...)
	}
	if name := spec.NodeName; name != "" {
		errs = append(errs, kinds.Invalids(path.Child("nodeName"), name, apivalidation.NameIsDNSSubdomain(name, false))...)
	}
	if seconds := spec.ActiveDeadlineSeconds; seconds != nil && *seconds < 1 {
		errs = append(errs, field.Invalid(path.Child("activeDeadlineSeconds"), seconds, "must be between 1 and 2147483647, inclusive"))
	}
	if name := spec.Hostname; name != "" {
		errs = append(errs, kinds.Invalids(path.Child("hostname"), name, utilvalidation.IsDNS1123Label(name))...)
	}
	if name := spec.Subdomain; name != "" {
		errs = append(errs, kinds.Invalids(path.Child("subdomain"), name, utilvalidation.IsDNS1123Label(name))...)
	}
	errs = append(errs, validateTolerations(spec.Tolerations, path.Child("tolerations"))...)
	return append(errs, validatePriorityClass(spec.PriorityClassName, path.Child("priorityClassName"))...)
}

var (
	restartPolicies = []corev1.RestartPolicy{corev1.RestartPolicyAlways, corev1.RestartPolicyOnFailure, corev1.RestartPolicyNever}
	dnsPolicies     = []corev1.DNSPolicy{corev1.DNSClusterFirstWithHostNet, corev1.DNSClusterFirst, corev1.DNSDefault, corev1.DNSNone}
	pullPolicies    = sets.New(corev1.PullAlways, corev1.PullIfNotPresent, corev1.PullNever)
)

func validatePodPolicies(spec *corev1.PodSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if !slices.Contains(restartPolicies, spec.RestartPolicy) {
		errs = append(errs, field.NotSupported(path.Child("restartPolicy"), spec.RestartPolicy, restartPolicies))
	}
	if !slices.Contains(dnsPolicies, spec.DNSPolicy) {
		errs = append(errs, field.NotSupported(path.Child("dnsPolicy"), spec.DNSPolicy, dnsPolicies))
	}
	return errs
}

func validateContainers(containers []corev1.Container, names, volumes sets.Set[string], path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i := range containers {
		c, path := &containers[i], path.Index(i)
		if c.Name == "" {
			errs = append(errs, field.Required(path.Child("name"), ""))
		} else {
			errs = append(errs, kinds.Invalids(path.Child("name"), c.Name, utilvalidation.IsDNS1123Label(c.Name))...)
		}
		if c.Image == "" {
			errs = append(errs, field.Required(path.Child("image"), ""))
		}
		errs = append(errs, validateContainerPorts(c.Ports, path.Child("ports"))...)
		errs = append(errs, validateMounts(c.VolumeMounts, volumes, path.Child("volumeMounts"))...)
		errs = append(errs, validateResources(&c.Resources, path.Child("resources"))...)
		if !pullPolicies.Has(c.ImagePullPolicy) {
			errs = append(errs, field.NotSupported(path.Child("imagePullPolicy"), c.ImagePullPolicy, sets.List(pullPolicies)))
		}
		if names.Has(c.Name) {
			errs = append(errs, field.Duplicate(path.Child("name"), c.Name))
		}
		names.Insert(c.Name)
	}
	return errs
}

func validateContainerPorts(ports []corev1.ContainerPort, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	names := sets.New[string]()
	for i := range ports {
		port, path := &ports[i], path.Index(i)
		if port.Name != "" {
			if bad := utilvalidation.IsValidPortName(port.Name); len(bad) > 0 {
				errs = append(errs, kinds.Invalids(path.Child("name"), port.Name, bad)...)
			} else if names.Has(port.Name) {
				errs = append(errs, field.Duplicate(path.Child("name"), port.Name))
			}
			names.Insert(port.Name)
		}
		if port.ContainerPort == 0 {
			errs = append(errs, field.Required(path.Child("containerPort"), ""))
		} else {
			errs = append(errs, kinds.Invalids(path.Child("containerPort"), port.ContainerPort, utilvalidation.IsValidPortNum(int(port.ContainerPort)))...)
		}
		if port.HostPort != 0 {
			errs = append(errs, kinds.Invalids(path.Child("hostPort"), port.HostPort, utilvalidation.IsValidPortNum(int(port.HostPort)))...)
		}
		if !kinds.PortProtocols.Has(port.Protocol) {
			errs = append(errs, field.NotSupported(path.Child("protocol"), port.Protocol, sets.List(kinds.PortProtocols)))
		}
	}
	return errs
}

// podUpdatable is how the real server lists what may change in a Pod's spec.
const podUpdatable = "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`," +
	"`spec.tolerations` (only additions to existing tolerations)," +
	"`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"

func validatePodUpdate(pod, old *corev1.Pod) field.ErrorList {
	errs := validatePod(pod)
	spec := field.NewPath("spec")
	for _, list := range []struct {
		name     string
		now, was []corev1.Container
	}{
		{"containers", pod.Spec.Containers, old.Spec.Containers},
		{"initContainers", pod.Spec.InitContainers, old.Spec.InitContainers},
	} {
		if len(list.now) != len(list.was) {
			return append(errs, field.Forbidden(spec.Child(list.name), "pod updates may not add or remove containers"))
		}
	}
	if late := validateDeadlineUpdate(pod.Spec.ActiveDeadlineSeconds, old.Spec.ActiveDeadlineSeconds, spec.Child("activeDeadlineSeconds")); len(late) > 0 {
		return append(errs, late...)
	}
	for _, before := range old.Spec.Tolerations {
		if !slices.ContainsFunc(pod.Spec.Tolerations, func(now corev1.Toleration) bool {
			before.TolerationSeconds = now.TolerationSeconds
			return reflect.DeepEqual(before, now)
		}) {
			errs = append(errs, field.Forbidden(spec.Child("tolerations"), "existing toleration can not be modified except its tolerationSeconds"))
			break
		}
	}
	for i, gate := range pod.Spec.SchedulingGates {
		if !slices.Contains(old.Spec.SchedulingGates, gate) {
			errs = append(errs, field.Forbidden(spec.Child("schedulingGates").Index(i).Child("name"), fmt.Sprintf("only deletion is allowed, but found new scheduling gate '%s'", gate.Name)))
		}
	}
	if !onlyUpdatable(&pod.Spec, &old.Spec) {
		errs = append(errs, field.Forbidden(spec, fmt.Sprintf("pod updates may not change fields other than %s\n", podUpdatable)))
	}
	return errs
}

func validateDeadlineUpdate(now, before *int64, path *field.Path) field.ErrorList {
	switch {
	case now == nil && before != nil:
		return field.ErrorList{field.Invalid(path, now, "must not update from a positive integer to nil value")}
	case now != nil && before != nil && *before < *now:
		return field.ErrorList{field.Invalid(path, *now, "must be less than or equal to previous value")}
	}
	return nil
}

// onlyUpdatable compares two specs with all that may change made equal.
func onlyUpdatable(spec, old *corev1.PodSpec) bool {
	if apiequality.Semantic.DeepEqual(spec, old) {
		return true
	}
	same := spec.DeepCopy()
	for i := range same.Containers {
		same.Containers[i].Image = old.Containers[i].Image
	}
	for i := range same.InitContainers {
		same.InitContainers[i].Image = old.InitContainers[i].Image
	}
	same.ActiveDeadlineSeconds = old.ActiveDeadlineSeconds
	same.Tolerations = old.Tolerations
	if len(same.SchedulingGates) < len(old.SchedulingGates) {
		same.SchedulingGates = old.SchedulingGates
	}
	if grace := old.TerminationGracePeriodSeconds; grace != nil && *grace < 0 {
		same.TerminationGracePeriodSeconds = grace
	}
	return apiequality.Semantic.DeepEqual(same, old)
}

func validatePodStatus(pod, old *corev1.Pod) field.ErrorList {
	var errs field.ErrorList
	status := field.NewPath("status")
	if name := pod.Status.NominatedNodeName; name != old.Status.NominatedNodeName && name != "" {
		errs = append(errs, kinds.Invalids(status.Child("nominatedNodeName"), name, apivalidation.NameIsDNSSubdomain(name, false))...)
		if old.Spec.NodeName != "" {
			errs = append(errs, field.Forbidden(status.Child("nominatedNodeName"), "may not be set on pods that are already bound to a node"))
		}
	}
	if pod.Status.ObservedGeneration < 0 {
		errs = append(errs, field.Invalid(status.Child("observedGeneration"), pod.Status.ObservedGeneration, "must be a non-negative integer"))
	}
	errs = append(errs, apivalidation.ValidateImmutableField(pod.Status.QOSClass, old.Status.QOSClass, status.Child("qosClass"))...)
	ips := sets.New[string]()
	for i, ip := range pod.Status.PodIPs {
		path := status.Child("podIPs").Index(i)
		errs = append(errs, utilvalidation.IsValidIPForLegacyField(path, ip.IP, true, podIPs(old))...)
		if ips.Has(ip.IP) {
			errs = append(errs, field.Duplicate(path, ip))
		}
		ips.Insert(ip.IP)
	}
	return errs
}

func podIPs(pod *corev1.Pod) []string {
	var ips []string
	for _, ip := range pod.Status.PodIPs {
		ips = append(ips, ip.IP)
	}
	return ips
}
