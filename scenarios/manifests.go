package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"gopkg.in/yaml.v3"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	k8syaml "sigs.k8s.io/yaml"
)

// Manifests are Kubernetes objects as files hold them. The zero value is empty.
//
// What is wrong with them (a file that cannot be read, a document that is no
// object) is kept, and told with file, line and field when they are put to use.
type Manifests struct {
	objects []placed
	err     error
}

// placed is one object and where it came from.
type placed struct {
	Manifest
	place string // file:line
	// field is what names it in a scenario file, and elsewhere says that it stands
	// in a file of its own.
	field     string
	elsewhere bool
}

// All lists the objects.
func (m Manifests) All() []Manifest {
	all := make([]Manifest, len(m.objects))
	for i := range m.objects {
		all[i] = m.objects[i].Manifest
	}
	return all
}

// Only is the i-th object alone.
func (m Manifests) Only(i int) Manifests { return Manifests{objects: m.objects[i : i+1]} }

// Err says what is wrong with the manifests; nil: nothing.
func (m Manifests) Err() error { return m.err }

// Place is where the i-th object came from: file:line, or words.
func (m Manifests) Place(i int) string { return m.objects[i].place }

// Definitions are the CustomResourceDefinitions among the objects, and the
// others. The error says which definition is none.
func (m Manifests) Definitions() (crds []*apiextensionsv1.CustomResourceDefinition, others []Manifest, err error) {
	for _, object := range m.objects {
		if object.Object["kind"] != definitionKind {
			others = append(others, object.Manifest)
			continue
		}
		crd, err := object.definition()
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", object.place, err)
		}
		crds = append(crds, crd)
	}
	return crds, others, nil
}

// definition is the object as one; its file is told where another names it.
func (p *placed) definition() (*apiextensionsv1.CustomResourceDefinition, error) {
	crd := new(apiextensionsv1.CustomResourceDefinition)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(p.Object, crd, true); err != nil {
		_, _, name := p.Identity()
		return nil, fmt.Errorf("%s%s %s: %w", p.from(), definitionKind, name, err)
	}
	return crd, nil
}

// from begins what is said about an object that stands in a file of its own.
func (p *placed) from() string {
	if p.elsewhere {
		return p.place + ": "
	}
	return ""
}

const definitionKind = "CustomResourceDefinition"

// YAML reads objects from text: one or more documents, lists included.
func YAML(text string) Manifests { return parseManifests("manifest", []byte(text)) }

// Files reads the files that match any of the patterns ([filepath.Match]), in
// order of their names. A pattern that no file matches is an error.
func Files(patterns ...string) Manifests {
	var m Manifests
	for _, pattern := range patterns {
		names, err := filepath.Glob(pattern)
		if err == nil && len(names) == 0 {
			err = errors.New("no such file")
		}
		if err != nil {
			m.err = errors.Join(m.err, fmt.Errorf("manifests %s: %w", pattern, err))
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				m.err = errors.Join(m.err, fmt.Errorf("manifests: %w", err))
				continue
			}
			m = m.And(parseManifests(name, data))
		}
	}
	return m
}

// Objects makes manifests of Go values, built-in or unstructured. Typed ones
// need their apiVersion and kind set.
func Objects(objects ...runtime.Object) Manifests {
	var m Manifests
	for i, object := range objects {
		place := fmt.Sprintf("object %d (%T)", i, object)
		fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
		if err != nil {
			m.err = errors.Join(m.err, fmt.Errorf("%s: %w", place, err))
			continue
		}
		// Empty structs that the Go types cannot leave out would be taken for
		// what the user wants.
		delete(fields, "status")
		unstructured.RemoveNestedField(fields, "metadata", "creationTimestamp")
		m.add(place, fields)
	}
	return m
}

// And is both, in that order.
func (m Manifests) And(others ...Manifests) Manifests {
	out := Manifests{objects: slices.Clone(m.objects), err: m.err}
	for _, other := range others {
		out.objects = append(out.objects, other.objects...)
		out.err = errors.Join(out.err, other.err)
	}
	return out
}

// Empty says whether there is nothing, and nothing wrong either.
func (m Manifests) Empty() bool { return len(m.objects) == 0 && m.err == nil }

func parseManifests(file string, data []byte) Manifests {
	var m Manifests
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return m
		}
		if err != nil {
			m.err = errors.Join(m.err, fmt.Errorf("%s: %w", file, err))
			return m
		}
		m.document(fmt.Sprintf("%s:%d", file, document.Line), &document)
	}
}

func (m *Manifests) document(place string, document *yaml.Node) {
	// Through text and sigs.k8s.io/yaml, so that numbers and times are read as
	// kubectl reads them.
	text, err := yaml.Marshal(document)
	var fields map[string]any
	if err == nil {
		err = k8syaml.Unmarshal(text, &fields)
	}
	if err != nil {
		m.err = errors.Join(m.err, fmt.Errorf("%s: %w", place, err))
		return
	}
	if len(fields) == 0 {
		return // an empty document between two separators
	}
	m.add(place, wholeNumbers(fields).(map[string]any))
}

func (m *Manifests) add(place string, fields map[string]any) {
	object := &unstructured.Unstructured{Object: fields}
	if object.IsList() {
		items, _, _ := unstructured.NestedSlice(fields, "items")
		for _, item := range items {
			if inner, ok := item.(map[string]any); ok {
				m.add(place, inner)
			}
		}
		return
	}
	if field := missing(object); field != "" {
		m.err = errors.Join(m.err, fmt.Errorf("%s: %s: missing (want %s)", place, field, wantObject))
		return
	}
	m.objects = append(m.objects, placed{Manifest: Manifest{fields}, place: place})
}

const wantObject = "a Kubernetes object with apiVersion, kind and metadata.name"

// missing is the first field that an object lacks, and empty when it has what
// every object needs.
func missing(object *unstructured.Unstructured) string {
	switch {
	case object.GetAPIVersion() == "":
		return "apiVersion"
	case object.GetKind() == "":
		return "kind"
	case object.GetName() == "":
		return "metadata.name"
	}
	return ""
}

// wholeNumbers turns floats without a fraction into integers, which is how
// unstructured objects hold numbers.
func wholeNumbers(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, field := range v {
			v[key] = wholeNumbers(field)
		}
	case []any:
		for i, item := range v {
			v[i] = wholeNumbers(item)
		}
	case float64:
		if whole := int64(v); float64(whole) == v {
			return whole
		}
	}
	return value
}
