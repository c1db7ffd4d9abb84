package globalnet

import (
	"maps"
	"slices"

	"github.com/seatrial/seatrial/model"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// cluster is the part of the stored state that concerns global IPs.
type cluster struct {
	gips      map[owner]*ingressIP
	services  map[owner]*corev1.Service // all, internal ones too, by their own name
	exports   map[owner]metav1.Object
	pods      map[owner]*corev1.Pod
	endpoints map[owner][]string // addresses that are ready, by service
	notReady  map[owner][]string // those that are not
	claims    map[string]*claim  // by IP
	//lint:ignore SA1019 Submariner works on Endpoints, not on slices
	lists map[owner]*corev1.Endpoints // whole
	// publishers and internal find what is above: the GlobalIngressIPs with an IP in
	// their status, and the internal Services for an owner, by their own name.
	publishers map[string]map[owner]bool
	internal   map[owner]map[owner]bool
	// claimed: a subject made a claim at some time, so it is one that claims.
	claimed bool
	// everyType: an IP once given is kept whatever becomes of the type of its
	// service, as long as that is not headless.
	everyType bool
}

func newCluster() *cluster {
	return &cluster{
		gips:      map[owner]*ingressIP{},
		services:  map[owner]*corev1.Service{},
		exports:   map[owner]metav1.Object{},
		pods:      map[owner]*corev1.Pod{},
		endpoints: map[owner][]string{},
		notReady:  map[owner][]string{},
		claims:    map[string]*claim{},
		//lint:ignore SA1019 as above
		lists:      map[owner]*corev1.Endpoints{},
		publishers: map[string]map[owner]bool{},
		internal:   map[owner]map[owner]bool{},
	}
}

func (c *cluster) apply(change change) {
	key := ownerOf(change.Namespace, change.Name)
	switch change.Resource {
	case ingressIPResource:
		if old := c.gips[key]; old != nil {
			delete(c.publishers[old.ip], key)
		}
		put(c.gips, key, change.gipNew, change.gipNew == nil)
		if gip := change.gipNew; gip != nil && gip.ip != "" {
			add(c.publishers, gip.ip, key)
		}
	case serviceResource:
		if old := c.services[key]; old != nil {
			if of, internal := internalOwner(old); internal {
				delete(c.internal[of], key)
			}
		}
		put(c.services, key, change.serviceNew, change.serviceNew == nil)
		if service := change.serviceNew; service != nil {
			if of, internal := internalOwner(service); internal {
				add(c.internal, of, key)
			}
		}
	case exportResource:
		put(c.exports, key, change.exportNew, change.exportNew == nil)
	case podResource:
		put(c.pods, key, change.podNew, change.podNew == nil)
	case endpointsResource:
		put(c.lists, key, change.endpointsNew, change.New == nil)
		put(c.endpoints, key, change.ready, change.New == nil)
		put(c.notReady, key, change.notReady, change.New == nil)
	case claimResource:
		put(c.claims, change.Name, change.claimNew, change.claimNew == nil)
		c.claimed = c.claimed || change.Subject() && change.claimNew != nil && change.claimNew.parent
	}
}

// add puts an owner into one of the sets by which others are found.
func add[K comparable](sets map[K]map[owner]bool, key K, of owner) {
	if sets[key] == nil {
		sets[key] = map[owner]bool{}
	}
	sets[key][of] = true
}

func put[K comparable, V any](m map[K]V, key K, value V, gone bool) {
	if gone {
		delete(m, key)
		return
	}
	m[key] = value
}

// exported tells whether a ClusterIP service exists and is exported; a service
// or export that is being deleted no longer counts.
func (c *cluster) exported(service owner) bool {
	export, ok := c.exports[service]
	s := c.services[service]
	return ok && !model.Terminating(export) && s != nil && exportable(s)
}

// title is what entitles a GlobalIngressIP to its IP: the UIDs of the objects
// it stands on, and the address for a headless target. Empty: it has no title.
func (c *cluster) title(gip *ingressIP) string {
	key := gip.service()
	service, export := c.services[key], c.exports[key]
	if service == nil || export == nil || model.Terminating(service) || model.Terminating(export) {
		return ""
	}
	title := string(service.UID) + " " + string(export.GetUID())
	switch gip.target {
	case targetClusterIP:
		if c.entitles(service) {
			return title
		}
	case targetPod:
		pod := c.pods[ownerOf(gip.GetNamespace(), gip.podRef)]
		if pod != nil && !model.Terminating(pod) && !finished(pod) && headless(service) && selects(service, pod) {
			return title + " " + string(pod.UID) + " " + pod.Status.PodIP
		}
	case targetEndpoints:
		if headless(service) && c.listed(key, gip.address()) {
			return title + " " + gip.address()
		}
	}
	return ""
}

// entitles tells whether a Service of its type may have a global IP as a whole.
func (c *cluster) entitles(service *corev1.Service) bool {
	return exportable(service) || c.everyType && !model.Terminating(service) && !headless(service)
}

// listed tells whether an address is among a service's Endpoints, ready or not.
func (c *cluster) listed(service owner, address string) bool {
	return slices.Contains(c.endpoints[service], address) || slices.Contains(c.notReady[service], address)
}

func selects(service *corev1.Service, pod *corev1.Pod) bool {
	return labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(pod.Labels))
}

// internalServices lists the Services that carry global IPs for an owner, in
// order of name.
func (c *cluster) internalServices(of owner) []*corev1.Service {
	var internal []*corev1.Service
	for _, key := range slices.Sorted(maps.Keys(c.internal[of])) {
		internal = append(internal, c.services[key])
	}
	return internal
}
