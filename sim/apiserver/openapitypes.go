package apiserver

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The schemas of built-in kinds are made of their Go types when somebody asks for them:
// fields and patch strategies of the tags, texts of SwaggerDoc. A real server's have list
// types, defaults and enumerations beside, which only comments in the source say.

// typeSchemas are the schemas of the types that a kind consists of, by name.
type typeSchemas struct {
	// at is where a reference points to: #/components/schemas/ or #/definitions/.
	at  string
	all map[string]any
}

// typed is the schema of what a kind is stored as, with all that it refers to.
func (t *typeSchemas) kind(of reflect.Type, gvk schema.GroupVersionKind) {
	t.refer(of)
	s := t.all[typeName(of)].(map[string]any)
	s["x-kubernetes-group-version-kind"] = []any{map[string]any{"group": gvk.Group, "version": gvk.Version, "kind": gvk.Kind}}
}

// typeName is the package's path with its domain backwards, and the type:
// io.k8s.api.core.v1.Pod.
func typeName(t reflect.Type) string {
	domain, path, _ := strings.Cut(t.PkgPath(), "/")
	parts := strings.Split(domain, ".")
	slices.Reverse(parts)
	return strings.Join(append(append(parts, strings.Split(path, "/")...), t.Name()), ".")
}

// plainTypes are written as something else than their fields.
var plainTypes = map[string]map[string]any{
	"io.k8s.apimachinery.pkg.apis.meta.v1.Time":                                             {"type": "string", "format": "date-time"},
	"io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime":                                        {"type": "string", "format": "date-time"},
	"io.k8s.apimachinery.pkg.apis.meta.v1.Duration":                                         {"type": "string"},
	"io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1":                                         {"type": "object"},
	"io.k8s.apimachinery.pkg.runtime.RawExtension":                                          {"type": "object"},
	"io.k8s.apimachinery.pkg.util.intstr.IntOrString":                                       {"type": "string", "format": "int-or-string"},
	"io.k8s.apimachinery.pkg.api.resource.Quantity":                                         {"type": "string"},
	"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON":                         {},
	"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray":       {},
	"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool":        {},
	"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray": {},
}

// documented types say what their fields are.
type documented interface{ SwaggerDoc() map[string]string }

func docsOf(t reflect.Type) map[string]string {
	if d, ok := reflect.Zero(t).Interface().(documented); ok {
		return d.SwaggerDoc()
	}
	return nil
}

// refer is a reference to a struct, whose schema it makes the first time.
func (t *typeSchemas) refer(of reflect.Type) map[string]any {
	name := typeName(of)
	if t.all[name] == nil {
		if plain, ok := plainTypes[name]; ok {
			out := map[string]any{"description": docsOf(of)[""]}
			for k, v := range plain {
				out[k] = v
			}
			t.all[name] = out
		} else {
			out := map[string]any{"type": "object"}
			t.all[name] = out // before its fields: types may be within themselves
			if doc := docsOf(of)[""]; doc != "" {
				out["description"] = doc
			}
			properties, required := map[string]any{}, []any{}
			t.fields(of, properties, &required)
			if len(properties) > 0 {
				out["properties"] = properties
			}
			if len(required) > 0 {
				out["required"] = required
			}
		}
	}
	return map[string]any{"$ref": t.at + name}
}

// fields adds those of a struct, and of the structs that are written as part of it.
func (t *typeSchemas) fields(of reflect.Type, properties map[string]any, required *[]any) {
	docs := docsOf(of)
	for i := range of.NumField() {
		f := of.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || !f.IsExported() {
			continue
		}
		if name == "" {
			if inner := deref(f.Type); inner.Kind() == reflect.Struct {
				t.fields(inner, properties, required)
			}
			continue
		}
		s := t.schema(f.Type)
		if ref := s["$ref"]; ref != nil && docs[name] != "" {
			s = map[string]any{"allOf": []any{map[string]any{"$ref": ref}}}
			if t.at == definitionsV2 {
				s = map[string]any{"$ref": ref}
			}
		}
		if docs[name] != "" {
			s["description"] = docs[name]
		}
		for tag, extension := range map[string]string{"patchStrategy": "x-kubernetes-patch-strategy", "patchMergeKey": "x-kubernetes-patch-merge-key"} {
			if value := f.Tag.Get(tag); value != "" {
				s[extension] = value
			}
		}
		properties[name] = s
		if !strings.Contains(options, "omitempty") && !strings.Contains(options, "omitzero") {
			*required = append(*required, name)
		}
	}
}

func deref(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// schema is that of a value.
func (t *typeSchemas) schema(of reflect.Type) map[string]any {
	switch of = deref(of); of.Kind() {
	case reflect.Struct:
		return t.refer(of)
	case reflect.Slice:
		if of.Elem().Kind() == reflect.Uint8 {
			return map[string]any{"type": "string", "format": "byte"}
		}
		return map[string]any{"type": "array", "items": t.schema(of.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": t.schema(of.Elem())}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int64:
		return map[string]any{"type": "integer", "format": "int64"}
	case reflect.Int, reflect.Int32, reflect.Int16, reflect.Int8, reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return map[string]any{"type": "integer", "format": "int32"}
	case reflect.Float32, reflect.Float64:
		return map[string]any{"type": "number", "format": "double"}
	case reflect.String:
		return map[string]any{"type": "string"}
	}
	return map[string]any{} // anything
}

// Where references point to.
const (
	schemasV3     = "#/components/schemas/"
	definitionsV2 = "#/definitions/"
)

// builtInSchemas are kept, as text, for all servers of the process: they depend on nothing
// but the types.
var builtInSchemas sync.Map // of builtInSchemasKey: []byte

type builtInSchemasKey struct{ at, kinds string }

// schemasOf are the schemas of the built-in kinds of a group version, or of several.
func (s *Server) schemasOf(at string, gvs ...schema.GroupVersion) map[string]json.RawMessage {
	t := typeSchemas{at: at, all: map[string]any{}}
	var names []string
	for _, gv := range gvs {
		for _, name := range s.byVersion[gv].names {
			if res := s.byVersion[gv].resources[name]; !res.kind.Custom {
				names = append(names, gv.String()+"/"+res.kind.Kind)
			}
		}
	}
	key := builtInSchemasKey{at, strings.Join(names, " ")}
	text, ok := builtInSchemas.Load(key)
	if !ok {
		for _, gv := range gvs {
			for _, name := range s.byVersion[gv].names {
				kind := s.byVersion[gv].resources[name].kind
				if v, served := kind.Version(gv.Version); served && !kind.Custom {
					t.kind(reflect.TypeOf(v.New()).Elem(), gv.WithKind(kind.Kind))
				}
			}
		}
		text = marshalJSON(t.all)
		builtInSchemas.Store(key, text)
	}
	var out map[string]json.RawMessage
	if err := json.Unmarshal(text.([]byte), &out); err != nil {
		panic("apiserver: the schemas of built-in kinds cannot be read: " + err.Error())
	}
	return out
}
