package scenarios

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
	builtin "k8s.io/client-go/kubernetes/scheme"
)

// SchemeKind says of a kind of a scheme what its Go type does not.
type SchemeKind struct {
	// Name is the kind, with its group after a dot where two groups have it: Zone,
	// Zone.example.com.
	Name string
	// Plural is the name of its resource where that is not what Kubernetes' own guess
	// makes of the kind: "children" for Child, "sheep" for Sheep.
	Plural string
	// ClusterScoped: its objects are in no namespace.
	ClusterScoped bool
}

// Scheme declares the kinds of a scheme that are not Kubernetes' own, for
// projects that have Go types but no CustomResourceDefinition at hand. It may be
// client-go's global scheme, to which a project has added its kinds. Names are
// the regular plural; any content is accepted (there is no schema, so no
// defaults and no validation either); kinds whose type has a field Status get
// the status subresource; kinds are namespaced. Of those that are otherwise, exceptions
// say so. A definition of the project's own is better: [Files].
func Scheme(s *runtime.Scheme, exceptions ...SchemeKind) Manifests {
	var m Manifests
	ours := builtinKinds()
	kinds := map[schema.GroupKind][]schema.GroupVersionKind{}
	for gvk, of := range s.AllKnownTypes() {
		_, hasItems := of.FieldByName("Items")
		_, isObject := reflect.New(of).Interface().(interface{ GetResourceVersion() string })
		if isObject && !hasItems && gvk.Version != runtime.APIVersionInternal && !ours[gvk.GroupKind()] {
			kinds[gvk.GroupKind()] = append(kinds[gvk.GroupKind()], gvk)
		}
	}
	ordered := slices.SortedFunc(maps.Keys(kinds), func(a, b schema.GroupKind) int { return strings.Compare(a.String(), b.String()) })
	said, err := sayOf(ordered, exceptions)
	if err != nil {
		m.err = err
		return m
	}
	for _, kind := range ordered {
		m.add("scheme: "+kind.String(), definition(s, kinds[kind], said[kind]))
	}
	return m
}

// builtinKinds are those that every cluster has, whatever was added to the global
// scheme of client-go since.
var builtinKinds = sync.OnceValue(func() map[schema.GroupKind]bool {
	s, all := runtime.NewScheme(), map[schema.GroupKind]bool{}
	if err := builtin.AddToScheme(s); err != nil {
		panic("scenarios: client-go's scheme cannot be made: " + err.Error())
	}
	for gvk := range s.AllKnownTypes() {
		all[gvk.GroupKind()] = true
	}
	return all
})

// sayOf finds the kind of each exception.
func sayOf(kinds []schema.GroupKind, exceptions []SchemeKind) (map[schema.GroupKind]SchemeKind, error) {
	said := map[schema.GroupKind]SchemeKind{}
	var errs []error
	var names []string
	for _, k := range kinds {
		names = append(names, k.Kind)
	}
	for _, e := range exceptions {
		var found []schema.GroupKind
		for _, k := range kinds {
			if e.Name == k.Kind || e.Name == k.String() {
				found = append(found, k)
			}
		}
		switch {
		case len(found) == 0:
			errs = append(errs, fmt.Errorf("scheme: it has no kind %q (%s)", e.Name, closest(e.Name, names, "want a kind of the scheme that is not Kubernetes' own")))
		case len(found) > 1:
			errs = append(errs, fmt.Errorf("scheme: %d groups have a kind %q (want its group as well, such as %s)", len(found), e.Name, found[0]))
		case said[found[0]] != SchemeKind{}:
			errs = append(errs, fmt.Errorf("scheme: %s is there twice (want all that is to be said of it once)", found[0]))
		case e.Plural != "" && len(validation.IsDNS1035Label(e.Plural)) > 0:
			errs = append(errs, fmt.Errorf("scheme: %s: plural: %q is no name of a resource (want small letters, such as children)", found[0], e.Plural))
		default:
			said[found[0]] = e
		}
	}
	return said, errors.Join(errs...)
}

func definition(s *runtime.Scheme, gvks []schema.GroupVersionKind, said SchemeKind) map[string]any {
	preferred := s.PrioritizedVersionsForGroup(gvks[0].Group)
	rank := func(gvk schema.GroupVersionKind) int { return slices.Index(preferred, gvk.GroupVersion()) }
	slices.SortFunc(gvks, func(a, b schema.GroupVersionKind) int { return rank(a) - rank(b) })
	var versions []any
	for i, gvk := range gvks {
		version := map[string]any{
			"name": gvk.Version, "served": true, "storage": i == 0,
			"schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
		}
		if _, ok := s.AllKnownTypes()[gvk].FieldByName("Status"); ok {
			version["subresources"] = map[string]any{"status": map[string]any{}}
		}
		versions = append(versions, version)
	}
	plural, singular := meta.UnsafeGuessKindToResource(gvks[0])
	name := cmp.Or(said.Plural, plural.Resource)
	scope := "Namespaced"
	if said.ClusterScoped {
		scope = "Cluster"
	}
	kind, group := gvks[0].Kind, gvks[0].Group
	return map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": definitionKind,
		"metadata": map[string]any{
			"name": name + "." + group,
			// Groups under k8s.io are protected: a real cluster asks for this note, too.
			"annotations": map[string]any{"api-approved.kubernetes.io": "unapproved, for a trial"},
		},
		"spec": map[string]any{
			"group": group, "scope": scope, "versions": versions,
			"names": map[string]any{"kind": kind, "listKind": kind + "List", "plural": name, "singular": singular.Resource},
		},
	}
}
