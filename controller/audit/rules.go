package audit

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

func nameOf(gip *v1.GlobalIngressIP) string {
	return "GlobalIngressIP " + client.ObjectKeyFromObject(gip).String()
}

// doubles finds addresses that two owners use, by status or by internal Service.
func (s *snapshot) doubles() []Finding {
	users := map[string][]string{}
	use := func(address, owner string) {
		if address != "" && !slices.Contains(users[address], owner) {
			users[address] = append(users[address], owner)
		}
	}

	for i := range s.gips {
		use(s.gips[i].Status.AllocatedIP, nameOf(&s.gips[i]))
	}

	for i := range s.internal {
		internal := &s.internal[i]
		owner := types.NamespacedName{Namespace: internal.Namespace, Name: internal.Labels[v1.InternalServiceLabel]}

		for _, address := range internal.Spec.ExternalIPs {
			use(address, "GlobalIngressIP "+owner.String())
		}
	}

	var findings []Finding

	for address, owners := range users {
		if slices.Sort(owners); len(owners) > 1 {
			findings = append(findings, Finding{Double, owners[0], address, "it is also used by " + strings.Join(owners[1:], ", ")})
		}
	}

	return findings
}

// ofIngresses looks at each GlobalIngressIP: whether what it is for exists, and
// whether its address is claimed, carried and within the CIDRs.
func (s *snapshot) ofIngresses() []Finding {
	var findings []Finding

	for i := range s.gips {
		gip := &s.gips[i]
		address := gip.Status.AllocatedIP
		find := func(kind Kind, format string, args ...any) {
			findings = append(findings, Finding{kind, nameOf(gip), address, fmt.Sprintf(format, args...)})
		}

		if gone := s.gone(gip); gone != "" {
			find(Orphaned, "%s", gone)
		}

		if gip.DeletionTimestamp != nil {
			find(Leaked, "it is being deleted and kept by %s", strings.Join(gip.Finalizers, ", "))
		}

		if address == "" {
			continue
		}

		if claim := s.claims[address]; claim == nil {
			find(Missing, "its address is not claimed")
		} else if owner, ours := ownerOf(claim); !ours || owner != client.ObjectKeyFromObject(gip) {
			find(Double, "its address is claimed by %s", describe(claim))
		}

		if parsed, err := netip.ParseAddr(address); len(s.cidrs) > 0 && (err != nil || !s.within(parsed)) {
			find(Outside, "its address lies in none of %v", s.cidrs)
		}

		if gip.Spec.Target == v1.ClusterIPService {
			if fault := s.misrouted(gip); fault != "" {
				find(Missing, "%s", fault)
			}
		}
	}

	return findings
}

func (s *snapshot) within(address netip.Addr) bool {
	return slices.ContainsFunc(s.cidrs, func(cidr netip.Prefix) bool { return cidr.Contains(address) })
}

// gone says what a GlobalIngressIP is for and does not exist, or "".
func (s *snapshot) gone(gip *v1.GlobalIngressIP) string {
	name := serviceOf(gip)
	service := s.services[name]

	switch {
	case service == nil:
		return fmt.Sprintf("Service %s does not exist", name)
	case s.exports[name] == nil:
		return fmt.Sprintf("Service %s is not exported", name)
	}

	if uid := gip.Annotations[v1.ServiceUIDAnnotation]; uid != "" && uid != string(service.UID) {
		return fmt.Sprintf("Service %s was deleted and created again", name)
	}

	switch gip.Spec.Target {
	case v1.HeadlessServicePod:
		if gip.Spec.PodRef == nil {
			return "it names no pod"
		}

		pod := s.pods[types.NamespacedName{Namespace: gip.Namespace, Name: gip.Spec.PodRef.Name}]
		if pod == nil {
			return fmt.Sprintf("pod %s does not exist", gip.Spec.PodRef.Name)
		}

		if !selects(service, pod) {
			return fmt.Sprintf("Service %s does not select pod %s", name, pod.Name)
		}
	case v1.HeadlessServiceEndpoints:
		address := gip.Annotations[v1.HeadlessServiceEndpointsIP]
		if !slices.Contains(addressesOf(s.endpoints[name], true), address) {
			return fmt.Sprintf("%s is not among the Endpoints of %s", address, name)
		}
	case v1.ClusterIPService:
	}

	return ""
}

// misrouted says what is wrong with the internal Service, or "".
func (s *snapshot) misrouted(gip *v1.GlobalIngressIP) string {
	name := v1.InternalServiceName(serviceOf(gip).Name)

	i := slices.IndexFunc(s.internal, func(internal corev1.Service) bool {
		return internal.Namespace == gip.Namespace && internal.Name == name
	})
	if i < 0 {
		return fmt.Sprintf("internal Service %s does not exist", name)
	}

	if !slices.Equal(s.internal[i].Spec.ExternalIPs, []string{gip.Status.AllocatedIP}) {
		return fmt.Sprintf("internal Service %s has external IPs %v", name, s.internal[i].Spec.ExternalIPs)
	}

	return ""
}

// ofClaims finds claims that nobody uses, and foreign ones within the CIDRs.
func (s *snapshot) ofClaims() []Finding {
	var findings []Finding

	for address, claim := range s.claims {
		owner, ours := ownerOf(claim)
		parsed, err := netip.ParseAddr(address)

		if !ours {
			if err == nil && s.within(parsed) {
				findings = append(findings, Finding{Foreign, "IPAddress " + address, address, "it is claimed by " + describe(claim)})
			}

			continue
		}

		i := slices.IndexFunc(s.gips, func(gip v1.GlobalIngressIP) bool { return client.ObjectKeyFromObject(&gip) == owner })

		switch {
		case i < 0:
			findings = append(findings, Finding{Leaked, "IPAddress " + address, address, fmt.Sprintf("GlobalIngressIP %s does not exist", owner)})
		case s.gips[i].Status.AllocatedIP != address:
			findings = append(findings, Finding{Leaked, "IPAddress " + address, address,
				fmt.Sprintf("GlobalIngressIP %s has address %q", owner, s.gips[i].Status.AllocatedIP)})
		}
	}

	return findings
}

// ofInternalServices finds those without a GlobalIngressIP.
func (s *snapshot) ofInternalServices() []Finding {
	var findings []Finding

	for i := range s.internal {
		internal := &s.internal[i]
		owner := types.NamespacedName{Namespace: internal.Namespace, Name: internal.Labels[v1.InternalServiceLabel]}

		if !slices.ContainsFunc(s.gips, func(gip v1.GlobalIngressIP) bool { return client.ObjectKeyFromObject(&gip) == owner }) {
			findings = append(findings, Finding{Leaked, "Service " + client.ObjectKeyFromObject(internal).String(),
				strings.Join(internal.Spec.ExternalIPs, ","), fmt.Sprintf("GlobalIngressIP %s does not exist", owner)})
		}
	}

	return findings
}

func describe(claim *networkingv1.IPAddress) string {
	ref := claim.Spec.ParentRef
	if ref == nil {
		return "nobody"
	}

	return strings.TrimSpace(fmt.Sprintf("%s %s", ref.Resource, strings.TrimPrefix(ref.Namespace+"/"+ref.Name, "/")))
}

func ownerOf(claim *networkingv1.IPAddress) (types.NamespacedName, bool) {
	ref := claim.Spec.ParentRef
	if ref == nil || ref.Group != v1.GroupVersion.Group || claim.Labels[networkingv1.LabelManagedBy] != v1.ManagedBy {
		return types.NamespacedName{}, false
	}

	return types.NamespacedName{Namespace: ref.Namespace, Name: ref.Name}, true
}

func serviceOf(gip *v1.GlobalIngressIP) types.NamespacedName {
	name := types.NamespacedName{Namespace: gip.Namespace, Name: gip.Labels[v1.ServiceRefLabel]}
	if gip.Spec.ServiceRef != nil {
		name.Name = gip.Spec.ServiceRef.Name
	}

	return name
}

func selects(service *corev1.Service, pod *corev1.Pod) bool {
	return len(service.Spec.Selector) > 0 && labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(pod.Labels))
}

func addressesOf(list *endpoints, alsoNotReady bool) []string {
	if list == nil {
		return nil
	}

	var addresses []string

	for _, subset := range list.Subsets {
		listed := subset.Addresses
		if alsoNotReady {
			listed = slices.Concat(listed, subset.NotReadyAddresses)
		}

		for _, one := range listed {
			addresses = append(addresses, one.IP)
		}
	}

	return addresses
}
