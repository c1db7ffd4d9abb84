package yamlread

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Object is one mapping being read. Its methods read one field each and report
// what is wrong with it; a field that is absent leaves the target as it was.
// [Object.Done] reports the fields that nobody asked for.
type Object struct {
	Doc *Document

	node   *yaml.Node
	path   string
	values map[string]*yaml.Node
	asked  []string
}

// object reads n as a mapping. When it is none, that is reported and the
// result has no fields.
func (d *Document) object(n *yaml.Node, path string) *Object {
	o := &Object{Doc: d, node: n, path: path, values: map[string]*yaml.Node{}}
	if n.Kind != yaml.MappingNode {
		d.Report(n, path, Describe(n)+" is not a mapping", wantFields)
		return o
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			d.Report(key, path, Describe(key)+" cannot be the name of a field", "")
		case o.values[key.Value] != nil:
			d.Report(key, o.Field(key.Value), "the field is there twice", "each field once")
		default:
			o.values[key.Value] = value
		}
	}
	return o
}

// Field is the path of a field from the top of the document.
func (o *Object) Field(name string) string { return below(o.path, name) }

// Names are those of all fields, in the order of the file.
func (o *Object) Names() []string {
	var names []string
	for i := 0; o.node.Kind == yaml.MappingNode && i+1 < len(o.node.Content); i += 2 {
		key := o.node.Content[i]
		if key.Kind == yaml.ScalarNode && !slices.Contains(names, key.Value) {
			names = append(names, key.Value)
		}
	}
	return names
}

// Has says whether the field is there, without reading it.
func (o *Object) Has(name string) bool { return o.values[name] != nil }

// IsMapping says whether the field is there and a mapping, without reading it.
func (o *Object) IsMapping(name string) bool {
	return o.Has(name) && o.values[name].Kind == yaml.MappingNode
}

// Value returns the node of a field, nil when it is absent or empty. From then
// on the field counts as known.
func (o *Object) Value(name string) *yaml.Node {
	o.asked = append(o.asked, name)
	n := o.values[name]
	if n == nil {
		return nil
	}
	o.Doc.places[o.Field(name)] = n
	if isNull(n) {
		o.Wrong(name, "no value", "a value, or no field")
		return nil
	}
	return n
}

// Wrong reports a problem of a field that is there.
func (o *Object) Wrong(name, problem, want string) {
	o.Doc.Report(o.values[name], o.Field(name), problem, want)
}

// Refuse reports a field that is there but should not be, and drops it.
func (o *Object) Refuse(name, problem, want string) {
	o.Wrong(name, problem, want)
	delete(o.values, name)
}

// Require reports that a field is absent, if it is.
func (o *Object) Require(name, want string) {
	if !o.Has(name) && o.node.Kind == yaml.MappingNode {
		o.Doc.Report(o.node, o.Field(name), missing, want)
	}
}

// Report reports a problem of the mapping as a whole, unless something in it is
// wrong already: the whole may only follow from that.
func (o *Object) Report(problem, want string) { o.Doc.ReportAt(o.path, problem, want) }

// Done reports unknown fields, in the order of the file.
func (o *Object) Done() {
	for i := 0; o.node.Kind == yaml.MappingNode && i+1 < len(o.node.Content); i += 2 {
		key := o.node.Content[i]
		if key.Kind == yaml.ScalarNode && !slices.Contains(o.asked, key.Value) {
			// What is there already is not what was meant.
			absent := slices.DeleteFunc(slices.Clone(o.asked), o.Has)
			o.Doc.meant[o.Field(Closest(key.Value, absent))] = true
			o.Doc.Report(key, o.Field(key.Value), "unknown field", DidYouMean(key.Value, absent, "one of "+strings.Join(o.asked, ", ")))
		}
	}
}

// Child reads a field that is a mapping; nil when it is absent.
func (o *Object) Child(name string) *Object {
	n := o.Value(name)
	if n == nil {
		return nil
	}
	return o.Doc.object(n, o.Field(name))
}

// List reads a list item by item. An empty one is reported.
func (o *Object) List(name string, item func(n *yaml.Node, path string)) {
	n := o.Value(name)
	switch {
	case n == nil:
	case n.Kind != yaml.SequenceNode:
		o.Wrong(name, Describe(n)+" is not a list", "a list")
	case len(n.Content) == 0:
		o.Wrong(name, "empty list", "items, or no field")
	default:
		for i, child := range n.Content {
			path := fmt.Sprintf("%s[%d]", o.Field(name), i)
			o.Doc.places[path] = child
			item(child, path)
		}
	}
}

// Objects reads a list of mappings.
func (o *Object) Objects(name string, item func(*Object)) {
	o.List(name, func(n *yaml.Node, path string) { item(o.Doc.object(n, path)) })
}
