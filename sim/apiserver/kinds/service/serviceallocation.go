package service

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/cespare/xxhash/v2"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validation/path"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// serviceAllocator gives Services their cluster IPs, node ports and
// health-check ports. What it picks is a hash of the seed, the Service's
// namespace and name, and how often it picked for that name before: one Service
// more or less does not reshuffle the others, and a Service made anew gets an
// address of its own. It follows pkg/registry/core/service/storage of Kubernetes 1.37.
type serviceAllocator struct {
	seed     uint64
	primary  corev1.IPFamily
	families map[corev1.IPFamily]*ipPool
	ports    *portPool
	picks    map[string]uint64 // how often, by what was picked and for whom
}

func newServiceAllocator(options kinds.Options) *serviceAllocator {
	a := &serviceAllocator{
		seed:     options.Seed,
		families: map[corev1.IPFamily]*ipPool{},
		ports:    newPortPool(options.NodePorts),
		picks:    map[string]uint64{},
	}
	for _, prefix := range options.ServiceCIDRs {
		family := corev1.IPv4Protocol
		if prefix.Addr().Is6() {
			family = corev1.IPv6Protocol
		}
		if a.primary == "" {
			a.primary = family
		}
		a.families[family] = newIPPool(prefix)
	}
	return a
}

// Held is how many addresses and node ports are taken.
func (a *serviceAllocator) Held() (ips, ports int) {
	for _, pool := range a.families {
		ips += len(pool.taken)
	}
	return ips, len(a.ports.taken)
}

// Allocate implements [kinds.Allocator].
func (a *serviceAllocator) Allocate(obj, oldObj runtime.Object) (func(), error) {
	claim := &serviceClaim{allocator: a, svc: obj.(*corev1.Service)}
	if err := claim.make(oldObj); err != nil {
		claim.undo()
		return nil, err
	}
	return claim.undo, nil
}

// AllocateDryRun implements [kinds.Allocator].
func (a *serviceAllocator) AllocateDryRun(obj, oldObj runtime.Object) error {
	claim := &serviceClaim{allocator: a, svc: obj.(*corev1.Service), dryRun: true}
	return claim.make(oldObj)
}

// make completes the Service and claims what it needs.
func (c *serviceClaim) make(oldObj runtime.Object) error {
	svc := c.svc
	var old *corev1.Service
	if oldObj != nil {
		old = oldObj.(*corev1.Service)
		keepAllocated(svc, old)
	}
	normalizeClusterIPs(svc, old)
	if err := c.allocator.initFamilies(svc, old); err != nil {
		return err
	}
	return c.everything(old)
}

// Committed implements [kinds.Allocator].
func (a *serviceAllocator) Committed(obj, oldObj runtime.Object) {
	var svc *corev1.Service
	if obj != nil {
		svc = obj.(*corev1.Service)
	}
	old, _ := oldObj.(*corev1.Service)
	if old == nil {
		return
	}
	kept, keptPorts := heldIPs(svc), heldPorts(svc)
	for _, ip := range heldIPs(old) {
		if !slices.Contains(kept, ip) {
			a.releaseIP(ip)
		}
	}
	for _, port := range heldPorts(old) {
		if !slices.Contains(keptPorts, port) {
			a.ports.release(port)
		}
	}
}

func heldIPs(svc *corev1.Service) []string {
	if svc == nil || svc.Spec.Type == corev1.ServiceTypeExternalName || isHeadless(svc) {
		return nil
	}
	return svc.Spec.ClusterIPs
}

func heldPorts(svc *corev1.Service) []int32 {
	if svc == nil {
		return nil
	}
	var ports []int32
	for _, p := range svc.Spec.Ports {
		if p.NodePort != 0 {
			ports = append(ports, p.NodePort)
		}
	}
	if needsHealthCheck(svc) && svc.Spec.HealthCheckNodePort != 0 {
		ports = append(ports, svc.Spec.HealthCheckNodePort)
	}
	return ports
}

func (a *serviceAllocator) releaseIP(ip string) {
	if pool := a.families[familyOf(ip)]; pool != nil {
		if addr, err := netip.ParseAddr(ip); err == nil {
			pool.release(addr)
		}
	}
}

// pick is the number that decides where in a pool the search for svc starts.
func (a *serviceAllocator) pick(svc *corev1.Service, what string) uint64 {
	identity := what + "\x00" + svc.Namespace + "\x00" + svc.Name
	count := a.picks[identity]
	a.picks[identity]++
	return kinds.Scramble(a.seed ^ kinds.Scramble(count^xxhash.Sum64String(identity)))
}

// serviceClaim is what one write took from the pools so far.
type serviceClaim struct {
	allocator *serviceAllocator
	svc       *corev1.Service
	ips       []string
	ports     []int32
	dryRun    bool // nothing is taken from a pool
}

func (c *serviceClaim) undo() {
	for _, ip := range c.ips {
		c.allocator.releaseIP(ip)
	}
	for _, port := range c.ports {
		c.allocator.ports.release(port)
	}
	c.ips, c.ports = nil, nil
}

func (c *serviceClaim) everything(old *corev1.Service) error {
	if err := c.clusterIPs(old); err != nil {
		return err
	}
	if mayHaveNodePorts(c.svc) {
		if err := c.nodePorts(old); err != nil {
			return err
		}
	}
	if needsHealthCheck(c.svc) && (old == nil || !needsHealthCheck(old)) {
		return c.healthCheckPort()
	}
	return nil
}

// clusterIPs fills the addresses that are missing: all of them for a new
// Service and for one that was an ExternalName, the second one for a Service
// that gained a family.
func (c *serviceClaim) clusterIPs(old *corev1.Service) error {
	svc := c.svc
	if svc.Spec.Type == corev1.ServiceTypeExternalName {
		return nil
	}
	first := 0
	if old != nil && old.Spec.Type != corev1.ServiceTypeExternalName {
		upgraded := len(old.Spec.IPFamilies) == 1 && len(svc.Spec.IPFamilies) == 2
		if isHeadless(old) || !upgraded {
			return nil
		}
		first = 1
	}
	if first == 0 && len(svc.Spec.ClusterIPs) > 0 && svc.Spec.ClusterIPs[0] == corev1.ClusterIPNone {
		return nil
	}
	svc.Spec.ClusterIPs = slices.Clone(svc.Spec.ClusterIPs)
	for i := first; i < len(svc.Spec.IPFamilies); i++ {
		if i >= len(svc.Spec.ClusterIPs) {
			svc.Spec.ClusterIPs = append(svc.Spec.ClusterIPs, "")
		}
		ip, err := c.clusterIP(svc.Spec.IPFamilies[i], svc.Spec.ClusterIPs[i])
		if err != nil {
			return err
		}
		svc.Spec.ClusterIPs[i] = ip
	}
	svc.Spec.ClusterIP = svc.Spec.ClusterIPs[0]
	return nil
}

func (c *serviceClaim) clusterIP(family corev1.IPFamily, wanted string) (string, error) {
	pool := c.allocator.families[family]
	if pool == nil {
		return "", serviceInvalid(c.svc, field.Invalid(field.NewPath("spec", "ipFamilies"), c.svc.Spec.IPFamilies, "not configured on this cluster"))
	}
	if c.dryRun {
		return c.dryRunIP(pool, wanted)
	}
	if wanted == "" {
		addr, err := pool.next(c.allocator.pick(c.svc, "clusterIP/"+string(family)))
		if err != nil {
			return "", apierrors.NewInternalError(fmt.Errorf("failed to allocate a serviceIP for Service %q: %w", c.svc.Name, err))
		}
		c.ips = append(c.ips, addr.String())
		return addr.String(), c.nameless(addr.String(), "")
	}
	addr, err := netip.ParseAddr(wanted)
	if err != nil {
		return "", apierrors.NewInternalError(fmt.Errorf("failed to parse service IP %q", wanted))
	}
	err = errIPMismatch
	if pool.prefix.Contains(addr) {
		err = pool.take(addr)
	}
	if err != nil {
		return "", serviceInvalid(c.svc, field.Invalid(field.NewPath("spec", "clusterIPs"), c.svc.Spec.ClusterIPs,
			fmt.Sprintf("failed to allocate IP %v: %v", wanted, err)))
	}
	c.ips = append(c.ips, wanted)
	return wanted, c.nameless(wanted, wanted)
}

// nameless is the error of a Service without a proper name: the real allocator
// records every address in an IPAddress, which must name its parent.
func (c *serviceClaim) nameless(ip, wanted string) error {
	problem := field.Required(field.NewPath("spec", "parentRef", "name"), "")
	if c.svc.Name != "" {
		//lint:ignore SA1019 what is to take its place is not there before Kubernetes 0.36
		messages := path.ValidatePathSegmentName(c.svc.Name, false)
		if len(messages) == 0 {
			return nil
		}
		problem = field.Invalid(field.NewPath("spec", "parentRef", "name"), c.svc.Name, messages[0])
	}
	if wanted != "" {
		wanted = " " + wanted
	}
	return serviceInvalid(c.svc, field.Invalid(field.NewPath("spec", "clusterIPs"), c.svc.Spec.ClusterIPs,
		fmt.Sprintf("failed to allocate IP%s: IPAddress.networking.k8s.io %q is invalid: %v", wanted, ip, problem)))
}

// nodePorts fills the node ports that are missing and reserves those that the
// old Service did not hold. On create, ports of the same number and different
// protocols share one node port unless the user says otherwise.
func (c *serviceClaim) nodePorts(old *corev1.Service) error {
	wanted := c.svc.Spec.Type == corev1.ServiceTypeNodePort || ptr.Deref(c.svc.Spec.AllocateLoadBalancerNodePorts, true)
	held := heldPorts(old)
	shared := map[int32]int32{}
	seen := map[string]bool{}
	for i := range c.svc.Spec.Ports {
		port := &c.svc.Spec.Ports[i]
		if port.NodePort == 0 && !wanted {
			continue
		}
		if old == nil && port.NodePort == 0 {
			port.NodePort = shared[port.Port]
			if port.NodePort == 0 {
				port.NodePort = requestedNodePort(c.svc, port.Port)
			}
		}
		if port.NodePort == 0 {
			next, err := c.nextPort(fmt.Sprintf("nodePort/%s/%s/%d", port.Name, port.Protocol, port.Port))
			if err != nil {
				return apierrors.NewInternalError(fmt.Errorf("failed to allocate a nodePort: %w", err))
			}
			port.NodePort = next
		} else if !slices.Contains(held, port.NodePort) && !c.ownsPort(old, shared, port) {
			if err := c.takePort(port.NodePort); err != nil {
				return serviceInvalid(c.svc, field.Invalid(field.NewPath("spec", "ports").Index(i).Child("nodePort"), port.NodePort, err.Error()))
			}
		}
		if old == nil && shared[port.Port] == 0 {
			shared[port.Port] = port.NodePort
		}
		holder := fmt.Sprintf("{%s %d}", port.Protocol, port.NodePort)
		if old != nil && seen[holder] {
			return fmt.Errorf("duplicate nodePort: %s", holder)
		}
		seen[holder] = true
	}
	return nil
}

// ownsPort tells whether this write itself has reserved the port already: on
// create for the same port number, on update for any.
func (c *serviceClaim) ownsPort(old *corev1.Service, shared map[int32]int32, port *corev1.ServicePort) bool {
	if old == nil {
		return shared[port.Port] == port.NodePort
	}
	return slices.Contains(c.ports, port.NodePort)
}

func requestedNodePort(svc *corev1.Service, number int32) int32 {
	for _, p := range svc.Spec.Ports {
		if p.Port == number && p.NodePort != 0 {
			return p.NodePort
		}
	}
	return 0
}

func (c *serviceClaim) healthCheckPort() error {
	wanted := c.svc.Spec.HealthCheckNodePort
	if wanted != 0 {
		if err := c.takePort(wanted); err != nil {
			return apierrors.NewInternalError(fmt.Errorf("failed to allocate requested HealthCheck NodePort %v: %v", wanted, err))
		}
		return nil
	}
	port, err := c.nextPort("healthCheckNodePort")
	if err != nil {
		return apierrors.NewInternalError(fmt.Errorf("failed to allocate a HealthCheck NodePort %v: %v", port, err))
	}
	c.svc.Spec.HealthCheckNodePort = port
	return nil
}

// dryRunIP is the network's own address for one left to the server, like the
// real one's: it could be any.
func (c *serviceClaim) dryRunIP(pool *ipPool, wanted string) (string, error) {
	if wanted == "" {
		return pool.prefix.Addr().String(), nil
	}
	addr, err := netip.ParseAddr(wanted)
	if err != nil {
		return "", apierrors.NewInternalError(fmt.Errorf("failed to parse service IP %q", wanted))
	}
	if !pool.holds(addr) {
		return "", serviceInvalid(c.svc, field.Invalid(field.NewPath("spec", "clusterIPs"), c.svc.Spec.ClusterIPs,
			fmt.Sprintf("failed to allocate IP %v: the provided IP (%v) is not in the valid range. The range of valid IPs is %s", wanted, wanted, pool.prefix)))
	}
	return wanted, nil
}

// firstDryRunPort is no node port by default: it stands for one.
const firstDryRunPort = 32769

func (c *serviceClaim) takePort(port int32) error {
	if c.dryRun {
		if _, taken := c.allocator.ports.taken[port]; taken || slices.Contains(c.ports, port) {
			return errPortTaken
		}
		c.ports = append(c.ports, port)
		return nil
	}
	err := c.allocator.ports.take(port)
	if err == nil {
		c.ports = append(c.ports, port)
	}
	return err
}

func (c *serviceClaim) nextPort(what string) (int32, error) {
	if c.dryRun {
		port := int32(firstDryRunPort)
		if len(c.ports) > 0 {
			port = slices.Max(c.ports) + 1
		}
		c.ports = append(c.ports, port)
		return port, nil
	}
	port, err := c.allocator.ports.next(c.allocator.pick(c.svc, what))
	if err != nil {
		return 0, err
	}
	c.ports = append(c.ports, port)
	return port, nil
}

func serviceInvalid(svc *corev1.Service, errs ...*field.Error) error {
	return apierrors.NewInvalid(corev1.SchemeGroupVersion.WithKind("Service").GroupKind(), svc.Name, errs)
}

func familyOf(ip string) corev1.IPFamily {
	if netutils.IsIPv6String(ip) {
		return corev1.IPv6Protocol
	}
	return corev1.IPv4Protocol
}
