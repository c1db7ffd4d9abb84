package yamlread

import (
	"fmt"
	"time"

	"gopkg.in/yaml.v3"
)

const wantText = "text; in quotes if it looks like a number"

func isText(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && (n.ShortTag() == "!!str" || n.ShortTag() == "!!timestamp")
}

// Text reads text that is not empty.
func (o *Object) Text(name string, into *string) {
	n := o.Value(name)
	switch {
	case n == nil:
	case !isText(n):
		o.Wrong(name, Describe(n)+" is not text", wantText)
	case n.Value == "":
		o.Wrong(name, "empty", "a value, or no field")
	default:
		*into = n.Value
	}
}

// Texts reads a list of texts that are not empty.
func (o *Object) Texts(name string, into *[]string) {
	o.List(name, func(n *yaml.Node, path string) {
		if !isText(n) || n.Value == "" {
			o.Doc.Report(n, path, Describe(n)+" is not a name", wantText)
		}
		// A bad item is kept, so that those after it keep their places.
		*into = append(*into, n.Value)
	})
}

// TextMap reads a mapping of text to text. It may be empty.
func (o *Object) TextMap(name string, into *map[string]string) {
	n := o.Value(name)
	if n == nil {
		return
	}
	inner := o.Doc.object(n, o.Field(name))
	if n.Kind != yaml.MappingNode {
		return
	}
	out := map[string]string{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if !isText(value) {
			o.Doc.Report(value, inner.Field(key.Value), Describe(value)+" is not text", wantText)
			continue
		}
		out[key.Value] = value.Value
		o.Doc.places[inner.Field(key.Value)] = value
	}
	*into = out
}

// Flag reads true or false.
func (o *Object) Flag(name string, into *bool) {
	if n := o.Value(name); n != nil && (n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" || n.Decode(into) != nil) {
		o.Wrong(name, Describe(n)+" is not a truth value", "true or false")
	}
}

// Integer reads a whole number.
func (o *Object) Integer(name string, into *int) {
	if n := o.Value(name); n != nil && (n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || n.Decode(into) != nil) {
		o.Wrong(name, Describe(n)+" is not a whole number", "a whole number")
	}
}

// Count reads a whole number of at least one: the fields for which zero would
// mean "default" in what is read and which therefore cannot be written as zero.
func (o *Object) Count(name string, into *int) {
	before := len(o.Doc.errs)
	var n int
	if o.Integer(name, &n); !o.Has(name) || len(o.Doc.errs) > before {
		return
	}
	if n < 1 {
		o.Wrong(name, fmt.Sprintf("%d is too small", n), "a whole number of 1 or more")
		return
	}
	*into = n
}

// Number reads a number.
func (o *Object) Number(name string, into *float64) {
	n := o.Value(name)
	if n == nil {
		return
	}
	isNumber := n.Kind == yaml.ScalarNode && (n.ShortTag() == "!!float" || n.ShortTag() == "!!int")
	if !isNumber || n.Decode(into) != nil {
		o.Wrong(name, Describe(n)+" is not a number", "a number such as 0.5")
	}
}

// constant reads a field that must be there and have one value.
func (o *Object) constant(name, want string) {
	o.Require(name, want)
	if n := o.Value(name); n != nil && (n.Kind != yaml.ScalarNode || n.Value != want) {
		o.Wrong(name, "unknown "+name+" "+Describe(n), want)
	}
}

// WantDuration is what messages say a duration should be.
const WantDuration = "a duration of 0s or more, with its unit, such as 30s"

// Duration reads a Go duration, always with a unit, that is not negative.
func (o *Object) Duration(name string, into *time.Duration) {
	o.duration(name, into, WantDuration)
}

// DurationOr reads a duration or a word, which is read as meaning.
func (o *Object) DurationOr(name string, into *time.Duration, word string, meaning time.Duration) {
	if n := o.values[name]; n != nil && n.Kind == yaml.ScalarNode && n.Value == word {
		o.Value(name)
		*into = meaning
		return
	}
	o.duration(name, into, "a duration of 0s or more, or "+word)
}

// Positive reads a duration that cannot be zero.
func (o *Object) Positive(name string, into *time.Duration) {
	before := len(o.Doc.errs)
	if o.Duration(name, into); o.Has(name) && len(o.Doc.errs) == before && *into == 0 {
		o.Wrong(name, "0s is too short", "a duration of more than 0s")
	}
}

// Span reads one duration, which is both, or a mapping of min and max.
func (o *Object) Span(name string, least, most *time.Duration) {
	if !o.IsMapping(name) {
		before := len(o.Doc.errs)
		if o.Duration(name, least); o.Has(name) && len(o.Doc.errs) == before {
			*most = *least
		}
		return
	}
	inner := o.Child(name)
	inner.Duration("min", least)
	inner.Duration("max", most)
	inner.Require("max", WantDuration)
	inner.Done()
}

func (o *Object) duration(name string, into *time.Duration, want string) {
	n := o.Value(name)
	if n == nil {
		return
	}
	if n.Kind != yaml.ScalarNode {
		o.Wrong(name, Describe(n)+" is not a duration", want)
		return
	}
	switch v, err := time.ParseDuration(n.Value); {
	case err != nil:
		o.Wrong(name, fmt.Sprintf("%q is not a duration", n.Value), want)
	case v < 0:
		o.Wrong(name, fmt.Sprintf("%s is negative", n.Value), want)
	default:
		*into = v
	}
}

// NotZero reports a number that is there and 0.
func (o *Object) NotZero(name string) {
	if n := o.values[name]; n != nil && n.Kind == yaml.ScalarNode {
		var v float64
		if n.Decode(&v) == nil && v == 0 && (n.ShortTag() == "!!float" || n.ShortTag() == "!!int") {
			o.Wrong(name, "0 is not in (0, 1]", "more than 0 and at most 1")
		}
	}
}

// Peek is the text of a field without reading it; empty when it is absent or no text.
func (o *Object) Peek(name string) string {
	if n := o.values[name]; n != nil && isText(n) {
		return n.Value
	}
	return ""
}
