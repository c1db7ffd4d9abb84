package audit

import (
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

// ofExports finds what is exported and has no address.
func (s *snapshot) ofExports() []Finding {
	var findings []Finding

	for name, export := range s.exports {
		service := s.services[name]
		if service == nil || service.DeletionTimestamp != nil || export.DeletionTimestamp != nil {
			continue
		}

		switch {
		case service.Spec.ClusterIP != corev1.ClusterIPNone:
			if service.Spec.Type == corev1.ServiceTypeClusterIP {
				findings = append(findings, s.served("Service "+name.String(), func(gip *v1.GlobalIngressIP) bool {
					return gip.Spec.Target == v1.ClusterIPService && serviceOf(gip) == name
				})...)
			}
		case len(service.Spec.Selector) > 0:
			findings = append(findings, s.ofPods(name, service)...)
		default:
			findings = append(findings, s.ofEndpoints(name, service)...)
		}
	}

	return findings
}

func (s *snapshot) ofPods(name types.NamespacedName, service *corev1.Service) []Finding {
	var findings []Finding

	for podName, pod := range s.pods {
		if podName.Namespace != name.Namespace || !selects(service, pod) || pod.DeletionTimestamp != nil ||
			pod.Status.Phase != corev1.PodRunning || !isIPv4(pod.Status.PodIP) || !ready(pod) && !service.Spec.PublishNotReadyAddresses {
			continue
		}

		findings = append(findings, s.served("Pod "+podName.String(), func(gip *v1.GlobalIngressIP) bool {
			return gip.Spec.Target == v1.HeadlessServicePod && serviceOf(gip) == name &&
				gip.Spec.PodRef != nil && gip.Spec.PodRef.Name == pod.Name
		})...)
	}

	return findings
}

func (s *snapshot) ofEndpoints(name types.NamespacedName, service *corev1.Service) []Finding {
	var findings []Finding

	for _, address := range addressesOf(s.endpoints[name], service.Spec.PublishNotReadyAddresses) {
		if !isIPv4(address) {
			continue
		}

		findings = append(findings, s.served(fmt.Sprintf("Endpoints %s, address %s,", name, address), func(gip *v1.GlobalIngressIP) bool {
			return gip.Spec.Target == v1.HeadlessServiceEndpoints && serviceOf(gip) == name &&
				gip.Annotations[v1.HeadlessServiceEndpointsIP] == address
		})...)
	}

	return findings
}

// served finds nothing if a GlobalIngressIP that leads to the object has an
// address.
func (s *snapshot) served(object string, leadsTo func(*v1.GlobalIngressIP) bool) []Finding {
	i := slices.IndexFunc(s.gips, func(gip v1.GlobalIngressIP) bool { return leadsTo(&gip) })

	switch {
	case i < 0:
		return []Finding{{Missing, object, "", "it is exported and has no GlobalIngressIP"}}
	case s.gips[i].Status.AllocatedIP != "":
		return nil
	}

	why := "no reason is given"
	if c := meta.FindStatusCondition(s.gips[i].Status.Conditions, v1.ConditionAllocated); c != nil {
		why = c.Reason + ": " + c.Message
	}

	return []Finding{{Missing, nameOf(&s.gips[i]), "", "it has no address: " + why}}
}

func isIPv4(text string) bool {
	address, err := netip.ParseAddr(text)

	return err == nil && address.Is4()
}

func ready(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}
