package scenarios

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// maxFileBytes bounds what is read: no scenario comes near it, and a parser
// should not be made to chew on whatever is put in front of it.
const maxFileBytes = 1 << 20

// document is a scenario file being read: it collects what is wrong, and
// remembers where each field stands so that checks on the finished plan can
// say so.
type document struct {
	file   string
	errs   InvalidErrors
	places map[string]*yaml.Node
}

func newDocument(file string) *document {
	return &document{file: file, places: map[string]*yaml.Node{}}
}

func (d *document) report(n *yaml.Node, field, problem, want string) {
	d.errs = append(d.errs, &InvalidError{File: d.file, Line: n.Line, Column: n.Column, Field: field, Problem: problem, Want: want})
}

// reportAt reports a problem of a field by name. A field that is not in the
// file is reported where the innermost thing around it stands. Nothing is
// reported about a field that could not even be read.
func (d *document) reportAt(field, problem, want string) {
	if d.spoilt(field) {
		return
	}
	at := field
	for d.places[at] == nil && at != "" {
		at = at[:max(strings.LastIndexAny(at, ".["), 0)]
	}
	d.report(d.places[at], field, problem, want)
}

// spoilt: an error has already been reported about the field, about something
// in it or about something around it.
func (d *document) spoilt(field string) bool {
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

var syntaxError = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`)

// reportSyntax reports that data is not YAML.
func (d *document) reportSyntax(err error) {
	line, problem := 1, err.Error()
	if m := syntaxError.FindStringSubmatch(strings.ReplaceAll(problem, "\n", " ")); m != nil {
		problem = m[2]
		if n, err := strconv.Atoi(m[1]); err == nil && n > 0 {
			line = n
		}
	}
	d.report(&yaml.Node{Line: line, Column: 1}, "", "not YAML: "+problem, "")
}

// root parses data and returns the mapping at its top, or nil after reporting
// why there is none.
func (d *document) root(data []byte) *yaml.Node {
	top := &yaml.Node{Line: 1, Column: 1}
	if len(data) > maxFileBytes {
		d.report(top, "", fmt.Sprintf("%d bytes is too large", len(data)), fmt.Sprintf("at most %d", maxFileBytes))
		return nil
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(data)))
	var doc yaml.Node
	switch err := decoder.Decode(&doc); {
	case errors.Is(err, io.EOF) || err == nil && (len(doc.Content) == 0 || isNull(doc.Content[0])):
		d.report(top, "", "empty file", "a scenario that begins with apiVersion: "+APIVersion)
		return nil
	case err != nil:
		d.reportSyntax(err)
		return nil
	}
	var second yaml.Node
	switch err := decoder.Decode(&second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		d.reportSyntax(err)
	default:
		d.report(&second, "", "a second document", "one scenario per file")
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		d.report(root, "", describe(root)+" is not a mapping", wantFields)
		return nil
	}
	d.places[""] = root
	d.refuseAnchors(root)
	return root
}

// refuseAnchors: what nothing refers to has no effect, and what is referred to by an
// alias is an error there, too.
func (d *document) refuseAnchors(n *yaml.Node) {
	if n.Anchor != "" {
		d.report(n, "", "an anchor, &"+n.Anchor, "no anchors and aliases")
	}
	for _, child := range n.Content {
		d.refuseAnchors(child)
	}
}

const wantFields = "fields with values"

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// describe says what kind of thing a node is.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias (scenarios use none)"
	}
	switch n.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!str":
		return strconv.Quote(n.Value)
	}
	return n.Value
}
