package scenarios

import (
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/seatrial/seatrial/faults"
)

// never is how a scenario spells that a crashed process stays down, and what
// it is in a rule.
const (
	never             = "never"
	restartNever      = time.Duration(-1)
	wantRestart       = "a duration of 0s or more, or never"
	wantNonZeroNumber = "more than 0 and at most 1"
)

func (d *document) rule(n *yaml.Node, path string) faults.Rule {
	r := faults.Rule{Probability: 1}
	o := d.object(n, path)
	var kind, when string
	o.text("kind", &kind)
	o.text("when", &when)
	r.Kind, r.When = faults.Kind(kind), faults.When(when)
	fields := faults.AllFields()
	if _, known := faults.Lookup(r.Kind); known && (r.Kind != faults.Crash || r.When == faults.AtTime || r.When == faults.BeforeCall || r.When == faults.AfterCall) {
		fields = faults.Fields(r.Kind, r.When)
	}
	o.refuseUnused(&r, fields)
	o.ruleFields(&r)
	o.done()
	return r
}

// refuseUnused reports and drops the fields that rules have, but not of this
// kind: they would be without effect.
func (o *object) refuseUnused(r *faults.Rule, fields []string) {
	for _, name := range faults.AllFields() {
		if !o.has(name) || slices.Contains(fields, name) {
			continue
		}
		problem := string(r.Kind) + " does not use this field"
		switch {
		case r.Kind == faults.Crash && r.When == faults.AtTime:
			problem = "a crash at a given time does not use this field"
		case r.Kind == faults.Crash:
			problem = "a crash at a call does not use this field"
		}
		o.wrong(name, problem, "one of "+strings.Join(fields, ", "))
		delete(o.values, name)
	}
}

func (o *object) ruleFields(r *faults.Rule) {
	o.text(faults.FieldID, &r.ID)
	o.text(faults.FieldProcess, &r.Process)
	o.texts(faults.FieldVerbs, &r.Verbs)
	o.texts(faults.FieldResources, &r.Resources)
	o.text(faults.FieldNamespace, &r.Namespace)
	o.text(faults.FieldName, &r.Name)
	o.count(faults.FieldFirst, &r.First)
	o.count(faults.FieldLast, &r.Last)
	o.count(faults.FieldNth, &r.Nth)
	o.count(faults.FieldReplica, &r.Replica)
	o.duration(faults.FieldAt, &r.From)
	o.duration(faults.FieldFrom, &r.From)
	o.positive(faults.FieldUntil, &r.Until)
	o.number(faults.FieldProbability, &r.Probability)
	if o.has(faults.FieldProbability) && r.Probability == 0 {
		o.wrong(faults.FieldProbability, "0 is not in (0, 1]", wantNonZeroNumber)
	}
	o.count(faults.FieldLimit, &r.Limit)
	o.span(faults.FieldDelay, &r.Delay)
	o.positive(faults.FieldRetryAfter, &r.RetryAfter)
	var direction string
	o.text(faults.FieldDirection, &direction)
	r.Direction = faults.Direction(direction)
	o.restartAfter(r)
	if r.Momentary() && !o.has(faults.FieldAt) && !o.has(faults.FieldFrom) {
		want := "when it happens"
		if r.Kind == faults.Crash {
			want = "when the process crashes, or when: before or after a call"
		}
		o.doc.report(o.node, o.field(faults.FieldAt), "missing", want)
	}
}

func (o *object) restartAfter(r *faults.Rule) {
	n := o.value(faults.FieldRestartAfter)
	switch {
	case n == nil:
	case n.Kind == yaml.ScalarNode && n.Value == never:
		r.RestartAfter = restartNever
	default:
		before := len(o.doc.errs)
		o.doc.duration(n, o.field(faults.FieldRestartAfter), &r.RestartAfter)
		for _, e := range o.doc.errs[before:] {
			e.Want = wantRestart
		}
	}
}
