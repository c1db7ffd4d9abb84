package format

import (
	"gopkg.in/yaml.v3"

	"github.com/seatrial/seatrial/internal/yamlread"
)

// Nested is a mapping of its own. One of which nothing is written is left out.
func Nested[T, U any](name, doc string, fields Object[U], at func(*T) *U) Field[T] {
	return Field[T]{
		Name: name, Doc: doc, schema: fields.Schema,
		read: func(o *yamlread.Object, name string, into *T) {
			if inner := o.Child(name); inner != nil {
				fields.Read(inner, at(into))
				inner.Done()
			}
		},
		write: func(from *T) *yaml.Node { return fields.Write(at(from)).orNothing() },
	}
}

// Flow is [Nested], written on one line.
func Flow[T, U any](name, doc string, fields Object[U], at func(*T) *U) Field[T] {
	f := Nested(name, doc, fields, at)
	write := f.write
	f.write = func(from *T) *yaml.Node {
		node := write(from)
		if node != nil {
			node.Style = yaml.FlowStyle
		}
		return node
	}
	return f
}

// List is a list of mappings, each on one line where it fits.
func List[T, U any](name, doc string, fields Object[U], at func(*T) *[]U) Field[T] {
	return ListOf(name, doc, fields.Schema,
		func(o *yamlread.Object) U {
			var item U
			fields.Read(o, &item)
			o.Done()
			return item
		},
		func(item *U) *yaml.Node { return fields.Write(item).node }, at)
}

// ListOf is [List] whose items are read and written by the caller. The reader
// finishes its object with Done.
func ListOf[T, U any](name, doc string, schema func() Schema, read func(*yamlread.Object) U, write func(*U) *yaml.Node, at func(*T) *[]U) Field[T] {
	return Field[T]{
		Name: name, Doc: doc, schema: func() Schema { return listOf(schema()) },
		read: func(o *yamlread.Object, name string, into *T) {
			list := at(into)
			o.Objects(name, func(item *yamlread.Object) { *list = append(*list, read(item)) })
		},
		write: func(from *T) *yaml.Node {
			list := *at(from)
			if len(list) == 0 {
				return nil
			}
			node := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
			for i := range list {
				item := write(&list[i])
				fit(item)
				node.Content = append(node.Content, item)
			}
			return node
		},
	}
}
