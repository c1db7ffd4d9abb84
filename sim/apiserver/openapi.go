package apiserver

import (
	"fmt"
	"hash/fnv"
	"maps"
	"net/http"
	"slices"
	"strings"

	openapiv2 "github.com/google/gnostic-models/openapiv2"
	"google.golang.org/protobuf/proto"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

const openAPIV2Protobuf = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"

// openAPIV2 answers with the definitions of built-in kinds, for clients that are too old
// for version 3; paths and custom resources are in that alone.
func (c *call) openAPIV2() {
	body := append(marshalJSON(map[string]any{
		"swagger": "2.0", "info": openAPIInfo(), "paths": map[string]any{}, "definitions": c.server.schemasOf(definitionsV2, c.server.groupVersions()...),
	}), '\n')
	contentType := contentJSON
	if accept := c.r.Header.Get("Accept"); strings.Contains(accept, "proto-openapi.spec.v2") {
		doc, err := openapiv2.ParseDocument(body)
		if err != nil {
			panic("apiserver: encode: OpenAPI v2: " + err.Error())
		}
		b, err := proto.Marshal(doc)
		if err != nil {
			panic("apiserver: encode: OpenAPI v2: " + err.Error())
		}
		contentType, body = openAPIV2Protobuf, b
	}
	h := c.header(contentType)
	h["Vary"] = []string{"Accept-Encoding", "Accept"}
	c.w.Respond(http.StatusOK, h, body, false)
}

// groupVersions are those that are served, in order.
func (s *Server) groupVersions() []schema.GroupVersion {
	return slices.SortedFunc(maps.Keys(s.byVersion), func(a, b schema.GroupVersion) int { return strings.Compare(a.String(), b.String()) })
}

func openAPIInfo() map[string]any {
	return map[string]any{"title": "Kubernetes", "version": serverVersion.GitVersion}
}

// openAPIIndex lists the group versions' documents; the hash in each URL
// changes with the document.
func (c *call) openAPIIndex() {
	paths := map[string]any{}
	for gv := range c.server.byVersion {
		name := openAPIName(gv)
		h := fnv.New64a()
		h.Write(c.server.openAPI(gv))
		paths[name] = map[string]string{"serverRelativeURL": fmt.Sprintf("/openapi/v3/%s?hash=%X", name, h.Sum64())}
	}
	c.respond(http.StatusOK, "text/plain; charset=utf-8", marshalJSON(map[string]any{"paths": paths}))
}

func openAPIName(gv schema.GroupVersion) string {
	if gv.Group == "" {
		return "api/" + gv.Version
	}
	return "apis/" + gv.String()
}

func (c *call) openAPIV3(gv schema.GroupVersion) bool {
	if c.server.byVersion[gv] == nil {
		return false
	}
	h := c.header(contentJSON)
	h["Vary"] = []string{"Accept"}
	c.w.Respond(http.StatusOK, h, c.server.openAPI(gv), false)
	return true
}

func (s *Server) openAPI(gv schema.GroupVersion) []byte {
	if s.documents.openAPI == nil {
		s.documents.openAPI = map[string][]byte{}
	}
	name := gv.String()
	if s.documents.openAPI[name] == nil {
		s.documents.openAPI[name] = s.makeOpenAPI(gv)
	}
	return s.documents.openAPI[name]
}

// makeOpenAPI describes what clients look for: which parameters a patch takes
// (kubectl asks before it relies on field validation), and the schemas of
// the kinds.
func (s *Server) makeOpenAPI(gv schema.GroupVersion) []byte {
	paths, schemas := map[string]any{}, map[string]any{}
	v := s.byVersion[gv]
	for name, schema := range s.schemasOf(schemasV3, gv) {
		schemas[name] = schema
	}
	for _, name := range v.names {
		kind := v.resources[name].kind
		gvk := map[string]any{"group": gv.Group, "version": gv.Version, "kind": kind.Kind}
		paths[openAPIPath(gv, kind)] = map[string]any{"patch": map[string]any{
			"operationId":                     "patch" + kind.Kind,
			"x-kubernetes-action":             "patch",
			"x-kubernetes-group-version-kind": gvk,
			"parameters": []any{
				queryParameter("dryRun", "string"), queryParameter("fieldManager", "string"),
				queryParameter("fieldValidation", "string"), queryParameter("force", "boolean"),
			},
			"responses": map[string]any{},
		}}
		if schema := s.customSchema(kind, gv.Version); schema != nil {
			schema["x-kubernetes-group-version-kind"] = []any{gvk}
			schemas[schemaName(gv, kind.Kind)] = schema
		}
	}
	return append(marshalJSON(map[string]any{
		"openapi": "3.0.0", "info": openAPIInfo(), "paths": paths, "components": map[string]any{"schemas": schemas},
	}), '\n')
}

func queryParameter(name, kind string) map[string]any {
	return map[string]any{"name": name, "in": "query", "schema": map[string]any{"type": kind, "uniqueItems": true}}
}

func openAPIPath(gv schema.GroupVersion, kind *kinds.Kind) string {
	path := "/" + openAPIName(gv)
	if kind.Namespaced {
		path += "/namespaces/{namespace}"
	}
	return path + "/" + kind.Resource.Resource + "/{name}"
}

// schemaName is the group's domain backwards, version, kind.
func schemaName(gv schema.GroupVersion, kind string) string {
	parts := strings.Split(gv.Group, ".")
	slices.Reverse(parts)
	return strings.Join(append(parts, gv.Version, kind), ".")
}

func (s *Server) customSchema(kind *kinds.Kind, version string) map[string]any {
	if !kind.Custom {
		return nil
	}
	o := s.resources[crdResource].objects[kind.Resource.String()]
	if o == nil {
		return nil
	}
	for _, v := range o.value.(*apiextensionsv1.CustomResourceDefinition).Spec.Versions {
		if v.Name == version && v.Schema != nil && v.Schema.OpenAPIV3Schema != nil {
			out, err := toMap(v.Schema.OpenAPIV3Schema)
			if err != nil {
				return nil
			}
			return out
		}
	}
	return nil
}
