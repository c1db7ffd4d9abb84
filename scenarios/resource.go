package scenarios

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/seatrial/seatrial/faults"
)

// resource is one kind of object that a world's API server serves and that
// steps and faults may name.
type resource struct {
	schema.GroupVersionResource
	Kind       string
	Namespaced bool
	Status     bool // has the status subresource
}

// resources of the world, in the order in which messages list them. Group and
// version are what steps speak; faults match any version.
var resources = []resource{
	{schema.GroupVersionResource{Version: "v1", Resource: "services"}, "Service", true, true},
	{schema.GroupVersionResource{Group: "multicluster.x-k8s.io", Version: "v1alpha1", Resource: "serviceexports"}, "ServiceExport", true, true},
	{schema.GroupVersionResource{Group: "submariner.io", Version: "v1", Resource: "globalingressips"}, "GlobalIngressIP", true, true},
	{schema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "ipaddresses"}, "IPAddress", false, false},
	{schema.GroupVersionResource{Group: "coordination.k8s.io", Version: "v1", Resource: "leases"}, "Lease", true, false},
	{schema.GroupVersionResource{Version: "v1", Resource: "pods"}, "Pod", true, true},
	{schema.GroupVersionResource{Version: "v1", Resource: "endpoints"}, "Endpoints", true, false},
	{schema.GroupVersionResource{Version: "v1", Resource: "events"}, "Event", true, false},
	{schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}, "ConfigMap", true, false},
	{schema.GroupVersionResource{Version: "v1", Resource: "secrets"}, "Secret", true, false},
	{schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}, "Namespace", false, true},
}

// builtinNamespaces exist in every cluster.
var builtinNamespaces = []string{"default", "kube-system"}

var (
	verbsOfObject = []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}
	verbsOfStatus = []string{"get", "update", "patch"}
)

// lookupResource finds a resource by its plural name; with a subresource after
// a slash it returns the resource that has it.
func lookupResource(name string) (r resource, subresource string, ok bool) {
	plural, subresource, _ := strings.Cut(name, "/")
	i := slices.IndexFunc(resources, func(r resource) bool { return r.Resource == plural })
	if i < 0 || subresource != "" && (subresource != "status" || !resources[i].Status) {
		return resource{}, "", false
	}
	return resources[i], subresource, true
}

// lookupKind finds a resource by what heads a manifest of it.
func lookupKind(apiVersion, kind string) (resource, bool) {
	i := slices.IndexFunc(resources, func(r resource) bool {
		return r.GroupVersion().String() == apiVersion && r.Kind == kind
	})
	if i < 0 {
		return resource{}, false
	}
	return resources[i], true
}

func namespaced(resourceName string) bool {
	r, _, _ := lookupResource(resourceName)
	return r.Namespaced
}

// resourceNames lists what steps may name.
func resourceNames(withStatus bool) []string {
	var out []string
	for _, r := range resources {
		out = append(out, r.Resource)
		if withStatus && r.Status {
			out = append(out, r.Resource+"/status")
		}
	}
	return out
}

// manifestKinds lists what heads the manifests that steps may apply.
func manifestKinds() []string {
	var out []string
	for _, r := range resources {
		out = append(out, r.GroupVersion().String()+" "+r.Kind)
	}
	return out
}

// faultWorld is what the plan's rules can be aimed at.
func (p *Plan) faultWorld() faults.World {
	w := faults.World{
		Subjects: p.World.Subjects(), Users: slices.Concat(p.Users(), p.World.consumers()),
		Namespaces: p.namespaces(), Clears: p.Safety, Replicas: p.World.APIServer.Replicas,
	}
	for _, r := range resources {
		w.Resources = append(w.Resources, faults.Resource{Name: r.Resource, Namespaced: r.Namespaced, Verbs: verbsOfObject})
		if r.Status {
			w.Resources = append(w.Resources, faults.Resource{Name: r.Resource + "/status", Namespaced: r.Namespaced, Verbs: verbsOfStatus})
		}
	}
	return w
}

// namespaces are all that exist at some time: those of every cluster, those
// the plan lists and those its steps create.
func (p *Plan) namespaces() []string {
	out := slices.Concat(builtinNamespaces, p.World.Namespaces)
	for i := range p.Steps {
		if a := p.Steps[i].Apply; a != nil {
			if kind, _, name := a.identity(); kind == "Namespace" && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

// identity is what a manifest says of itself. What is missing or of the wrong
// type is empty.
func (m *Manifest) identity() (kind, namespace, name string) {
	kind, _ = m.Object["kind"].(string)
	meta, _ := m.Object["metadata"].(map[string]any)
	namespace, _ = meta["namespace"].(string)
	name, _ = meta["name"].(string)
	return kind, namespace, name
}

func (m *Manifest) resource() (resource, bool) {
	apiVersion, _ := m.Object["apiVersion"].(string)
	kind, _ := m.Object["kind"].(string)
	return lookupKind(apiVersion, kind)
}
