package trial

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// reader collects what is wrong with a file.
type reader struct {
	path  string
	lines map[string]int // of fields, such as steps[0].at
	errs  []error
}

// at is the place of a field, or of what it would be in.
func (r *reader) at(field string) string {
	line := r.lines[field]
	for line == 0 && field != "" {
		field = field[:max(strings.LastIndexAny(field, ".["), 0)]
		line = r.lines[field]
	}
	return fmt.Sprintf("%s:%d", r.path, max(line, 1))
}

func (r *reader) wrong(field, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("%s: %w", r.at(field), fmt.Errorf(format, args...)))
}

// read takes a file apart. When errors were reported, the result is not complete.
func (r *reader) read(data []byte) *file {
	f := new(file)
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		r.wrong("", "empty file (want apiVersion: %s and kind: %s on top)", APIVersion, Kind)
		return f
	} else if err != nil {
		r.errs = append(r.errs, fmt.Errorf("%s: not YAML: %w", r.path, err))
		return f
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		r.wrong("", "a second document (want one trial per file)")
	}
	r.check(document.Content[0], reflect.TypeFor[file](), "")
	if len(r.errs) > 0 {
		return f
	}
	if err := document.Decode(f); err != nil {
		r.errs = append(r.errs, fmt.Errorf("%s: %w", r.path, err))
	}
	return f
}

var nodeType = reflect.TypeFor[yaml.Node]()

// check compares what is there with the Go type that it is to become. The decoder
// would do so, too, but in words of Go and, below a type of its own, less strictly.
func (r *reader) check(n *yaml.Node, t reflect.Type, field string) {
	r.lines[field] = n.Line
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		r.wrong(field, "%s: an anchor or alias (want none)", field)
	case t == nodeType, t.Kind() == reflect.Map:
		if n.Kind != yaml.MappingNode {
			r.wrong(field, "%s: want fields with values", field)
		}
	case t.Kind() == reflect.Struct:
		r.checkFields(n, t, field)
	case t.Kind() == reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			r.wrong(field, "%s: want a list", field)
			return
		}
		for i, item := range n.Content {
			r.check(item, t.Elem(), fmt.Sprintf("%s[%d]", field, i))
		}
	case n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null":
		r.wrong(field, "%s: want a single value", field)
	}
}

func (r *reader) checkFields(n *yaml.Node, t reflect.Type, field string) {
	if n.Kind != yaml.MappingNode {
		r.wrong(field, "%s: want fields with values", cmp.Or(field, "the file"))
		return
	}
	var names []string
	types := map[string]reflect.Type{}
	for i := range t.NumField() {
		name := t.Field(i).Tag.Get("yaml")
		names, types[name] = append(names, name), t.Field(i).Type
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		below := strings.TrimPrefix(field+"."+key.Value, ".")
		switch {
		case !slices.Contains(names, key.Value):
			r.lines[below] = key.Line
			r.wrong(below, "%s: unknown field (want one of %s)", below, strings.Join(names, ", "))
		case seen[key.Value]:
			r.lines[below] = key.Line
			r.wrong(below, "%s: it is there twice (want each field once)", below)
		default:
			r.check(n.Content[i+1], types[key.Value], below)
		}
		seen[key.Value] = true
	}
}
