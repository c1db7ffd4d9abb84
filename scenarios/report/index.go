package report

import (
	"fmt"
	"html/template"
	"io"
	"sync"
)

// Index is a page over many failures.
type Index struct {
	Title    string
	Remarks  []string // a line each: what was run, what is missing
	Verdicts []Count
	Groups   []Group
}

// Count is how often something occurred.
type Count struct {
	Name  string
	Times int
}

// Group are the failures that violate one property.
type Group struct {
	Verdict, Subject, Property string
	Times                      int
	Causes                     []Cause
}

// Cause are failures that shrink to the same.
type Cause struct {
	Text     string // empty: they were not shrunk
	Plan     string // the smallest of their small plans
	Failures []Case
}

// Case is one failure, with links relative to the page.
type Case struct {
	Scenario, Message, Reproduced string
	Seed                          uint64
	Folder                        string // of its artefact
	Porcupine, Shrunk             bool
	Illegal                       bool // with faults that Kubernetes does not permit
	Replay                        string
}

// WriteIndex writes the page.
func WriteIndex(w io.Writer, index Index) error {
	err := indexPage().Execute(w, struct {
		Index
		Style template.CSS
	}{index, template.CSS(asset("style.css"))})
	if err != nil {
		return fmt.Errorf("writing an index: %w", err)
	}
	return nil
}

var indexPage = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("index").Parse(asset("index.html")))
})
