package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/seatrial/seatrial/faults"
)

// object is one mapping being read. Its methods read one field each and report
// what is wrong with it; a field that is absent leaves the target as it was.
// [object.done] reports the fields that nobody asked for.
type object struct {
	doc    *document
	node   *yaml.Node
	path   string
	values map[string]*yaml.Node
	asked  []string
}

// object reads n as a mapping. When it is none, that is reported and the
// result has no fields.
func (d *document) object(n *yaml.Node, path string) *object {
	o := &object{doc: d, node: n, path: path, values: map[string]*yaml.Node{}}
	if n.Kind != yaml.MappingNode {
		d.report(n, path, describe(n)+" is not a mapping", wantFields)
		return o
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			d.report(key, path, describe(key)+" cannot be the name of a field", "")
		case o.values[key.Value] != nil:
			d.report(key, o.field(key.Value), "the field is there twice", "each field once")
		default:
			o.values[key.Value] = value
		}
	}
	return o
}

func (o *object) field(name string) string {
	if o.path == "" {
		return name
	}
	return o.path + "." + name
}

// value returns the node of a field, nil when it is absent or empty. From then
// on the field counts as known.
func (o *object) value(name string) *yaml.Node {
	o.asked = append(o.asked, name)
	n := o.values[name]
	if n == nil {
		return nil
	}
	o.doc.places[o.field(name)] = n
	if isNull(n) {
		o.wrong(name, "no value", "a value, or no field")
		return nil
	}
	return n
}

// has says whether the field is there, without reading it.
func (o *object) has(name string) bool { return o.values[name] != nil }

func (o *object) wrong(name, problem, want string) {
	o.doc.report(o.values[name], o.field(name), problem, want)
}

// done reports unknown fields, in the order of the file.
func (o *object) done() {
	for i := 0; o.node.Kind == yaml.MappingNode && i+1 < len(o.node.Content); i += 2 {
		key := o.node.Content[i]
		if key.Kind == yaml.ScalarNode && !slices.Contains(o.asked, key.Value) {
			o.asked = append(o.asked, key.Value)
			known := slices.DeleteFunc(slices.Clone(o.asked), func(name string) bool { return name == key.Value })
			o.doc.report(key, o.field(key.Value), "unknown field", "one of "+strings.Join(known, ", "))
			o.asked = known
		}
	}
}

func isText(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && (n.ShortTag() == "!!str" || n.ShortTag() == "!!timestamp")
}

func (o *object) text(name string, into *string) {
	n := o.value(name)
	switch {
	case n == nil:
	case !isText(n):
		o.wrong(name, describe(n)+" is not text", "text; in quotes if it looks like a number")
	case n.Value == "":
		o.wrong(name, "empty", "a value, or no field")
	default:
		*into = n.Value
	}
}

func (o *object) texts(name string, into *[]string) {
	o.list(name, func(n *yaml.Node, path string) {
		if !isText(n) || n.Value == "" {
			o.doc.report(n, path, describe(n)+" is not a name", "text; in quotes if it looks like a number")
		}
		// A bad item is kept, so that those after it keep their places.
		*into = append(*into, n.Value)
	})
}

// textMap reads a mapping of text to text. It may be empty.
func (o *object) textMap(name string, into *map[string]string) {
	n := o.value(name)
	if n == nil {
		return
	}
	inner := o.doc.object(n, o.field(name))
	if n.Kind != yaml.MappingNode {
		return
	}
	out := map[string]string{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if !isText(value) {
			o.doc.report(value, inner.field(key.Value), describe(value)+" is not text", "text; in quotes if it looks like a number")
			continue
		}
		out[key.Value] = value.Value
		o.doc.places[inner.field(key.Value)] = value
	}
	*into = out
}

func (o *object) flag(name string, into *bool) {
	if n := o.value(name); n != nil && (n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" || n.Decode(into) != nil) {
		o.wrong(name, describe(n)+" is not a truth value", "true or false")
	}
}

func (o *object) integer(name string, into *int) {
	if n := o.value(name); n != nil && (n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || n.Decode(into) != nil) {
		o.wrong(name, describe(n)+" is not a whole number", "a whole number")
	}
}

// count reads a whole number of at least one: the fields for which zero would
// mean "default" in a [Plan] and which therefore cannot be written as zero.
func (o *object) count(name string, into *int) {
	before := len(o.doc.errs)
	var n int
	if o.integer(name, &n); !o.has(name) || len(o.doc.errs) > before {
		return
	}
	if n < 1 {
		o.wrong(name, fmt.Sprintf("%d is too small", n), "a whole number of 1 or more")
		return
	}
	*into = n
}

func (o *object) number(name string, into *float64) {
	n := o.value(name)
	if n == nil {
		return
	}
	isNumber := n.Kind == yaml.ScalarNode && (n.ShortTag() == "!!float" || n.ShortTag() == "!!int")
	if !isNumber || n.Decode(into) != nil {
		o.wrong(name, describe(n)+" is not a number", "a number such as 0.5")
	}
}

const wantDuration = "a duration of 0s or more, with its unit, such as 30s"

func (o *object) duration(name string, into *time.Duration) {
	if n := o.value(name); n != nil {
		o.doc.duration(n, o.field(name), into)
	}
}

// positive reads a duration that cannot be zero.
func (o *object) positive(name string, into *time.Duration) {
	before := len(o.doc.errs)
	if o.duration(name, into); o.has(name) && len(o.doc.errs) == before && *into == 0 {
		o.wrong(name, "0s is too short", "a duration of more than 0s")
	}
}

func (d *document) duration(n *yaml.Node, field string, into *time.Duration) {
	if n.Kind != yaml.ScalarNode {
		d.report(n, field, describe(n)+" is not a duration", wantDuration)
		return
	}
	switch v, err := parseDuration(n.Value); {
	case err != nil:
		d.report(n, field, err.Error(), wantDuration)
	case v < 0:
		d.report(n, field, fmt.Sprintf("%s is negative", n.Value), wantDuration)
	default:
		*into = v
	}
}

// span reads one duration, or min and max.
func (o *object) span(name string, into *faults.Span) {
	n := o.value(name)
	if n == nil {
		return
	}
	if n.Kind != yaml.MappingNode {
		before := len(o.doc.errs)
		if o.doc.duration(n, o.field(name), &into.Min); len(o.doc.errs) == before {
			into.Max = into.Min
		}
		return
	}
	inner := o.doc.object(n, o.field(name))
	inner.duration("min", &into.Min)
	inner.duration("max", &into.Max)
	if !inner.has("max") {
		o.doc.report(n, inner.field("max"), "missing", wantDuration)
	}
	inner.done()
}

// list reads a list item by item. An empty one is reported.
func (o *object) list(name string, item func(n *yaml.Node, path string)) {
	n := o.value(name)
	switch {
	case n == nil:
	case n.Kind != yaml.SequenceNode:
		o.wrong(name, describe(n)+" is not a list", "a list")
	case len(n.Content) == 0:
		o.wrong(name, "empty list", "items, or no field")
	default:
		for i, child := range n.Content {
			path := fmt.Sprintf("%s[%d]", o.field(name), i)
			o.doc.places[path] = child
			item(child, path)
		}
	}
}

// child reads a field that is a mapping; nil when it is absent.
func (o *object) child(name string) *object {
	n := o.value(name)
	if n == nil {
		return nil
	}
	return o.doc.object(n, o.field(name))
}
