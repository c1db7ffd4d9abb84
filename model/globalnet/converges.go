package globalnet

import (
	"fmt"
	"maps"
	"slices"

	"github.com/seatrial/seatrial/model"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
)

// converges judges the state that the last commit left behind.
//
// Exported means: a Service of type ClusterIP with a cluster IP and its
// ServiceExport exist and neither is being deleted. Each must be served:
//
//   - a GlobalIngressIP of its name with a status.allocatedIP from the CIDRs,
//     which no other GlobalIngressIP has;
//   - condition Allocated=True there, once, with observedGeneration equal to
//     metadata.generation;
//   - exactly one internal Service for it, with that IP as its only
//     externalIP and the ports and selector of the exported Service; if that has
//     no selector, with a copy of its Endpoints, of a subject that promises it;
//   - for a subject that claims, an IPAddress of that IP whose parent it is.
//
// With [Options.Headless] so must everything that is ready behind an
// exported headless service: see [cluster.targets].
//
// When there are more of these than addresses (those under foreign claims do not
// count, nor those of what is exported but need not have one: a service of
// another type, a pod that is not ready any more), exactly as many as there are
// addresses must be served, and the others carry Allocated=False with reason
// IPPoolAllocationFailed, or keep an address of a former pool: better outside than none.
func converges(o Options) model.Property {
	return model.Property{
		Name:     "converges",
		Sentence: "After the weather has cleared, every exported service has its one IP, published, routed and reported; if the pool is too small, as many as it holds, and the others say so.",
		Source:   "docs/globalingressip/design.md §5; catalogue: 1734, 1738, 1457, 1415, create-read-error, relist-recreate",
		Class:    model.ClassLiveness,
		Check: func(h *model.History) model.Result {
			if h.Ended <= h.Cleared {
				return model.Undecide("the run has no liveness phase")
			}
			return checkConverges(endOf(h), &o, h)
		},
	}
}

func checkConverges(c *cluster, o *Options, h *model.History) model.Result {
	wanted := c.targets(o)
	served := 0
	var complaint, waiting string
	var of, inVain target // what the two are about
	for _, t := range wanted {
		problem := c.unserved(t, o)
		if problem == "" {
			served++
			continue
		}
		if wait := c.notWaiting(t, o); waiting == "" && wait != "" {
			waiting, inVain = wait, t
		}
		if complaint == "" {
			complaint, of = problem, t
		}
	}
	pool := o.size() - c.foreignClaims(o) - c.others(wanted, o)
	enough := min(len(wanted), max(pool, 0))
	if served < enough {
		if enough < len(wanted) {
			complaint = fmt.Sprintf("%d of %d targets are served, though the pool has %d addresses; first: %s", served, len(wanted), pool, complaint)
		}
		return model.Breach(complaint, lastAbout(h, of.subject()))
	}
	if served < len(wanted) && waiting != "" {
		return model.Breach(waiting, lastAbout(h, inVain.subject()))
	}
	return model.Holds()
}

// lastAbout finds the last commit to the objects of an owner's name, which is
// where progress ended.
func lastAbout(h *model.History, who owner) model.Culprit {
	for i := len(h.Commits) - 1; i >= 0; i-- {
		commit := &h.Commits[i]
		if ownerOf(commit.Namespace, commit.Name) == who {
			culprit := commit.Culprit()
			culprit.Text = "last change: " + culprit.Text
			return culprit
		}
	}
	return model.Culprit{At: h.Ended, Text: "the end of the run"}
}

// unserved says what a target lacks; empty: nothing.
func (c *cluster) unserved(t target, o *Options) string {
	gip, problem := c.ingressIPFor(t)
	switch {
	case problem != "":
		return problem
	case gip.ip == "":
		return fmt.Sprintf("%s has no allocated IP", t)
	case !o.kept(gip.ip):
		return fmt.Sprintf("%s has %s, which is not a usable address of %v", t, gip.ip, o.CIDRs)
	}
	for _, other := range slices.Sorted(maps.Keys(c.publishers[gip.ip])) {
		if other != gip.owner() {
			return fmt.Sprintf("%s and %s both have %s", gip.owner(), other, gip.ip)
		}
	}
	if problem := gip.reports("True"); problem != "" {
		return problem
	}
	if held := c.claims[gip.ip]; (o.Claims || c.claimed) && (held == nil || held.owner != gip.owner()) {
		return fmt.Sprintf("%s publishes %s without a claim to it", gip.owner(), gip.ip)
	}
	if t.whole() {
		return c.misrouted(t.service, gip.ip, o)
	}
	return ""
}

// reports compares condition Allocated with what it should be.
func (g *ingressIP) reports(status string) string {
	count := 0
	for _, condition := range g.conditions {
		if condition.kind == conditionAllocated {
			count++
		}
	}
	if count != 1 {
		return fmt.Sprintf("%s has %d conditions of type %s", g.owner(), count, conditionAllocated)
	}
	condition, _ := g.condition(conditionAllocated)
	if condition.status != status {
		return fmt.Sprintf("%s has condition %s=%s (%s), want %s", g.owner(), conditionAllocated, condition.status, condition.reason, status)
	}
	if condition.observedGeneration != g.GetGeneration() {
		return fmt.Sprintf("%s has condition %s of generation %d, but its generation is %d", g.owner(), conditionAllocated, condition.observedGeneration, g.GetGeneration())
	}
	return ""
}

// misrouted says what is wrong with the internal Service; empty: nothing.
func (c *cluster) misrouted(service owner, ip string, o *Options) string {
	internal := c.internalServices(service)
	if len(internal) != 1 {
		return fmt.Sprintf("exported service %s has %d internal Services, want 1", service, len(internal))
	}
	route, exported := internal[0], c.services[service]
	switch {
	case model.Terminating(route):
		return fmt.Sprintf("internal Service %s of %s is being deleted", route.Name, service)
	case !slices.Equal(route.Spec.ExternalIPs, []string{ip}):
		return fmt.Sprintf("internal Service %s of %s has external IPs %v, want %s", route.Name, service, route.Spec.ExternalIPs, ip)
	case !slices.EqualFunc(route.Spec.Ports, exported.Spec.Ports, samePort):
		return fmt.Sprintf("internal Service %s has not the ports of %s", route.Name, service)
	case !maps.Equal(route.Spec.Selector, exported.Spec.Selector):
		return fmt.Sprintf("internal Service %s has not the selector of %s", route.Name, service)
	}
	if o.Claims && len(exported.Spec.Selector) == 0 {
		return c.miscopied(service, ownerOf(route.Namespace, route.Name))
	}
	return ""
}

// miscopied says how the Endpoints of an internal Service differ from those of the
// exported one, which has no selector; empty: not at all.
func (c *cluster) miscopied(service, internal owner) string {
	source, copied := c.lists[service], c.lists[internal]
	switch {
	case source == nil && copied == nil:
	case source == nil:
		return fmt.Sprintf("%s has no Endpoints, but its internal Service has", service)
	case copied == nil:
		return fmt.Sprintf("the Endpoints of %s are not copied for its internal Service", service)
	case !equality.Semantic.DeepEqual(source.Subsets, copied.Subsets):
		return fmt.Sprintf("the copy of the Endpoints of %s differs from them", service)
	}
	return ""
}

// samePort leaves out the node port, which is each Service's own.
func samePort(a, b corev1.ServicePort) bool {
	return a.Name == b.Name && a.Protocol == b.Protocol && a.Port == b.Port && a.TargetPort == b.TargetPort &&
		(a.AppProtocol == nil) == (b.AppProtocol == nil) && (a.AppProtocol == nil || *a.AppProtocol == *b.AppProtocol)
}

// notWaiting says what is wrong with a target that the pool has no IP for;
// empty: it waits as it should.
func (c *cluster) notWaiting(t target, o *Options) string {
	gip, problem := c.ingressIPFor(t)
	if problem != "" {
		return problem
	}
	if o.outside(gip.ip) {
		stays := *o
		stays.MoveOutside = false
		return c.unserved(t, &stays)
	}
	if problem := gip.reports("False"); problem != "" {
		return problem
	}
	if condition, _ := gip.condition(conditionAllocated); condition.reason != reasonPoolAllocation {
		return fmt.Sprintf("%s waits for an address with reason %s, want %s", gip.owner(), condition.reason, reasonPoolAllocation)
	}
	if gip.ip != "" {
		return fmt.Sprintf("%s reports that it has no address, but publishes %s", gip.owner(), gip.ip)
	}
	return ""
}

// foreignClaims counts the addresses of the pools that others hold.
func (c *cluster) foreignClaims(o *Options) int {
	count := 0
	for ip, claim := range c.claims {
		if !claim.ours && o.usable(ip) {
			count++
		}
	}
	return count
}
