package registry

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
	"github.com/seatrial/seatrial/sim/apiserver/kinds/access"
	"github.com/seatrial/seatrial/sim/apiserver/kinds/custom"
	"github.com/seatrial/seatrial/sim/apiserver/kinds/plain"
	"github.com/seatrial/seatrial/sim/apiserver/kinds/service"
	"github.com/seatrial/seatrial/sim/apiserver/kinds/workload"
)

// Registry holds the kinds that one API server serves: the built-in ones and
// those of its CustomResourceDefinitions. It is safe for concurrent use; the
// allocators behind the Service kind are not, they are only called by the
// server's one writer.
type Registry struct {
	mu       sync.RWMutex
	builtin  []*kinds.Kind
	custom   map[schema.GroupResource]*kinds.Kind
	resource map[schema.GroupResource]*kinds.Kind
	kind     map[schema.GroupKind]*kinds.Kind
}

// New returns a registry of the built-in kinds.
func New(options kinds.Options) *Registry {
	if len(options.ServiceCIDRs) == 0 {
		options.ServiceCIDRs = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}
	}
	if options.NodePorts == (kinds.PortRange{}) {
		options.NodePorts = kinds.PortRange{Min: 30000, Max: 32767}
	}
	r := &Registry{
		builtin: append([]*kinds.Kind{service.New(options)}, sharedKinds()...),
		custom:  map[schema.GroupResource]*kinds.Kind{},
	}
	slices.SortFunc(r.builtin, compareKinds)
	r.index()
	return r
}

// sharedKinds are the built-in kinds without state, made once for all servers.
var sharedKinds = sync.OnceValue(func() []*kinds.Kind {
	return slices.Concat([]*kinds.Kind{custom.NewDefinitionKind()}, service.Kinds(), workload.Kinds(), access.Kinds(), plain.Kinds())
})

// Resource returns the kind served under group and resource, e.g.
// networking.k8s.io and ipaddresses, and the version asked for.
func (r *Registry) Resource(gvr schema.GroupVersionResource) (*kinds.Kind, *kinds.Version, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return served(r.resource[gvr.GroupResource()], gvr.Version)
}

// Kind returns the kind by its own name, e.g. networking.k8s.io/v1 IPAddress.
func (r *Registry) Kind(gvk schema.GroupVersionKind) (*kinds.Kind, *kinds.Version, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return served(r.kind[gvk.GroupKind()], gvk.Version)
}

// GroupResource returns the kind of a resource whatever its versions.
func (r *Registry) GroupResource(gr schema.GroupResource) (*kinds.Kind, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	kind, found := r.resource[gr]
	return kind, found
}

func served(kind *kinds.Kind, version string) (*kinds.Kind, *kinds.Version, bool) {
	if kind == nil {
		return nil, nil, false
	}
	v, found := kind.Version(version)
	return kind, v, found
}

// Kinds lists what is served, for discovery: built-in kinds first, then custom
// ones, each by group and resource name.
func (r *Registry) Kinds() []*kinds.Kind {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Concat(r.builtin, r.customKinds())
}

// customKinds are sorted, so that nothing depends on the order of a map; the lock is held.
func (r *Registry) customKinds() []*kinds.Kind {
	return slices.SortedFunc(maps.Values(r.custom), compareKinds)
}

// AddCRD starts to serve the kind that crd defines, or serves it as crd now
// says. It fails if the definition is not one a real server would accept; the
// kind is then served as before.
func (r *Registry) AddCRD(crd *apiextensionsv1.CustomResourceDefinition) (*kinds.Kind, error) {
	kind, err := custom.Compile(crd)
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

// Establish returns crd as the real server's controllers would leave it, beside
// what is served here, or false if it is that already.
func (r *Registry) Establish(crd *apiextensionsv1.CustomResourceDefinition, now time.Time) (*apiextensionsv1.CustomResourceDefinition, bool) {
	return custom.Establish(crd, r.Kinds(), now)
}

// index rebuilds the look-up tables; the lock is held.
func (r *Registry) index() {
	r.resource = map[schema.GroupResource]*kinds.Kind{}
	r.kind = map[schema.GroupKind]*kinds.Kind{}
	add := func(kind *kinds.Kind) {
		r.resource[kind.Resource] = kind
		r.kind[schema.GroupKind{Group: kind.Resource.Group, Kind: kind.Kind}] = kind
	}
	for _, kind := range slices.Concat(r.customKinds(), r.builtin) {
		add(kind)
	}
}

func compareKinds(a, b *kinds.Kind) int {
	return cmp.Or(strings.Compare(a.Resource.Group, b.Resource.Group), strings.Compare(a.Resource.Resource, b.Resource.Resource))
}
