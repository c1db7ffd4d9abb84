package scenarios

import (
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/scenarios/yamlread"
)

// never is how a scenario spells that a crashed process stays down, and what
// it is in a rule.
const (
	never             = "never"
	restartNever      = time.Duration(-1)
	wantRestart       = "a duration of 0s or more, or never"
	wantNonZeroNumber = "more than 0 and at most 1"
)

func readRule(o *yamlread.Object) faults.Rule {
	r := faults.Rule{Probability: 1}
	var kind, when string
	o.Text("kind", &kind)
	o.Text("when", &when)
	r.Kind, r.When = faults.Kind(kind), faults.When(when)
	fields := faults.AllFields()
	if _, known := faults.Lookup(r.Kind); known && (r.Kind != faults.Crash || r.When == faults.AtTime || r.When == faults.BeforeCall || r.When == faults.AfterCall) {
		fields = faults.Fields(r.Kind, r.When)
	}
	refuseUnused(o, &r, fields)
	readRuleFields(o, &r)
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

func readRuleFields(o *yamlread.Object, r *faults.Rule) {
	o.Text(faults.FieldID, &r.ID)
	o.Text(faults.FieldProcess, &r.Process)
	o.Texts(faults.FieldVerbs, &r.Verbs)
	o.Texts(faults.FieldResources, &r.Resources)
	o.Text(faults.FieldNamespace, &r.Namespace)
	o.Text(faults.FieldName, &r.Name)
	o.Count(faults.FieldFirst, &r.First)
	o.Count(faults.FieldLast, &r.Last)
	o.Count(faults.FieldNth, &r.Nth)
	o.Count(faults.FieldReplica, &r.Replica)
	o.Duration(faults.FieldAt, &r.From)
	o.Duration(faults.FieldFrom, &r.From)
	o.Positive(faults.FieldUntil, &r.Until)
	o.Number(faults.FieldProbability, &r.Probability)
	if o.Has(faults.FieldProbability) && r.Probability == 0 {
		o.Wrong(faults.FieldProbability, "0 is not in (0, 1]", wantNonZeroNumber)
	}
	o.Count(faults.FieldLimit, &r.Limit)
	o.Span(faults.FieldDelay, &r.Delay.Min, &r.Delay.Max)
	o.Positive(faults.FieldRetryAfter, &r.RetryAfter)
	var direction string
	o.Text(faults.FieldDirection, &direction)
	r.Direction = faults.Direction(direction)
	o.DurationOr(faults.FieldRestartAfter, &r.RestartAfter, never, restartNever)
	if r.Momentary() && !o.Has(faults.FieldFrom) {
		want := "when it happens"
		if r.Kind == faults.Crash {
			want = "when the process crashes, or when: before or after a call"
		}
		o.Require(faults.FieldAt, want)
	}
}
