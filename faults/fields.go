package faults

import "slices"

// Names of the fields of a rule, as scenario files and problems spell them.
const (
	FieldID           = "id"
	FieldKind         = "kind"
	FieldProcess      = "process"
	FieldVerbs        = "verbs"
	FieldResources    = "resources"
	FieldNamespace    = "namespace"
	FieldName         = "name"
	FieldFirst        = "first"
	FieldLast         = "last"
	FieldAt           = "at" // Rule.From of a crash at a given time
	FieldFrom         = "from"
	FieldUntil        = "until"
	FieldProbability  = "probability"
	FieldLimit        = "limit"
	FieldDelay        = "delay"
	FieldRetryAfter   = "retryAfter"
	FieldDirection    = "direction"
	FieldWhen         = "when"
	FieldRestartAfter = "restartAfter"
)

var (
	fieldsOfAll    = []string{FieldID, FieldKind, FieldProcess}
	fieldsOfTarget = []string{FieldResources, FieldNamespace, FieldName, FieldFirst, FieldLast}
	fieldsOfChance = []string{FieldFrom, FieldUntil, FieldProbability, FieldLimit}
)

// Fields lists the fields that a rule may set, in the order in which they are
// written. It depends on the kind and, for a crash, on when: a crash at a given
// time has at, a crash at a call has what selects the call.
//
// Any other field would be without effect, which in a scenario is a mistake of
// its author, so [Rule.Validate] reports it.
func Fields(kind Kind, when When) []string {
	fields := slices.Clone(fieldsOfAll)
	switch scopeOf(kind) {
	case ScopeCall:
		fields = append(fields, FieldVerbs)
		fields = append(fields, fieldsOfTarget...)
		fields = append(fields, fieldsOfChance...)
	case ScopeWatch:
		fields = append(fields, fieldsOfTarget...)
		fields = append(fields, fieldsOfChance...)
	case ScopeLink:
		return append(fields, FieldFrom, FieldUntil, FieldDirection)
	case ScopeProcess:
		if when == AtTime {
			return append(fields, FieldAt, FieldWhen, FieldRestartAfter)
		}
		fields = append(fields, FieldWhen, FieldVerbs)
		fields = append(fields, fieldsOfTarget...)
		fields = append(fields, fieldsOfChance...)
		return append(fields, FieldRestartAfter)
	}
	switch kind {
	case Latency, TimeoutApplied, TimeoutDropped, ResponseLost, WatchClosed:
		fields = append(fields, FieldDelay)
	case TooManyRequests, ServiceUnavailable:
		fields = append(fields, FieldRetryAfter)
	}
	return fields
}

// AllFields lists every field that some kind of rule may set.
func AllFields() []string {
	return []string{
		FieldID, FieldKind, FieldProcess, FieldWhen, FieldVerbs, FieldResources, FieldNamespace, FieldName,
		FieldFirst, FieldLast, FieldAt, FieldFrom, FieldUntil, FieldProbability, FieldLimit,
		FieldDelay, FieldRetryAfter, FieldDirection, FieldRestartAfter,
	}
}

// set names the fields that r sets to something else than their zero value.
// Probability 1 counts as unset: it is the default, and what a rule that is
// not a matter of chance carries.
func (r *Rule) set() []string {
	from := FieldFrom
	if scopeOf(r.Kind) == ScopeProcess && r.When == AtTime {
		from = FieldAt
	}
	var out []string
	for _, f := range []struct {
		name string
		set  bool
	}{
		{FieldProcess, r.Process != ""}, {FieldWhen, r.When != AtTime},
		{FieldVerbs, r.Verbs != nil}, {FieldResources, r.Resources != nil},
		{FieldNamespace, r.Namespace != ""}, {FieldName, r.Name != ""},
		{FieldFirst, r.First != 0}, {FieldLast, r.Last != 0},
		{from, r.From != 0}, {FieldUntil, r.Until != 0},
		{FieldProbability, r.Probability != 0 && r.Probability != 1}, {FieldLimit, r.Limit != 0},
		{FieldDelay, r.Delay != Span{}}, {FieldRetryAfter, r.RetryAfter != 0},
		{FieldDirection, r.Direction != BothWays}, {FieldRestartAfter, r.RestartAfter != 0},
	} {
		if f.set {
			out = append(out, f.name)
		}
	}
	return out
}
