package yamlread

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// InvalidError is one thing wrong with a file: where, what, and what would
// be right. Its text is
//
//	storm.yaml:12:7: faults[0].verbs[1]: unknown verb "gett" (want one of get, list, …)
//
// Line and Column count from 1; they are 0 for what was made in Go, which has no
// file, and the text then begins with Field.
type InvalidError struct {
	File         string
	Line, Column int
	Field        string // path from the top of the document; empty: the document itself
	Problem      string
	// Want is what would be right, or asks whether something was meant: did you
	// mean get? It is empty when Problem says it all.
	Want string
}

func (e *InvalidError) Error() string {
	var b strings.Builder
	switch {
	case e.Line > 0:
		fmt.Fprintf(&b, "%s:%d:%d: ", e.File, e.Line, e.Column)
	case e.File != "":
		fmt.Fprintf(&b, "%s: ", e.File)
	}
	if e.Field != "" {
		b.WriteString(e.Field + ": ")
	}
	b.WriteString(e.Problem)
	switch {
	case strings.HasSuffix(e.Want, "?"): // a question whether that was meant
		b.WriteString(" (" + e.Want + ")")
	case e.Want != "":
		b.WriteString(" (want " + e.Want + ")")
	}
	return b.String()
}

// InvalidErrors is everything wrong with a file, in the order of lines. As
// an error it is never empty. errors.As finds the first *InvalidError in it.
type InvalidErrors []*InvalidError

func (e InvalidErrors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the errors to errors.Is and errors.As.
func (e InvalidErrors) Unwrap() []error {
	out := make([]error, len(e))
	for i, one := range e {
		out[i] = one
	}
	return out
}

// OrNil returns the errors sorted by place, or nil when there is none.
func (e InvalidErrors) OrNil() error {
	if len(e) == 0 {
		return nil
	}
	slices.SortStableFunc(e, func(a, b *InvalidError) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return e
}
