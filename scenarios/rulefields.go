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
	restartNever = time.Duration(-1)
	wantRestart  = "a duration of 0s or more, or never"
)

// ruleFields are the fields of a rule in files, in the order in which they are written.
var ruleFields = format.Object[faults.Rule]{
	format.Text(faults.FieldID, "Keys the rule's random decisions; by default made from what the rule says.", func(r *faults.Rule) *string { return &r.ID }),
	format.Word(faults.FieldKind, "What goes wrong.", func(r *faults.Rule) *faults.Kind { return &r.Kind }).Required("one of "+strings.Join(kindNames(), ", ")).Enum("kind", kindNames()...),
	format.Text(faults.FieldProcess, "Name or pattern of the processes concerned; by default all that are under test.", func(r *faults.Rule) *string { return &r.Process }),
	format.Word(faults.FieldWhen, "Before or after the call that triggers a crash, or the change of the host.", func(r *faults.Rule) *faults.When { return &r.When }).Enum("value", string(faults.BeforeCall), string(faults.AfterCall)),
	format.Words(faults.FieldVerbs, "Verbs of the calls concerned; read and write stand for several.", "verb", faults.Verbs(), func(r *faults.Rule) *[]string { return &r.Verbs }),
	format.Texts(faults.FieldResources, "Plurals of the resources concerned; a subresource after a slash.", func(r *faults.Rule) *[]string { return &r.Resources }),
	format.Text(faults.FieldNamespace, "Name or pattern of the namespaces concerned.", func(r *faults.Rule) *string { return &r.Namespace }),
	format.Text(faults.FieldName, "Name or pattern of the objects concerned.", func(r *faults.Rule) *string { return &r.Name }),
	format.Count(faults.FieldFirst, "The first of the calls of one identity, counted from 1.", 0, func(r *faults.Rule) *int { return &r.First }),
	format.Count(faults.FieldLast, "The last of the calls of one identity, counted from 1.", 0, func(r *faults.Rule) *int { return &r.Last }),
	format.Count(faults.FieldNth, "The one call, of all that the other fields select, counted from 1.", 0, func(r *faults.Rule) *int { return &r.Nth }),
	format.Moment(faults.FieldAt, "When it happens.", func(r *faults.Rule) *time.Duration { return &r.From }).OmitIf(func(r *faults.Rule) bool { return !r.Momentary() }),
	format.Duration(faults.FieldFrom, "When it begins.", 0, func(r *faults.Rule) *time.Duration { return &r.From }).OmitIf(func(r *faults.Rule) bool { return r.Momentary() }),
	format.Positive(faults.FieldUntil, "When it ends.", 0, func(r *faults.Rule) *time.Duration { return &r.Until }),
	format.Fraction(faults.FieldProbability, "How likely a matching call is hit; by default 1.", 1, func(r *faults.Rule) *float64 { return &r.Probability }),
	format.Count(faults.FieldLimit, "How many times it happens at most.", 0, func(r *faults.Rule) *int { return &r.Limit }),
	format.Span(faults.FieldDelay, "How much slower or later, or how long something lives.", [2]time.Duration{}, func(r *faults.Rule) (least, most *time.Duration) { return &r.Delay.Min, &r.Delay.Max }),
	format.Positive(faults.FieldRetryAfter, "What the answer tells the client to wait; whole seconds.", 0, func(r *faults.Rule) *time.Duration { return &r.RetryAfter }),
	format.Word(faults.FieldDirection, "to-server or from-server.", func(r *faults.Rule) *faults.Direction { return &r.Direction }).Enum("direction", string(faults.ToServer), string(faults.FromServer)),
	format.DurationOr(faults.FieldRestartAfter, "How long a crashed process stays down.", never, restartNever, func(r *faults.Rule) *time.Duration { return &r.RestartAfter }),
	format.Count(faults.FieldReplica, "The API server concerned, counted from 1.", 0, func(r *faults.Rule) *int { return &r.Replica }),
	format.Count(faults.FieldChanges, "How many times others change the object before the call arrives; by default 1.", 0, func(r *faults.Rule) *int { return &r.Changes }),
}

func kindNames() []string {
	var names []string
	for _, info := range faults.Kinds() {
		names = append(names, string(info.Kind))
	}
	return names
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
	for _, info := range faults.Kinds() {
		if info.Kind != faults.Crash {
			only(format.Schema{"properties": format.Schema{}}, nil, info.Kind, faults.AtTime)
			continue
		}
		only(format.Schema{"properties": format.Schema{}, "not": format.Schema{"required": []any{faults.FieldWhen}}}, nil, info.Kind, faults.AtTime)
		for _, when := range []faults.When{faults.BeforeCall, faults.AfterCall} {
			only(format.Schema{"properties": format.Schema{faults.FieldWhen: format.Schema{"const": when}}}, []any{faults.FieldWhen}, info.Kind, when)
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
