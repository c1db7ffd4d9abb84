package yamlread

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// maxFileBytes bounds what is read: no file of ours comes near it, and a parser
// should not be made to chew on whatever is put in front of it.
const maxFileBytes = 1 << 20

// Format is what heads every file of a kind.
type Format struct {
	APIVersion, Kind string
	// Former kinds, and what became of them.
	Former map[string]string
}

// noun is what messages call a file of the format: scenario for Scenario.
func (f Format) noun() string { return strings.ToLower(f.Kind) }

// Document is a file being read: it collects what is wrong, and remembers where
// each field stands, so that checks of the finished thing can say so.
type Document struct {
	file   string
	format Format
	errs   InvalidErrors
	places map[string]*yaml.Node
	// meaning are those of errs that are not about the form.
	meaning InvalidErrors
	// meant are fields that seem to be there under another name.
	meant map[string]bool
}

// Read takes a file apart and looks at its head. The object is what is at the
// top, its apiVersion and kind already read; it is nil when the file has none,
// and [Document.Err] then says why. file is what messages call it.
func Read(file string, data []byte, format Format) (*Document, *Object) {
	d := &Document{file: file, format: format, places: map[string]*yaml.Node{}, meant: map[string]bool{}}
	root := d.root(data)
	if root == nil {
		return d, nil
	}
	top := d.object(root, "")
	top.constant("apiVersion", format.APIVersion)
	if advice := format.Former[top.Peek("kind")]; advice != "" {
		top.Value("kind")
		top.Wrong("kind", "files of kind "+top.Peek("kind")+" are no more", advice)
		return d, nil
	}
	top.constant("kind", format.Kind)
	return d, top
}

// File is what messages call the file.
func (d *Document) File() string { return d.file }

// Err is [InvalidErrors], everything that has been reported in the order of
// lines, or nil. That a field is missing is not told when it seems to be there,
// misspelt: that is told already.
func (d *Document) Err() error {
	return slices.DeleteFunc(slices.Clone(d.errs), func(e *InvalidError) bool {
		return e.Problem == missing && d.meant[e.Field]
	}).OrNil()
}

// FormErr is [Document.Err] without what [Document.ReportMeaning] reported.
func (d *Document) FormErr() error {
	form := Document{meant: d.meant, errs: slices.DeleteFunc(slices.Clone(d.errs), func(e *InvalidError) bool { return slices.Contains(d.meaning, e) })}
	return form.Err()
}

const missing = "missing"

// Report reports a problem of the field whose value is n.
func (d *Document) Report(n *yaml.Node, field, problem, want string) {
	d.errs = append(d.errs, &InvalidError{File: d.file, Line: n.Line, Column: n.Column, Field: field, Problem: problem, Want: want})
}

// ReportAt reports a problem of a field by name. A field that is not in the
// file is reported where the innermost thing around it stands. Nothing is
// reported about a field that could not even be read.
func (d *Document) ReportAt(field, problem, want string) {
	if !d.spoilt(field) {
		d.Report(d.nodeAt(field), field, problem, want)
	}
}

// ReportMeaning is [Document.ReportAt] of a problem that is none of form: a file
// that is named and not there, say. [Document.FormErr] does not tell of it.
func (d *Document) ReportMeaning(field, problem, want string) {
	before := len(d.errs)
	d.ReportAt(field, problem, want)
	d.meaning = append(d.meaning, d.errs[before:]...)
}

// Place is where a field stands, or the innermost thing around it:
// file:line:column.
func (d *Document) Place(field string) string {
	n := d.nodeAt(field)
	return fmt.Sprintf("%s:%d:%d", d.file, n.Line, n.Column)
}

func (d *Document) nodeAt(field string) *yaml.Node {
	for d.places[field] == nil && field != "" {
		field = field[:max(strings.LastIndexAny(field, ".["), 0)]
	}
	return d.places[field]
}

// spoilt: an error has already been reported about the field, about something
// in it or about something around it.
func (d *Document) spoilt(field string) bool {
	inside := func(inner, outer string) bool {
		rest, ok := strings.CutPrefix(inner, outer)
		return ok && outer != "" && (rest == "" || rest[0] == '.' || rest[0] == '[')
	}
	for _, e := range d.errs {
		if inside(field, e.Field) || inside(e.Field, field) {
			return true
		}
	}
	return false
}

var syntaxError = regexp.MustCompile(`^yaml: (?:line \d+: )?(.*)`)

// reportSyntax reports that data is not YAML. The parser's own line is that in which
// the innermost list or mapping begins, and often counted from 0.
func (d *Document) reportSyntax(data []byte, err error) {
	problem := err.Error()
	if m := syntaxError.FindStringSubmatch(strings.ReplaceAll(problem, "\n", " ")); m != nil {
		problem = m[1]
	}
	d.Report(&yaml.Node{Line: syntaxErrorLine(data, err), Column: 1}, "", "not YAML: "+problem, "")
}

// syntaxErrorLine is the line, counted from 1, by the end of which a parser that stops
// with err must stop: the number of lines of the shortest beginning of data that brings
// it about.
func syntaxErrorLine(data []byte, err error) int {
	lines := bytes.SplitAfter(data, []byte("\n"))
	end := 0
	ends := make([]int, len(lines))
	for i, line := range lines {
		end += len(line)
		ends[i] = end
	}
	return 1 + sort.Search(len(lines)-1, func(i int) bool {
		var ignored yaml.Node
		decoder := yaml.NewDecoder(bytes.NewReader(data[:ends[i]]))
		for {
			if got := decoder.Decode(&ignored); got != nil {
				return got.Error() == err.Error()
			}
		}
	})
}

// root parses data and returns the mapping at its top, or nil after reporting
// why there is none.
func (d *Document) root(data []byte) *yaml.Node {
	top := &yaml.Node{Line: 1, Column: 1}
	if len(data) > maxFileBytes {
		d.Report(top, "", fmt.Sprintf("%d bytes is too large", len(data)), fmt.Sprintf("at most %d", maxFileBytes))
		return nil
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(data)))
	var doc yaml.Node
	switch err := decoder.Decode(&doc); {
	case errors.Is(err, io.EOF) || err == nil && (len(doc.Content) == 0 || isNull(doc.Content[0])):
		d.Report(top, "", "empty file", fmt.Sprintf("a %s that begins with apiVersion: %s and kind: %s", d.format.noun(), d.format.APIVersion, d.format.Kind))
		return nil
	case err != nil:
		d.reportSyntax(data, err)
		return nil
	}
	var second yaml.Node
	switch err := decoder.Decode(&second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		d.reportSyntax(data, err)
	default:
		d.Report(&second, "", "a second document", fmt.Sprintf("one %s per file", d.format.noun()))
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		d.Report(root, "", Describe(root)+" is not a mapping", wantFields)
		return nil
	}
	d.places[""] = root
	d.refuseAnchors(root, "")
	return root
}

// refuseAnchors: what nothing refers to has no effect, and what is referred to by an
// alias is an error there, too.
func (d *Document) refuseAnchors(n *yaml.Node, field string) {
	if n.Anchor != "" {
		d.Report(n, field, "an anchor, &"+n.Anchor, "no anchors and aliases")
	}
	for i, child := range n.Content {
		switch {
		case n.Kind == yaml.SequenceNode:
			d.refuseAnchors(child, fmt.Sprintf("%s[%d]", field, i))
		case i%2 == 0:
			d.refuseAnchors(child, field) // a key
		default:
			d.refuseAnchors(child, below(field, n.Content[i-1].Value))
		}
	}
}

// below is the path of a field of the mapping at path.
func below(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

const wantFields = "fields with values"

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// Describe says what kind of thing a node is.
func Describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias (none may be used)"
	}
	switch n.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!str":
		return strconv.Quote(n.Value)
	}
	return n.Value
}
