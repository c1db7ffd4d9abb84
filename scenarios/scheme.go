package scenarios

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	builtin "k8s.io/client-go/kubernetes/scheme"
)

// Scheme declares the kinds of a scheme that are not Kubernetes' own, for
// projects that have Go types but no CustomResourceDefinition at hand. Names are
// the regular plural; any content is accepted (there is no schema, so no
// defaults and no validation either); kinds whose type has a field Status get
// the status subresource; kinds are namespaced but for those named as
// cluster-scoped. A definition of the project's own is better: [Files].
func Scheme(s *runtime.Scheme, clusterScoped ...string) Manifests {
	var m Manifests
	kinds := map[schema.GroupKind][]schema.GroupVersionKind{}
	for gvk, of := range s.AllKnownTypes() {
		_, hasItems := of.FieldByName("Items")
		_, isObject := reflect.New(of).Interface().(interface{ GetResourceVersion() string })
		if isObject && !hasItems && gvk.Version != runtime.APIVersionInternal && !builtin.Scheme.IsGroupRegistered(gvk.Group) {
			kinds[gvk.GroupKind()] = append(kinds[gvk.GroupKind()], gvk)
		}
	}
	for _, name := range clusterScoped {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(kinds)), func(k schema.GroupKind) bool { return k.Kind == name }) {
			m.err = errors.Join(m.err, fmt.Errorf("scheme: it has no kind %q of a group that is not Kubernetes' own", name))
		}
	}
	ordered := slices.SortedFunc(maps.Keys(kinds), func(a, b schema.GroupKind) int { return strings.Compare(a.String(), b.String()) })
	for _, kind := range ordered {
		m.add("scheme: "+kind.String(), definition(s, kinds[kind], slices.Contains(clusterScoped, kind.Kind)))
	}
	return m
}

func definition(s *runtime.Scheme, gvks []schema.GroupVersionKind, clusterScoped bool) map[string]any {
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
	scope := "Namespaced"
	if clusterScoped {
		scope = "Cluster"
	}
	kind, group := gvks[0].Kind, gvks[0].Group
	return map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": definitionKind,
		"metadata": map[string]any{
			"name": plural.Resource + "." + group,
			// Groups under k8s.io are protected: a real cluster asks for this note, too.
			"annotations": map[string]any{"api-approved.kubernetes.io": "unapproved, for a trial"},
		},
		"spec": map[string]any{
			"group": group, "scope": scope, "versions": versions,
			"names": map[string]any{"kind": kind, "listKind": kind + "List", "plural": plural.Resource, "singular": singular.Resource},
		},
	}
}
