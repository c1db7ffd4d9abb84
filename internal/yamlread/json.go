package yamlread

import (
	"fmt"
	"math"

	"gopkg.in/yaml.v3"
)

// JSON reads a field that may hold anything that JSON can, with the types of
// unstructured objects: map[string]any, []any, string, int64, float64, bool,
// nil. Nil also when it is absent.
func (o *Object) JSON(name string) any {
	if n := o.Value(name); n != nil {
		return o.Doc.json(n, o.Field(name))
	}
	return nil
}

// Structure is [Object.JSON] of a field that has to be a mapping or a list.
func (o *Object) Structure(name string) any {
	n := o.Value(name)
	switch {
	case n == nil:
		return nil
	case n.Kind == yaml.ScalarNode:
		o.Wrong(name, Describe(n)+" is a plain value", "a mapping or a list")
		return nil
	}
	return o.Doc.json(n, o.Field(name))
}

// JSONObject is [Object.JSON] of a field that has to be a mapping; want is what
// it should hold.
func (o *Object) JSONObject(name, want string) map[string]any {
	n := o.Value(name)
	if n == nil {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		o.Wrong(name, Describe(n)+" is not an object", want)
		return nil
	}
	fields, _ := o.Doc.json(n, o.Field(name)).(map[string]any)
	return fields
}

// json turns a node into what JSON can hold.
func (d *Document) json(n *yaml.Node, path string) any {
	switch n.Kind {
	case yaml.MappingNode:
		o := d.object(n, path)
		out := make(map[string]any, len(o.values))
		for i := 0; i+1 < len(n.Content); i += 2 {
			if key := n.Content[i]; key.Kind == yaml.ScalarNode {
				d.places[o.Field(key.Value)] = n.Content[i+1]
				out[key.Value] = d.json(n.Content[i+1], o.Field(key.Value))
			}
		}
		return out
	case yaml.SequenceNode:
		out := make([]any, len(n.Content))
		for i, child := range n.Content {
			path := fmt.Sprintf("%s[%d]", path, i)
			d.places[path] = child
			out[i] = d.json(child, path)
		}
		return out
	case yaml.ScalarNode:
		return d.jsonScalar(n, path)
	}
	d.Report(n, path, Describe(n), "a value")
	return nil
}

func (d *Document) jsonScalar(n *yaml.Node, path string) any {
	var err error
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!str", "!!timestamp": // JSON knows no time
		return n.Value
	case "!!bool":
		var v bool
		if err = n.Decode(&v); err == nil {
			return v
		}
	case "!!int":
		var v int64
		if err = n.Decode(&v); err == nil {
			return v
		}
		if v, ok := number(n); ok { // too large for what objects hold whole numbers in
			return v
		}
	case "!!float":
		var v float64
		if err = n.Decode(&v); err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) {
			return v
		}
	}
	d.Report(n, path, Describe(n)+" has no place in an object", "text, a number, true, false or null")
	return nil
}
