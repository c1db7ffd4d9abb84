package kinds

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Options are the settings of a real API server that its kinds depend on. The
// zero value is a single-stack cluster with the usual ranges.
type Options struct {
	// ServiceCIDRs are the ranges of cluster IPs, at most one of each family,
	// the primary family first. Default: 10.0.0.0/24.
	ServiceCIDRs []netip.Prefix
	// NodePorts is the range of node ports. Default: 30000-32767.
	NodePorts PortRange
	// Seed decides which free cluster IPs and node ports are picked. A pick
	// depends on the seed, the Service's namespace and name, how often
	// something was picked for that name, and on what is taken already; not on
	// the order of other picks.
	Seed uint64
}

// Registry holds the kinds that one API server serves: the built-in ones and
// those of its CustomResourceDefinitions. It is safe for concurrent use; the
// allocators behind the Service kind are not, they are only called by the
// server's one writer.
type Registry struct {
	mu       sync.RWMutex
	builtin  []*Kind
	custom   map[schema.GroupResource]*Kind
	resource map[schema.GroupResource]*Kind
	kind     map[schema.GroupKind]*Kind
}

// NewRegistry returns a registry of the built-in kinds.
func NewRegistry(options Options) *Registry {
	if len(options.ServiceCIDRs) == 0 {
		options.ServiceCIDRs = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}
	}
	if options.NodePorts == (PortRange{}) {
		options.NodePorts = PortRange{Min: 30000, Max: 32767}
	}
	r := &Registry{
		builtin: append([]*Kind{newServiceKind(newServiceAllocator(options))}, sharedKinds()...),
		custom:  map[schema.GroupResource]*Kind{},
	}
	slices.SortFunc(r.builtin, compareKinds)
	r.index()
	return r
}

// sharedKinds are the built-in kinds without state, made once for all servers.
var sharedKinds = sync.OnceValue(func() []*Kind {
	kinds := []*Kind{
		newNamespaceKind(),
		newConfigMapKind(),
		newSecretKind(),
		newEventKind(),
		newEventsV1Kind(),
		newLeaseKind(),
		newIPAddressKind(),
		newCRDKind(),
		newPodKind(),
		newNodeKind(),
		newEndpointsKind(),
		newEndpointSliceKind(),
		newDeploymentKind(),
		newReplicaSetKind(),
		newStatefulSetKind(),
		newDaemonSetKind(),
		newJobKind(),
		newPodDisruptionBudgetKind(),
	}
	kinds = append(kinds, newRBACKinds()...)
	return append(kinds, newOtherKinds()...)
})

// Resource returns the kind served under group and resource, e.g.
// networking.k8s.io and ipaddresses, and the version asked for.
func (r *Registry) Resource(gvr schema.GroupVersionResource) (*Kind, *Version, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return served(r.resource[gvr.GroupResource()], gvr.Version)
}

// Kind returns the kind by its own name, e.g. networking.k8s.io/v1 IPAddress.
func (r *Registry) Kind(gvk schema.GroupVersionKind) (*Kind, *Version, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return served(r.kind[gvk.GroupKind()], gvk.Version)
}

// GroupResource returns the kind of a resource whatever its versions.
func (r *Registry) GroupResource(gr schema.GroupResource) (*Kind, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	kind, found := r.resource[gr]
	return kind, found
}

func served(kind *Kind, version string) (*Kind, *Version, bool) {
	if kind == nil {
		return nil, nil, false
	}
	v, found := kind.Version(version)
	return kind, v, found
}

// Kinds lists what is served, for discovery: built-in kinds first, then custom
// ones, each by group and resource name.
func (r *Registry) Kinds() []*Kind {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Concat(r.builtin, r.customKinds())
}

// customKinds are sorted, so that nothing depends on the order of a map; the lock is held.
func (r *Registry) customKinds() []*Kind {
	return slices.SortedFunc(maps.Values(r.custom), compareKinds)
}

// AddCRD starts to serve the kind that crd defines, or serves it as crd now
// says. It fails if the definition is not one a real server would accept; the
// kind is then served as before.
func (r *Registry) AddCRD(crd *apiextensionsv1.CustomResourceDefinition) (*Kind, error) {
	kind, err := compile(crd)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.custom[kind.Resource] = kind
	r.index()
	return kind, nil
}

// RemoveCRD stops serving what crd defines. It does nothing if that is not
// served.
func (r *Registry) RemoveCRD(crd *apiextensionsv1.CustomResourceDefinition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.custom, schema.GroupResource{Group: crd.Spec.Group, Resource: crd.Spec.Names.Plural})
	r.index()
}

// index rebuilds the look-up tables; the lock is held.
func (r *Registry) index() {
	r.resource = map[schema.GroupResource]*Kind{}
	r.kind = map[schema.GroupKind]*Kind{}
	add := func(kind *Kind) {
		r.resource[kind.Resource] = kind
		r.kind[schema.GroupKind{Group: kind.Resource.Group, Kind: kind.Kind}] = kind
	}
	for _, kind := range slices.Concat(r.customKinds(), r.builtin) {
		add(kind)
	}
}

func compareKinds(a, b *Kind) int {
	return cmp.Or(strings.Compare(a.Resource.Group, b.Resource.Group), strings.Compare(a.Resource.Resource, b.Resource.Resource))
}
