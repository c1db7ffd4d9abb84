package apiserver

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"

	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

var discoveryGVK = apidiscoveryv2.SchemeGroupVersion.WithKind("APIGroupDiscoveryList")

const discoveryContentType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

// Verbs in the orders in which the real server lists them.
var (
	builtInVerbs     = metav1.Verbs{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}
	namespaceVerbs   = metav1.Verbs{"create", "delete", "get", "list", "patch", "update", "watch"}
	customVerbs      = metav1.Verbs{"delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"}
	subresourceVerbs = metav1.Verbs{"get", "patch", "update"}
	proxyVerbs       = metav1.Verbs{"create", "delete", "get", "patch", "update"}
)

// specialSubresources are those that only one kind has.
var specialSubresources = map[schema.GroupResource][]metav1.APIResource{
	{Resource: "namespaces"}: {{Name: "finalize", Kind: "Namespace", Verbs: metav1.Verbs{"update"}}},
	{Resource: "services"}:   {{Name: "proxy", Kind: "ServiceProxyOptions", Verbs: proxyVerbs}},
	{Resource: "pods"}: {
		{Name: "binding", Kind: "Binding", Verbs: metav1.Verbs{"create"}},
		{Name: "ephemeralcontainers", Kind: "Pod", Verbs: subresourceVerbs},
		{Name: "eviction", Kind: "Eviction", Group: "policy", Version: "v1", Verbs: metav1.Verbs{"create"}},
		{Name: "log", Kind: "Pod", Verbs: metav1.Verbs{"get"}},
		{Name: "resize", Kind: "Pod", Verbs: subresourceVerbs},
	},
	{Resource: "serviceaccounts"}: {{Name: "token", Kind: "TokenRequest", Group: "authentication.k8s.io", Version: "v1", Verbs: metav1.Verbs{"create"}}},
	{Group: "certificates.k8s.io", Resource: "certificatesigningrequests"}: {
		{Name: "approval", Kind: "CertificateSigningRequest", Verbs: subresourceVerbs},
	},
}

// answerMeta answers with an object of the meta API in a negotiated encoding.
func (c *call) answerMeta(obj runtime.Object, kind string) {
	obj.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{Version: "v1", Kind: kind})
	f, ok := c.accept(acceptStatus)
	if !ok {
		f = format{}
	}
	c.respond(http.StatusOK, contentTypes[f.encoding], encodeMeta(obj, f.encoding))
}

// wantsAggregated: the client prefers the one document with everything in it.
func (c *call) wantsAggregated() bool {
	f, ok := c.accept(acceptDiscovery)
	return ok && f.as != ""
}

func (c *call) coreVersions() {
	if c.wantsAggregated() {
		if c.server.documents.core == nil {
			c.server.documents.core = c.server.aggregate(true)
		}
		c.answerAggregated(c.server.documents.core)
		return
	}
	c.respond(http.StatusOK, contentJSON, append(marshalJSON(&metav1.APIVersions{
		TypeMeta:                   metav1.TypeMeta{Kind: "APIVersions"},
		Versions:                   []string{"v1"},
		ServerAddressByClientCIDRs: []metav1.ServerAddressByClientCIDR{{ClientCIDR: "0.0.0.0/0", ServerAddress: "127.0.0.1:443"}},
	}), '\n'))
}

func (c *call) groupList() {
	if c.wantsAggregated() {
		if c.server.documents.discovery == nil {
			c.server.documents.discovery = c.server.aggregate(false)
		}
		c.answerAggregated(c.server.documents.discovery)
		return
	}
	list := &metav1.APIGroupList{}
	for _, g := range c.server.groups {
		if g.name != "" {
			list.Groups = append(list.Groups, g.document())
		}
	}
	c.answerMeta(list, "APIGroupList")
}

func (g *apiGroup) document() metav1.APIGroup {
	out := metav1.APIGroup{Name: g.name}
	for _, v := range g.versions {
		out.Versions = append(out.Versions, metav1.GroupVersionForDiscovery{GroupVersion: v.gv.String(), Version: v.gv.Version})
	}
	out.PreferredVersion = out.Versions[0]
	return out
}

func (c *call) group(name string) bool {
	for _, g := range c.server.groups {
		if g.name == name {
			doc := g.document()
			c.answerMeta(&doc, "APIGroup")
			return true
		}
	}
	return false
}

func (c *call) resourceList(gv schema.GroupVersion) bool {
	v := c.server.byVersion[gv]
	if v == nil {
		return false
	}
	if v.builtIn && c.r.Method != http.MethodGet {
		c.fail(errGeneric(http.StatusMethodNotAllowed, ""))
		return true
	}
	list := &metav1.APIResourceList{GroupVersion: gv.String(), APIResources: []metav1.APIResource{}}
	for _, name := range v.names {
		kind := v.resources[name].kind
		main, subresources := describe(kind, gv.Version)
		list.APIResources = append(list.APIResources, main)
		for _, sub := range subresources {
			sub.Name = main.Name + "/" + sub.Name
			sub.Namespaced = main.Namespaced
			list.APIResources = append(list.APIResources, sub)
		}
	}
	c.answerMeta(list, "APIResourceList")
	return true
}

// Subresources are those that are served of a kind in any of its versions, as discovery
// tells them, each once: its names lack the resource.
func Subresources(kind *kinds.Kind) []metav1.APIResource {
	var all []metav1.APIResource
	for i := range kind.Versions {
		_, subresources := describe(kind, kind.Versions[i].Name)
		for _, sub := range subresources {
			if !slices.ContainsFunc(all, func(a metav1.APIResource) bool { return a.Name == sub.Name }) {
				all = append(all, sub)
			}
		}
	}
	return all
}

// describe makes a resource's entry and those of its subresources, whose names
// lack the resource.
func describe(kind *kinds.Kind, version string) (main metav1.APIResource, subresources []metav1.APIResource) {
	verbs := builtInVerbs
	switch {
	case kind.Custom:
		verbs = customVerbs
	case kind.Virtual:
		verbs = metav1.Verbs{"create"}
	case kind.Resource == namespaceResource:
		verbs = namespaceVerbs
	}
	main = metav1.APIResource{
		Name: kind.Resource.Resource, SingularName: kind.Singular, Namespaced: kind.Namespaced,
		Kind: kind.Kind, Verbs: verbs, ShortNames: kind.ShortNames, Categories: kind.Categories,
		StorageVersionHash: storageVersionHash(kind),
	}
	subresources = append(subresources, specialSubresources[kind.Resource]...)
	v, _ := kind.Version(version)
	// Built-in subresources come in the order of their names, those of custom
	// resources in that of the definition's fields.
	scale := metav1.APIResource{Name: "scale", Kind: "Scale", Group: "autoscaling", Version: "v1", Verbs: subresourceVerbs}
	if !kind.Custom && scalable(kind, v) {
		subresources = append(subresources, scale)
	}
	if v.Status != nil {
		subresources = append(subresources, metav1.APIResource{Name: "status", Kind: kind.Kind, Verbs: subresourceVerbs})
	}
	if kind.Custom && scalable(kind, v) {
		subresources = append(subresources, scale)
	}
	return main, subresources
}

// storageVersionHash is that of k8s.io/apiserver's discovery package, which
// would bring in the whole of the generic server.
func storageVersionHash(kind *kinds.Kind) string {
	group := kind.Resource.Group
	if kind.StoredAs.Resource != "" {
		group = kind.StoredAs.Group
	}
	h := sha256.Sum256([]byte(group + "/" + kind.Storage + "/" + kind.Kind))
	return base64.StdEncoding.EncodeToString(h[:8])
}

// aggregate makes the one document: of the core group or of all others.
func (s *Server) aggregate(core bool) []byte {
	list := &apidiscoveryv2.APIGroupDiscoveryList{Items: []apidiscoveryv2.APIGroupDiscovery{}}
	list.SetGroupVersionKind(discoveryGVK)
	for _, g := range s.groups {
		if (g.name == "") != core {
			continue
		}
		out := apidiscoveryv2.APIGroupDiscovery{ObjectMeta: metav1.ObjectMeta{Name: g.name}}
		for _, v := range g.versions {
			doc := apidiscoveryv2.APIVersionDiscovery{Version: v.gv.Version, Freshness: apidiscoveryv2.DiscoveryFreshnessCurrent}
			for _, name := range v.names {
				doc.Resources = append(doc.Resources, aggregated(v.resources[name].kind, v.gv))
			}
			out.Versions = append(out.Versions, doc)
		}
		list.Items = append(list.Items, out)
	}
	return append(marshalJSON(list), '\n')
}

func aggregated(kind *kinds.Kind, gv schema.GroupVersion) apidiscoveryv2.APIResourceDiscovery {
	main, subresources := describe(kind, gv.Version)
	out := apidiscoveryv2.APIResourceDiscovery{
		Resource: main.Name, SingularResource: main.SingularName, Scope: apidiscoveryv2.ScopeCluster,
		Verbs: main.Verbs, ShortNames: main.ShortNames, Categories: main.Categories,
		ResponseKind: responseKind(kind, gv, main),
	}
	if main.Namespaced {
		out.Scope = apidiscoveryv2.ScopeNamespace
	}
	for _, sub := range subresources {
		out.Subresources = append(out.Subresources, apidiscoveryv2.APISubresourceDiscovery{
			Subresource: sub.Name, Verbs: sub.Verbs, ResponseKind: responseKind(kind, gv, sub),
		})
	}
	return out
}

// responseKind leaves group and version of built-in kinds empty, which means
// those of the document.
func responseKind(kind *kinds.Kind, gv schema.GroupVersion, r metav1.APIResource) *metav1.GroupVersionKind {
	k := &metav1.GroupVersionKind{Group: r.Group, Version: r.Version, Kind: r.Kind}
	if kind.Custom && k.Version == "" {
		k.Group, k.Version = gv.Group, gv.Version
	}
	return k
}

func (c *call) answerAggregated(body []byte) {
	h := c.header(discoveryContentType)
	h["Vary"] = []string{"Accept"}
	h["Cache-Control"] = []string{"public"}
	c.w.Respond(http.StatusOK, h, c.laidOut(body), false)
}
