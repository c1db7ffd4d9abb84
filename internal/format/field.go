package format

import (
	"gopkg.in/yaml.v3"

	"github.com/seatrial/seatrial/internal/yamlread"
)

// Field is one field of a T: its name, how it is read, written and described.
type Field[T any] struct {
	Name string
	Doc  string // one sentence, for the schema

	wanted string // what should stand there; the field is required if not empty
	read   func(o *yamlread.Object, name string, into *T)
	// write is the field's value, or nil when it is left out.
	write  func(from *T) *yaml.Node
	schema func() Schema
}

// Required says that the field has to be there; want is what messages ask for.
func (f Field[T]) Required(want string) Field[T] {
	f.wanted = want
	return f
}

// OmitIf leaves the field out of what is written when unwritten says so, beside
// when it has its default.
func (f Field[T]) OmitIf(unwritten func(*T) bool) Field[T] {
	write := f.write
	f.write = func(from *T) *yaml.Node {
		if unwritten(from) {
			return nil
		}
		return write(from)
	}
	return f
}

// Custom is a field whose reading and writing are the caller's.
func Custom[T any](name, doc string, schema func() Schema, read func(o *yamlread.Object, name string, into *T), write func(from *T) *yaml.Node) Field[T] {
	return Field[T]{Name: name, Doc: doc, read: read, write: write, schema: schema}
}

// Object lists the fields of a T in the order in which they are written.
type Object[T any] []Field[T]

// Read reads the fields into a T. Unknown fields are for [yamlread.Object.Done],
// which the caller calls when it has read everything.
func (fields Object[T]) Read(o *yamlread.Object, into *T) {
	for _, f := range fields {
		if f.read(o, f.Name, into); f.wanted != "" {
			o.Require(f.Name, f.wanted)
		}
	}
}

// Write is a T as a mapping, without the fields that have their defaults.
func (fields Object[T]) Write(from *T) *Mapping {
	m := NewMapping()
	for _, f := range fields {
		if node := f.write(from); node != nil {
			m.Add(f.Name, node)
		}
	}
	return m
}

// Schema describes the mapping: its fields and no others.
func (fields Object[T]) Schema() Schema {
	properties, required := Schema{}, []any{}
	for _, f := range fields {
		schema := f.schema()
		if f.Doc != "" {
			schema["description"] = f.Doc
		}
		properties[f.Name] = schema
		if f.wanted != "" {
			required = append(required, f.Name)
		}
	}
	out := Schema{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

// Names of the fields.
func (fields Object[T]) Names() []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names
}
