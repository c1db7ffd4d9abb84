package scenarios

import (
	"fmt"
	"hash/fnv"
	"io"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/internal/format"
	"github.com/seatrial/seatrial/internal/yamlread"
)

// never is how a scenario spells that a crashed process stays down, and what
// it is in a rule.
const (
	never        = "never"
	restartNever = time.Duration(faults.Never)
	wantRestart  = "a duration of 0s or more, or never"
)

// ruleFields are the fields of a rule in files, as package faults lists them.
var ruleFields = func() (all format.Object[faults.Rule]) {
	for _, f := range faults.RuleFields() {
		all = append(all, ruleField(f))
	}
	return all
}()

func ruleField(f faults.Field) format.Field[faults.Rule] {
	var field format.Field[faults.Rule]
	switch f.At(&faults.Rule{}).(type) {
	case *string:
		field = format.Text(f.Name, f.Doc, at[string](f))
	case *faults.Kind:
		field = format.Word(f.Name, f.Doc, at[faults.Kind](f)).Required("one of "+strings.Join(f.Words, ", ")).Enum(f.Noun, f.Words...)
	case *faults.When:
		field = format.Word(f.Name, f.Doc, at[faults.When](f)).Enum(f.Noun, f.Words...)
	case *faults.Direction:
		field = format.Word(f.Name, f.Doc, at[faults.Direction](f)).Enum(f.Noun, f.Words...)
	case *[]string:
		field = format.Texts(f.Name, f.Doc, at[[]string](f))
		if len(f.Words) > 0 {
			field = format.Words(f.Name, f.Doc, f.Noun, f.Words, at[[]string](f))
		}
	case *int:
		field = format.Count(f.Name, f.Doc, 0, at[int](f))
	case *float64:
		field = format.Fraction(f.Name, f.Doc, 1, at[float64](f))
	case *faults.Span:
		field = format.Span(f.Name, f.Doc, [2]time.Duration{}, func(r *faults.Rule) (least, most *time.Duration) {
			s := at[faults.Span](f)(r)
			return &s.Min, &s.Max
		})
	case *time.Duration:
		field = durationOfRule(f)
	default:
		panic("scenarios: a fault's field " + f.Name + " is of a type that files do not have")
	}
	if f.Omitted != nil {
		field = field.OmitIf(f.Omitted)
	}
	return field
}

func durationOfRule(f faults.Field) format.Field[faults.Rule] {
	switch f.Form {
	case faults.Moment:
		return format.Moment(f.Name, f.Doc, at[time.Duration](f))
	case faults.End:
		return format.Positive(f.Name, f.Doc, 0, at[time.Duration](f))
	case faults.OrNever:
		return format.DurationOr(f.Name, f.Doc, never, restartNever, at[time.Duration](f))
	}
	return format.Duration(f.Name, f.Doc, 0, at[time.Duration](f))
}

// at is where a rule keeps a field of type T.
func at[T any](f faults.Field) func(*faults.Rule) *T {
	return func(r *faults.Rule) *T { return f.At(r).(*T) }
}

// ruleSchema says beside the fields which of them each kind uses.
func ruleSchema() format.Schema {
	s := ruleFields.Schema()
	var cases []any
	only := func(of format.Schema, required []any, kind faults.Kind, when faults.When) {
		fields := faults.Fields(kind, when)
		of["properties"].(format.Schema)[faults.FieldKind] = format.Schema{"const": kind}
		of["required"] = append(required, faults.FieldKind)
		then := format.Schema{"propertyNames": format.OneText(fields...)}
		if slices.Contains(fields, faults.FieldAt) {
			then["required"] = []any{faults.FieldAt}
		}
		cases = append(cases, format.Schema{"if": of, "then": then})
	}
	for _, name := range faults.KindNames() {
		kind := faults.Kind(name)
		if kind != faults.Crash {
			only(format.Schema{"properties": format.Schema{}}, nil, kind, faults.AtTime)
			continue
		}
		only(format.Schema{"properties": format.Schema{}, "not": format.Schema{"required": []any{faults.FieldWhen}}}, nil, kind, faults.AtTime)
		for _, when := range []faults.When{faults.BeforeCall, faults.AfterCall} {
			only(format.Schema{"properties": format.Schema{faults.FieldWhen: format.Schema{"const": when}}}, []any{faults.FieldWhen}, kind, when)
		}
	}
	s["allOf"] = cases
	return s
}

func readRule(o *yamlread.Object) faults.Rule {
	r := faults.Rule{Probability: 1}
	// Which fields there may be depends on these two.
	kind, when := o.Peek(faults.FieldKind), o.Peek(faults.FieldWhen)
	r.Kind, r.When = faults.Kind(kind), faults.When(when)
	fields := faults.AllFields()
	if _, known := faults.Lookup(r.Kind); known && (r.Kind != faults.Crash || r.When == faults.AtTime || r.When == faults.BeforeCall || r.When == faults.AfterCall) {
		fields = faults.Fields(r.Kind, r.When)
	}
	refuseUnused(o, &r, fields)
	ruleFields.Read(o, &r)
	if r.Momentary() && !o.Has(faults.FieldFrom) {
		want := "when it happens"
		if r.Kind == faults.Crash {
			want = "when the process crashes, or when: before or after a call"
		}
		o.Require(faults.FieldAt, want)
	}
	o.Done()
	return r
}

// refuseUnused reports and drops the fields that rules have, but not of this
// kind: they would be without effect.
func refuseUnused(o *yamlread.Object, r *faults.Rule, fields []string) {
	for _, name := range faults.AllFields() {
		if !o.Has(name) || slices.Contains(fields, name) {
			continue
		}
		problem := string(r.Kind) + " does not use this field"
		switch {
		case r.Kind == faults.Crash && r.When == faults.AtTime:
			problem = "a crash at a given time does not use this field"
		case r.Kind == faults.Crash:
			problem = "a crash at a call does not use this field"
		}
		o.Refuse(name, problem, "one of "+strings.Join(fields, ", "))
	}
}

// writeRule writes a rule; without the id that is made from its content.
func writeRule(r *faults.Rule) *yaml.Node {
	if r.ID == ruleID(*r) {
		bare := *r
		bare.ID = ""
		return ruleFields.Write(&bare).Node()
	}
	return ruleFields.Write(r).Node()
}

// ruleID makes an ID of what a rule says rather than of where it stands, so
// that it keeps its decisions when other rules come and go. It is made from
// the written form, which leaves out defaults: a field added to rules later
// does not change the IDs of the rules that do not use it.
func ruleID(r faults.Rule) string {
	if r.Probability == 0 {
		r.Probability = 1
	}
	r.ID = ""
	h := fnv.New32a()
	writeCanonical(h, ruleFields.Write(&r).Node())
	return fmt.Sprintf("%s-%08x", r.Kind, h.Sum32())
}

func writeCanonical(w io.Writer, n *yaml.Node) {
	fmt.Fprintf(w, "%d %q\n", n.Kind, n.Value)
	for _, child := range n.Content {
		writeCanonical(w, child)
	}
}
