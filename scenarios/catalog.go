package scenarios

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/internal/yamlread"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim/apiserver"
	"github.com/seatrial/seatrial/sim/apiserver/kinds"
	"github.com/seatrial/seatrial/sim/apiserver/kinds/registry"
)

// Catalog knows every kind of object that a cluster serves: the built-in ones
// and those of its definitions. It is not changed once it is made, and safe for
// concurrent use.
type Catalog struct {
	Definitions []*apiextensionsv1.CustomResourceDefinition

	registry *registry.Registry
	targets  func() []faults.Resource
}

// NewCatalog makes the catalog of a cluster with these definitions. The error
// says which of them is there twice or no definition that an API server would
// accept.
func NewCatalog(definitions ...*apiextensionsv1.CustomResourceDefinition) (*Catalog, error) {
	c := &Catalog{Definitions: definitions, registry: registry.New(kinds.Options{})}
	c.targets = sync.OnceValue(c.faultTargets)
	seen := map[string]bool{}
	for _, crd := range definitions {
		if seen[crd.Name] {
			return nil, fmt.Errorf("%s %s: it is there twice (want each once)", definitionKind, crd.Name)
		}
		seen[crd.Name] = true
		if _, err := c.registry.AddCRD(crd); err != nil {
			return nil, fmt.Errorf("%s %s: %w", definitionKind, crd.Name, err)
		}
	}
	return c, nil
}

// Builtin is the catalog of a cluster without definitions.
var Builtin = sync.OnceValue(func() *Catalog {
	c, err := NewCatalog()
	if err != nil {
		panic("scenarios: the built-in kinds cannot be served: " + err.Error())
	}
	return c
})

// Resource is one kind of object, and where it is to be found.
type Resource struct {
	schema.GroupVersionResource
	Kind       string
	Namespaced bool
}

func resourceOf(kind *kinds.Kind, version string) Resource {
	return Resource{kind.Resource.WithVersion(version), kind.Kind, kind.Namespaced}
}

// Resource finds a resource by its plural name as kubectl knows it: services,
// or deployments.apps with its group, which may be left out where only one group
// has the plural or one of them is the core group. A subresource stands after a
// slash. The version is the one that discovery lists first.
func (c *Catalog) Resource(name string) (r Resource, subresource string, ok bool) {
	if c == nil {
		return Resource{}, "", false
	}
	plural, subresource, slash := strings.Cut(name, "/")
	kind, found := c.registry.GroupResource(schema.ParseGroupResource(plural))
	if !found {
		var same []*kinds.Kind
		for _, k := range c.registry.Kinds() {
			if k.Resource.Resource == plural && k.StoredAs.Empty() {
				same = append(same, k)
			}
		}
		if len(same) != 1 {
			return Resource{}, "", false
		}
		kind = same[0]
	}
	if slash && !slices.ContainsFunc(apiserver.Subresources(kind), func(sub metav1.APIResource) bool { return sub.Name == subresource }) {
		return Resource{}, "", false
	}
	return resourceOf(kind, kind.Versions[0].Name), subresource, true
}

// Kind finds a resource by what heads a manifest of it.
func (c *Catalog) Kind(apiVersion, kind string) (Resource, bool) {
	if c == nil {
		return Resource{}, false
	}
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		return Resource{}, false
	}
	found, version, ok := c.registry.Kind(gv.WithKind(kind))
	if !ok {
		return Resource{}, false
	}
	return resourceOf(found, version.Name), true
}

// Names lists what steps may name: plural names, with the group where it is
// needed, and subresources if those are asked for.
func (c *Catalog) Names(withSubresources bool) []string {
	var names []string
	for _, k := range c.registry.Kinds() {
		name := c.nameOf(resourceOf(k, k.Versions[0].Name))
		names = append(names, name)
		if withSubresources {
			for _, sub := range apiserver.Subresources(k) {
				names = append(names, name+"/"+sub.Name)
			}
		}
	}
	return names
}

// Manifests lists what heads the manifests that steps may apply: apiVersion and kind.
func (c *Catalog) Manifests() []string {
	var heads []string
	for _, k := range c.registry.Kinds() {
		heads = append(heads, schema.GroupVersion{Group: k.Resource.Group, Version: k.Versions[0].Name}.String()+" "+k.Kind)
	}
	return heads
}

// nameOf is how steps name a resource: with its group only where that is needed.
func (c *Catalog) nameOf(r Resource) string {
	if found, _, ok := c.Resource(r.Resource); ok && found.GroupResource() == r.GroupResource() {
		return r.Resource
	}
	return r.GroupResource().String()
}

// Kinds lists what is served, built-in kinds first.
func (c *Catalog) Kinds() []*kinds.Kind { return c.registry.Kinds() }

// closest says in messages what was probably meant: the name among those given
// that is spelt most alike, and otherwise what else says.
func closest(name string, among []string, otherwise string) string {
	return yamlread.DidYouMean(name, among, otherwise)
}

// Serves says whether a cluster has a resource of that full name: services, or
// deployments.apps, as laws name it.
func (c *Catalog) Serves(resource string) bool {
	_, ok := c.registry.GroupResource(schema.ParseGroupResource(resource))
	return ok
}

// CheckLaws says which laws ask for resources that a cluster has not: those would hold
// of anything.
func (c *Catalog) CheckLaws(laws ...model.Property) error {
	var errs []error
	for _, law := range laws {
		if missing := law.Unserved(c.Serves); missing != "" {
			errs = append(errs, fmt.Errorf("properties: %s: %s", law.Name, c.noResource(missing)))
		}
	}
	return errors.Join(errs...)
}

// noResource says of the name of a resource that there is none, and what would be right.
func (c *Catalog) noResource(name string) string {
	return fmt.Sprintf("the cluster has no resource %q (%s)", name, closest(name, c.groupResources(), "want "+wantGroupResource))
}

const wantGroupResource = "plural and group, such as deployments.apps, of a built-in kind or of a definition in the cluster"

// groupResources are the full names of all resources: services, deployments.apps.
func (c *Catalog) groupResources() []string {
	var names []string
	for _, k := range c.registry.Kinds() {
		names = append(names, k.Resource.String())
	}
	return names
}

var verbsOfObject = []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}

// suggestTarget is what a rule may have meant by a resource that is none.
func (c *Catalog) suggestTarget(name string) string {
	var names []string
	for _, r := range c.targets() {
		names = append(names, r.Name)
	}
	if plural, _, grouped := strings.Cut(name, "."); grouped && slices.Contains(names, plural) {
		return plural + ": rules name no groups"
	}
	return closest(name, names, `a plural such as services, with a subresource after a slash, or "*"`)
}

// faultTargets are what rules can name: plurals without their group, as rules
// match, each once.
func (c *Catalog) faultTargets() []faults.Resource {
	var out []faults.Resource
	add := func(r faults.Resource) {
		if !slices.ContainsFunc(out, func(o faults.Resource) bool { return o.Name == r.Name }) {
			out = append(out, r)
		}
	}
	for _, k := range c.registry.Kinds() {
		verbs := verbsOfObject
		if k.Virtual {
			verbs = []string{"create"}
		}
		add(faults.Resource{Name: k.Resource.Resource, Namespaced: k.Namespaced, Verbs: verbs})
		for _, sub := range apiserver.Subresources(k) {
			add(faults.Resource{Name: k.Resource.Resource + "/" + sub.Name, Namespaced: k.Namespaced, Verbs: sub.Verbs})
		}
	}
	slices.SortStableFunc(out, func(a, b faults.Resource) int { return cmp.Compare(a.Name, b.Name) })
	return out
}
