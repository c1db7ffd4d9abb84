package yamlread

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

const wantText = "text; in quotes if it looks like a number"

// IsText says whether a node is text. A date is, because JSON knows none.
func IsText(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && (n.ShortTag() == "!!str" || n.ShortTag() == "!!timestamp")
}

// Text reads text that is not empty.
func (o *Object) Text(name string, into *string) {
	n := o.Value(name)
	switch {
	case n == nil:
	case !IsText(n):
		o.Wrong(name, Describe(n)+" is not text", wantText)
	case n.Value == "":
		o.Wrong(name, "empty", "a value, or no field")
	default:
		*into = n.Value
	}
}

// OneOf reports a text that is there and none of those given. noun is what
// messages call it.
func (o *Object) OneOf(name, noun string, texts ...string) {
	if text := o.Peek(name); text != "" && !slices.Contains(texts, text) {
		o.Wrong(name, fmt.Sprintf("unknown %s %q", noun, text), "one of "+strings.Join(texts, ", "))
	}
}

// Texts reads a list of texts that are not empty.
func (o *Object) Texts(name string, into *[]string) {
	o.List(name, func(n *yaml.Node, path string) {
		if !IsText(n) || n.Value == "" {
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
		if !IsText(value) {
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
	if n := o.Value(name); n != nil && !integer(n, into) {
		o.Wrong(name, Describe(n)+" is not a whole number", "a whole number")
	}
}

// Integers reads a list of whole numbers.
func (o *Object) Integers(name string, into *[]int) {
	o.List(name, func(n *yaml.Node, path string) {
		var i int
		if !integer(n, &i) {
			o.Doc.Report(n, path, Describe(n)+" is not a whole number", "a whole number")
		}
		*into = append(*into, i)
	})
}

// integer is the value of a node that is a whole number.
func integer(n *yaml.Node, into *int) bool {
	v, ok := number(n)
	switch {
	case ok && n.ShortTag() == "!!int" && n.Decode(into) == nil:
	case ok && n.ShortTag() == "!!float" && v == math.Trunc(v) && v >= math.MinInt && v < math.MaxInt:
		*into = int(v)
	default:
		return false
	}
	return true
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
	v, ok := number(n)
	if !ok {
		o.Wrong(name, Describe(n)+" is not a number", "a number such as 0.5")
		return
	}
	*into = v
}

// Fraction reads a number of more than 0 and at most 1.
func (o *Object) Fraction(name string, into *float64) {
	before := len(o.Doc.errs)
	var v float64
	if o.Number(name, &v); !o.Has(name) || len(o.Doc.errs) > before {
		return
	}
	if !(v > 0 && v <= 1) {
		o.Wrong(name, fmt.Sprintf("%v is not in (0, 1]", v), "more than 0 and at most 1")
		return
	}
	*into = v
}

// Unsigned reads a whole number of 0 or more that fits 64 bits; noun is what
// messages call it.
func (o *Object) Unsigned(name, noun string, into *uint64) {
	n := o.Value(name)
	if n == nil {
		return
	}
	v, ok := number(n)
	switch {
	case ok && n.ShortTag() == "!!int" && v >= 0 && n.Decode(into) == nil:
	case ok && n.ShortTag() == "!!float" && v == math.Trunc(v) && v >= 0 && v < math.MaxUint64:
		*into = uint64(v)
	default:
		o.Wrong(name, Describe(n)+" is not "+noun, "a whole number from 0 to 18446744073709551615")
	}
}

// number is the value of a node that is a number. 2.0 is one as 2 is, as in JSON.
func number(n *yaml.Node) (v float64, ok bool) {
	ok = n.Kind == yaml.ScalarNode && (n.ShortTag() == "!!float" || n.ShortTag() == "!!int") && n.Decode(&v) == nil
	return v, ok
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
	v, err := time.ParseDuration(n.Value)
	if zero, isNumber := number(n); isNumber && zero == 0 {
		v, err = 0, nil // the one number that needs no unit
	}
	switch {
	case err != nil:
		o.Wrong(name, fmt.Sprintf("%q is not a duration", n.Value), want)
	case v < 0 || v == 0 && strings.HasPrefix(n.Value, "-") && IsText(n):
		o.Wrong(name, fmt.Sprintf("%s is negative", n.Value), want)
	default:
		*into = v
	}
}

// Peek is the text of a field without reading it; empty when it is absent or no text.
func (o *Object) Peek(name string) string {
	if n := o.values[name]; n != nil && IsText(n) {
		return n.Value
	}
	return ""
}
