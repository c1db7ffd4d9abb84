package apiserver

import (
	"slices"
	"sort"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// apiGroup is one group as discovery shows it.
type apiGroup struct {
	name     string
	versions []*apiVersion // preferred first
}

// apiVersion is one group version and the resources served in it.
type apiVersion struct {
	gv        schema.GroupVersion
	builtIn   bool
	resources map[string]served
	names     []string // sorted
}

// served is a kind and where its objects are stored: not always under its own
// name, see kinds.Kind.StoredAs.
type served struct {
	kind *kinds.Kind
	res  *resource
}

// serve starts serving a kind, with empty storage of its own unless it is
// stored as another that is served already.
func (s *Server) serve(k *kinds.Kind) *resource {
	if res := s.resources[k.StoredAs]; res != nil && k.StoredAs != (schema.GroupResource{}) {
		s.publish(k, res)
		return res
	}
	res := newResource(k, s.config.Replicas, s.revision)
	if k.Virtual {
		s.publish(k, res)
		return res
	}
	for replica, c := range res.caches {
		c.server, c.res = s, res
		if s.lags[replica] != 0 {
			c.setLag(s.lags[replica])
		}
	}
	s.addResource(res)
	s.publish(k, res)
	return res
}

// publish puts a kind under each of its versions.
func (s *Server) publish(k *kinds.Kind, res *resource) {
	name := k.Resource.Resource
	for i := range k.Versions {
		v := s.version(schema.GroupVersion{Group: k.Resource.Group, Version: k.Versions[i].Name})
		v.builtIn = v.builtIn || !k.Custom
		if _, known := v.resources[name]; !known {
			j, _ := slices.BinarySearch(v.names, name)
			v.names = slices.Insert(v.names, j, name)
		}
		v.resources[name] = served{kind: k, res: res}
	}
	s.documents = documents{}
}

// withdraw is the opposite of publish; what is stored stays.
func (s *Server) withdraw(res *resource) {
	for i := range res.kind.Versions {
		gv := schema.GroupVersion{Group: res.gr.Group, Version: res.kind.Versions[i].Name}
		v := s.byVersion[gv]
		if v == nil || v.resources[res.gr.Resource].res != res {
			continue
		}
		delete(v.resources, res.gr.Resource)
		v.names = slices.DeleteFunc(v.names, func(n string) bool { return n == res.gr.Resource })
		if len(v.names) == 0 {
			s.removeVersion(v)
		}
	}
	s.documents = documents{}
}

func (s *Server) version(gv schema.GroupVersion) *apiVersion {
	if v := s.byVersion[gv]; v != nil {
		return v
	}
	v := &apiVersion{gv: gv, resources: map[string]served{}}
	s.byVersion[gv] = v
	i := slices.IndexFunc(s.groups, func(g *apiGroup) bool { return g.name == gv.Group })
	if i < 0 {
		s.groups = append(s.groups, &apiGroup{name: gv.Group})
		slices.SortFunc(s.groups, compareGroups)
		i = slices.IndexFunc(s.groups, func(g *apiGroup) bool { return g.name == gv.Group })
	}
	g := s.groups[i]
	g.versions = append(g.versions, v)
	sort.SliceStable(g.versions, func(a, b int) bool {
		return version.CompareKubeAwareVersionStrings(g.versions[a].gv.Version, g.versions[b].gv.Version) > 0
	})
	return v
}

// groupOrder is that of the aggregator's priorities; other groups follow by name.
var groupOrder = []string{
	"", "apiregistration.k8s.io", "apps", "events.k8s.io", "authentication.k8s.io", "authorization.k8s.io",
	"autoscaling", "batch", "certificates.k8s.io", "networking.k8s.io", "policy", "rbac.authorization.k8s.io",
	"storage.k8s.io", "admissionregistration.k8s.io", "apiextensions.k8s.io", "scheduling.k8s.io",
	"coordination.k8s.io", "node.k8s.io", "discovery.k8s.io", "resource.k8s.io", "flowcontrol.apiserver.k8s.io",
}

func compareGroups(a, b *apiGroup) int {
	i, j := slices.Index(groupOrder, a.name), slices.Index(groupOrder, b.name)
	switch {
	case i >= 0 && j >= 0:
		return i - j
	case i >= 0:
		return -1
	case j >= 0:
		return 1
	}
	return strings.Compare(a.name, b.name)
}

func (s *Server) removeVersion(v *apiVersion) {
	delete(s.byVersion, v.gv)
	for i, g := range s.groups {
		if g.name != v.gv.Group {
			continue
		}
		g.versions = slices.DeleteFunc(g.versions, func(o *apiVersion) bool { return o == v })
		if len(g.versions) == 0 {
			s.groups = slices.Delete(s.groups, i, i+1)
		}
		return
	}
}
