package format

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/seatrial/seatrial/internal/yamlread"
)

// Text is text that is not empty; the empty text is left out.
func Text[T any](name, doc string, at func(*T) *string) Field[T] {
	return TextOr(name, doc, "", at)
}

// TextOr is [Text] whose default is standard.
func TextOr[T any](name, doc, standard string, at func(*T) *string) Field[T] {
	return Field[T]{
		Name: name, Doc: doc, schema: AnyText,
		read: func(o *yamlread.Object, name string, into *T) { o.Text(name, at(into)) },
		write: func(from *T) *yaml.Node {
			if text := *at(from); text != standard && text != "" {
				return Scalar("!!str", text)
			}
			return nil
		},
	}
}

// Prose is text of several lines, written as a block where that reads back the same.
func Prose[T any](name, doc string, at func(*T) *string) Field[T] {
	f := Text(name, doc, at)
	f.write = func(from *T) *yaml.Node { return proseNode(*at(from)) }
	return f
}

// Word is text of a type of its own; the empty one is left out.
func Word[T any, W ~string](name, doc string, at func(*T) *W) Field[T] {
	f := Text(name, doc, func(*T) *string { return new(string) })
	f.read = func(o *yamlread.Object, name string, into *T) {
		text := string(*at(into))
		o.Text(name, &text)
		*at(into) = W(text)
	}
	f.write = func(from *T) *yaml.Node {
		if *at(from) == "" {
			return nil
		}
		return Scalar("!!str", string(*at(from)))
	}
	return f
}

// Texts is a list of texts that are not empty; no list is left out.
func Texts[T any](name, doc string, at func(*T) *[]string) Field[T] {
	return Field[T]{
		Name: name, Doc: doc, schema: func() Schema { return listOf(AnyText()) },
		read:  func(o *yamlread.Object, name string, into *T) { o.Texts(name, at(into)) },
		write: func(from *T) *yaml.Node { return textsNode(*at(from)) },
	}
}

// Words is [Texts] of which each is one of those given; noun is what messages
// call one.
func Words[T any](name, doc, noun string, texts []string, at func(*T) *[]string) Field[T] {
	f := Texts(name, doc, at)
	read := f.read
	f.read = func(o *yamlread.Object, name string, into *T) {
		read(o, name, into)
		for i, text := range *at(into) {
			if !slices.Contains(texts, text) {
				o.Doc.ReportAt(fmt.Sprintf("%s[%d]", o.Field(name), i), fmt.Sprintf("unknown %s %q", noun, text), "one of "+strings.Join(texts, ", "))
			}
		}
	}
	f.schema = func() Schema { return listOf(OneText(texts...)) }
	return f
}

// TextMap maps text to text. It is there even when it is empty; nil is left out.
func TextMap[T any](name, doc string, at func(*T) *map[string]string) Field[T] {
	return Field[T]{
		Name: name, Doc: doc,
		schema: func() Schema {
			return Schema{"type": "object", "additionalProperties": Schema{"type": "string"}}
		},
		read:  func(o *yamlread.Object, name string, into *T) { o.TextMap(name, at(into)) },
		write: func(from *T) *yaml.Node { return textMapNode(*at(from)) },
	}
}

// Flag is true or false; false is left out.
func Flag[T any](name, doc string, at func(*T) *bool) Field[T] {
	return Field[T]{
		Name: name, Doc: doc, schema: func() Schema { return Schema{"type": "boolean"} },
		read: func(o *yamlread.Object, name string, into *T) { o.Flag(name, at(into)) },
		write: func(from *T) *yaml.Node {
			if !*at(from) {
				return nil
			}
			return Scalar("!!bool", "true")
		},
	}
}

// Count is a whole number of 1 or more, whose default is standard.
func Count[T any](name, doc string, standard int, at func(*T) *int) Field[T] {
	return Field[T]{
		Name: name, Doc: doc, schema: func() Schema { return integerSchema(1) },
		read: func(o *yamlread.Object, name string, into *T) { o.Count(name, at(into)) },
		write: func(from *T) *yaml.Node {
			if *at(from) == standard {
				return nil
			}
			return Scalar("!!int", strconv.Itoa(*at(from)))
		},
	}
}

// Integer is a whole number; 0 is left out.
func Integer[T any](name, doc string, at func(*T) *int) Field[T] {
	f := Count(name, doc, 0, at)
	f.schema = func() Schema { return integerSchema(math.MinInt) }
	f.read = func(o *yamlread.Object, name string, into *T) { o.Integer(name, at(into)) }
	return f
}

// Integers is a list of whole numbers; no list is left out.
func Integers[T any](name, doc string, at func(*T) *[]int) Field[T] {
	return Field[T]{
		Name: name, Doc: doc, schema: func() Schema { return listOf(integerSchema(math.MinInt)) },
		read: func(o *yamlread.Object, name string, into *T) { o.Integers(name, at(into)) },
		write: func(from *T) *yaml.Node {
			if len(*at(from)) == 0 {
				return nil
			}
			list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Style: yaml.FlowStyle}
			for _, n := range *at(from) {
				list.Content = append(list.Content, Scalar("!!int", strconv.Itoa(n)))
			}
			return list
		},
	}
}

// Fraction is a number of more than 0 and at most 1, whose default is standard.
func Fraction[T any](name, doc string, standard float64, at func(*T) *float64) Field[T] {
	return Field[T]{
		Name: name, Doc: doc, schema: func() Schema { return Schema{"type": "number", "exclusiveMinimum": 0, "maximum": 1} },
		read: func(o *yamlread.Object, name string, into *T) { o.Fraction(name, at(into)) },
		write: func(from *T) *yaml.Node {
			if *at(from) == standard {
				return nil
			}
			return Scalar("!!float", strconv.FormatFloat(*at(from), 'g', -1, 64))
		},
	}
}

// Duration is a duration of 0s or more, whose default is standard.
func Duration[T any](name, doc string, standard time.Duration, at func(*T) *time.Duration) Field[T] {
	return Field[T]{
		Name: name, Doc: doc, schema: durationSchema,
		read: func(o *yamlread.Object, name string, into *T) { o.Duration(name, at(into)) },
		write: func(from *T) *yaml.Node {
			if *at(from) == standard {
				return nil
			}
			return DurationNode(*at(from))
		},
	}
}

// Moment is a duration that is always written.
func Moment[T any](name, doc string, at func(*T) *time.Duration) Field[T] {
	f := Duration(name, doc, 0, at)
	f.write = func(from *T) *yaml.Node { return DurationNode(*at(from)) }
	return f
}

// Positive is [Duration] of more than 0s.
func Positive[T any](name, doc string, standard time.Duration, at func(*T) *time.Duration) Field[T] {
	f := Duration(name, doc, standard, at)
	f.read = func(o *yamlread.Object, name string, into *T) { o.Positive(name, at(into)) }
	f.schema = positiveSchema
	return f
}

// DurationOr is a duration, or a word that stands for meaning.
func DurationOr[T any](name, doc, word string, meaning time.Duration, at func(*T) *time.Duration) Field[T] {
	f := Duration(name, doc, 0, at)
	write := f.write
	f.read = func(o *yamlread.Object, name string, into *T) { o.DurationOr(name, at(into), word, meaning) }
	f.write = func(from *T) *yaml.Node {
		if *at(from) == meaning {
			return Scalar("!!str", word)
		}
		return write(from)
	}
	f.schema = func() Schema { return Schema{"anyOf": []any{durationSchema(), Schema{"const": word}}} }
	return f
}

// Span is one duration, or a mapping of min and max. It is left out when both
// are those of standard.
func Span[T any](name, doc string, standard [2]time.Duration, at func(*T) (least, most *time.Duration)) Field[T] {
	return Field[T]{
		Name: name, Doc: doc, schema: spanSchema,
		read: func(o *yamlread.Object, name string, into *T) {
			least, most := at(into)
			o.Span(name, least, most)
		},
		write: func(from *T) *yaml.Node {
			least, most := at(from)
			if *least == standard[0] && *most == standard[1] {
				return nil
			}
			return spanNode(*least, *most)
		},
	}
}

// Structure is a mapping or a list with anything that JSON can hold; what is
// missing is left out.
func Structure[T any](name, doc string, at func(*T) *any) Field[T] {
	return Field[T]{
		Name: name, Doc: doc, schema: func() Schema { return Schema{"type": []any{"object", "array"}} },
		read: func(o *yamlread.Object, name string, into *T) { *at(into) = o.Structure(name) },
		write: func(from *T) *yaml.Node {
			if *at(from) == nil {
				return nil
			}
			return JSONNode(*at(from))
		},
	}
}

// Enum says which texts there are; noun is what messages call them.
func (f Field[T]) Enum(noun string, texts ...string) Field[T] {
	read := f.read
	f.read = func(o *yamlread.Object, name string, into *T) {
		read(o, name, into)
		o.OneOf(name, noun, texts...)
	}
	f.schema = func() Schema { return OneText(texts...) }
	return f
}
