package globalnet

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/seatrial/seatrial/model"
	corev1 "k8s.io/api/core/v1"
)

// target is what must have a global IP: an exported service of type ClusterIP, or
// one pod or one address behind an exported headless service.
type target struct {
	service  owner
	pod      string // its name, in the service's namespace
	endpoint string
}

// whole: the service itself, not what is behind it.
func (t target) whole() bool { return t.pod == "" && t.endpoint == "" }

func (t target) String() string {
	switch {
	case t.pod != "":
		return fmt.Sprintf("pod %s of exported service %s", t.pod, t.service)
	case t.endpoint != "":
		return fmt.Sprintf("endpoint %s of exported service %s", t.endpoint, t.service)
	}
	return fmt.Sprintf("exported service %s", t.service)
}

// subject is the object of whose name the last commit tells where progress ended.
func (t target) subject() owner {
	if t.pod == "" {
		return t.service
	}
	return ownerOf(t.namespace(), t.pod)
}

func (t target) namespace() string {
	for i := range t.service {
		if t.service[i] == '/' {
			return string(t.service[:i])
		}
	}
	return ""
}

// targets lists them in order of service. Behind a headless service with a
// selector these are the pods that it selects, that run and are not being
// deleted, have an IPv4 address and are ready, unless the service publishes those
// that are not, too. Without a selector they are the IPv4 addresses among its
// Endpoints, by the same rule.
func (c *cluster) targets(o *Options) []target {
	var all []target
	for _, key := range slices.Sorted(maps.Keys(c.exports)) {
		all = append(all, c.targetsOf(key, o)...)
	}
	return all
}

// targetsOf lists those of one service.
func (c *cluster) targetsOf(key owner, o *Options) []target {
	service, export := c.services[key], c.exports[key]
	switch {
	case c.exported(key):
		return []target{{service: key}}
	case !o.Headless || service == nil || export == nil || model.Terminating(service) || model.Terminating(export) || !headless(service):
		return nil
	case len(service.Spec.Selector) > 0:
		return c.podTargets(key, service)
	}
	return c.endpointTargets(key, service)
}

func (c *cluster) podTargets(key owner, service *corev1.Service) []target {
	var all []target
	for _, name := range slices.Sorted(maps.Keys(c.pods)) {
		pod := c.pods[name]
		if pod.Namespace == service.Namespace && selects(service, pod) && !model.Terminating(pod) && !finished(pod) &&
			isIPv4(pod.Status.PodIP) && (ready(pod) || service.Spec.PublishNotReadyAddresses) {
			all = append(all, target{service: key, pod: pod.Name})
		}
	}
	return all
}

func (c *cluster) endpointTargets(key owner, service *corev1.Service) []target {
	addresses := c.endpoints[key]
	if service.Spec.PublishNotReadyAddresses {
		addresses = slices.Concat(addresses, c.notReady[key])
	}
	addresses = slices.Clone(addresses)
	slices.Sort(addresses)
	var all []target
	for _, address := range slices.Compact(addresses) {
		if isIPv4(address) {
			all = append(all, target{service: key, endpoint: address})
		}
	}
	return all
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

// ingressIPFor finds the one GlobalIngressIP of a target, or says why there is
// none such.
func (c *cluster) ingressIPFor(t target) (*ingressIP, string) {
	if t.whole() {
		if gip := c.gips[t.service]; gip != nil {
			return gip, ""
		}
		return nil, fmt.Sprintf("%s has no GlobalIngressIP", t)
	}
	var found *ingressIP
	for _, key := range slices.Sorted(maps.Keys(c.gips)) {
		gip := c.gips[key]
		switch {
		case !gip.leadsTo(t):
		case found != nil:
			return nil, fmt.Sprintf("%s has two GlobalIngressIPs, %s and %s", t, found.owner(), key)
		default:
			found = gip
		}
	}
	if found == nil {
		return nil, fmt.Sprintf("%s has no GlobalIngressIP", t)
	}
	return found, ""
}

func (g *ingressIP) leadsTo(t target) bool {
	switch {
	case g.service() != t.service:
		return false
	case t.pod != "":
		return g.target == targetPod && g.podRef == t.pod
	case t.endpoint != "":
		return g.target == targetEndpoints && g.address() == t.endpoint
	}
	return g.target == targetClusterIP && g.owner() == t.service
}

// others counts the addresses of the pools that GlobalIngressIPs have whose
// targets need none: they are kept as long as what they lead to is exported.
func (c *cluster) others(wanted []target, o *Options) int {
	needed := map[owner]bool{}
	for _, t := range wanted {
		if gip, _ := c.ingressIPFor(t); gip != nil {
			needed[gip.owner()] = true
		}
	}
	count := 0
	for key, gip := range c.gips {
		if o.usable(gip.ip) && !needed[key] {
			count++
		}
	}
	return count
}
