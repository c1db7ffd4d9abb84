package scenarios

import (
	"fmt"
	"math"

	"gopkg.in/yaml.v3"
)

// json turns a node into what JSON can hold, with the types of unstructured
// objects: map[string]any, []any, string, int64, float64, bool, nil.
func (d *document) json(n *yaml.Node, path string) any {
	switch n.Kind {
	case yaml.MappingNode:
		o := d.object(n, path)
		out := make(map[string]any, len(o.values))
		for i := 0; i+1 < len(n.Content); i += 2 {
			if key := n.Content[i]; key.Kind == yaml.ScalarNode {
				d.places[o.field(key.Value)] = n.Content[i+1]
				out[key.Value] = d.json(n.Content[i+1], o.field(key.Value))
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
	d.report(n, path, describe(n), "a value")
	return nil
}

func (d *document) jsonScalar(n *yaml.Node, path string) any {
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
	case "!!float":
		var v float64
		if err = n.Decode(&v); err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) {
			return v
		}
	}
	d.report(n, path, describe(n)+" has no place in an object", "text, a number, true, false or null")
	return nil
}
