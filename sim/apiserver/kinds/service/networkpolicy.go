package service

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

func defaultNetworkPolicy(p *networkingv1.NetworkPolicy) {
	ports := func(ports []networkingv1.NetworkPolicyPort) {
		for i := range ports {
			ports[i].Protocol = kinds.OrPointer(ports[i].Protocol, corev1.ProtocolTCP)
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

func validateNetworkPolicy(p *networkingv1.NetworkPolicy) field.ErrorList {
	return networkPolicyCheck{}.policy(p)
}

// validateNetworkPolicyUpdate keeps addresses that stood in the old policy, and labels in
// selectors when those of the old one were wrong.
func validateNetworkPolicyUpdate(p, old *networkingv1.NetworkPolicy) field.ErrorList {
	var c networkPolicyCheck
	c.selectors.AllowInvalidLabelValueInSelector = len(c.selector(&old.Spec.PodSelector, nil)) > 0
	for _, rule := range old.Spec.Ingress {
		c.keep(rule.From)
	}
	for _, rule := range old.Spec.Egress {
		c.keep(rule.To)
	}
	return c.policy(p)
}

// networkPolicyCheck is what an update lets pass.
type networkPolicyCheck struct {
	selectors metav1validation.LabelSelectorValidationOptions
	known     []string // addresses
}

func (c networkPolicyCheck) selector(s *metav1.LabelSelector, path *field.Path) field.ErrorList {
	return metav1validation.ValidateLabelSelector(s, c.selectors, path)
}

var policyDirections = []string{string(networkingv1.PolicyTypeIngress), string(networkingv1.PolicyTypeEgress)}

func (c networkPolicyCheck) policy(p *networkingv1.NetworkPolicy) field.ErrorList {
	spec := field.NewPath("spec")
	errs := c.selector(&p.Spec.PodSelector, spec.Child("podSelector"))
	for i, rule := range p.Spec.Ingress {
		errs = append(errs, c.rule(rule.Ports, rule.From, spec.Child("ingress").Index(i), "from")...)
	}
	for i, rule := range p.Spec.Egress {
		errs = append(errs, c.rule(rule.Ports, rule.To, spec.Child("egress").Index(i), "to")...)
	}
	if len(p.Spec.PolicyTypes) > len(policyDirections) {
		return append(errs, field.Invalid(spec.Child("policyTypes"), &p.Spec.PolicyTypes, "may not specify more than two policyTypes"))
	}
	for i, direction := range p.Spec.PolicyTypes {
		if !slices.Contains(policyDirections, string(direction)) {
			errs = append(errs, field.NotSupported(spec.Child("policyTypes").Index(i), direction, policyDirections))
		}
	}
	return errs
}

func (c networkPolicyCheck) rule(ports []networkingv1.NetworkPolicyPort, peers []networkingv1.NetworkPolicyPeer, path *field.Path, side string) field.ErrorList {
	var errs field.ErrorList
	for i := range ports {
		errs = append(errs, validatePolicyPort(&ports[i], path.Child("ports").Index(i))...)
	}
	for i := range peers {
		errs = append(errs, c.peer(&peers[i], path.Child(side).Index(i))...)
	}
	return errs
}

// keep knows the addresses of peers.
func (c *networkPolicyCheck) keep(peers []networkingv1.NetworkPolicyPeer) {
	for _, p := range peers {
		if p.IPBlock != nil {
			c.known = append(append(c.known, p.IPBlock.CIDR), p.IPBlock.Except...)
		}
	}
}

func validatePolicyPort(p *networkingv1.NetworkPolicyPort, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if p.Protocol != nil && !kinds.PortProtocols.Has(*p.Protocol) {
		errs = append(errs, field.NotSupported(path.Child("protocol"), *p.Protocol, []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP}))
	}
	end := func(detail string) field.ErrorList {
		if p.EndPort == nil {
			return nil
		}
		return field.ErrorList{field.Invalid(path.Child("endPort"), *p.EndPort, detail)}
	}
	switch {
	case p.Port == nil:
		return append(errs, end("may not be specified when `port` is not specified")...)
	case p.Port.Type != intstr.Int:
		errs = append(errs, end("may not be specified when `port` is non-numeric")...)
		return append(errs, kinds.Invalids(path.Child("port"), p.Port.StrVal, validation.IsValidPortName(p.Port.StrVal))...)
	}
	errs = append(errs, kinds.Invalids(path.Child("port"), p.Port.IntVal, validation.IsValidPortNum(int(p.Port.IntVal)))...)
	if p.EndPort == nil {
		return errs
	}
	if *p.EndPort < p.Port.IntVal {
		errs = append(errs, end("must be greater than or equal to `port`")...)
	}
	return append(errs, kinds.Invalids(path.Child("endPort"), *p.EndPort, validation.IsValidPortNum(int(*p.EndPort)))...)
}

func (c networkPolicyCheck) peer(p *networkingv1.NetworkPolicyPeer, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	selectors := 0
	for _, s := range []struct {
		name     string
		selector *metav1.LabelSelector
	}{{"podSelector", p.PodSelector}, {"namespaceSelector", p.NamespaceSelector}} {
		if s.selector != nil {
			selectors++
			errs = append(errs, c.selector(s.selector, path.Child(s.name))...)
		}
	}
	if p.IPBlock != nil {
		errs = append(errs, c.block(p.IPBlock, path.Child("ipBlock"))...)
	}
	switch {
	case p.IPBlock == nil && selectors == 0:
		errs = append(errs, field.Required(path, "must specify a peer"))
	case p.IPBlock != nil && selectors > 0:
		errs = append(errs, field.Forbidden(path, "may not specify both ipBlock and another peer"))
	}
	return errs
}

func (c networkPolicyCheck) block(b *networkingv1.IPBlock, path *field.Path) field.ErrorList {
	if b.CIDR == "" {
		return field.ErrorList{field.Required(path.Child("cidr"), "")}
	}
	errs := c.cidr(b.CIDR, path.Child("cidr"))
	_, whole, err := netutils.ParseCIDRSloppy(b.CIDR)
	if err != nil {
		return errs
	}
	for i, text := range b.Except {
		path := path.Child("except").Index(i)
		errs = append(errs, c.cidr(text, path)...)
		_, part, err := netutils.ParseCIDRSloppy(text)
		if err != nil {
			continue
		}
		wholeBits, _ := whole.Mask.Size()
		partBits, _ := part.Mask.Size()
		if !whole.Contains(part.IP) || wholeBits >= partBits {
			errs = append(errs, field.Invalid(path, text, "must be a strict subset of `cidr`"))
		}
	}
	return errs
}

func (c networkPolicyCheck) cidr(text string, path *field.Path) field.ErrorList {
	return validation.IsValidCIDRForLegacyField(path, text, true, c.known)
}
