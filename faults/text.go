package faults

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// String is the rule on one line, as a scenario file has it.
func (r *Rule) String() string { return "{" + r.Text() + "}" }

// Text is what the rule says, as in a scenario file but without the braces and
// without some of the fields.
func (r *Rule) Text(without ...string) string {
	var fields []string
	for _, s := range r.settings() {
		if !slices.Contains(without, s.field) {
			fields = append(fields, s.field+": "+s.value)
		}
	}
	return strings.Join(fields, ", ")
}

// setting is a field of a rule and its value, both as scenario files have them.
type setting struct{ field, value string }

// settings are the fields that the rule sets, in the order of [AllFields].
// Probability 1 counts as unset: it is the default, and what a rule that is not
// a matter of chance carries. When something happens, and how long a crashed
// process stays down, are always told.
func (r *Rule) settings() []setting {
	var out []setting
	add := func(field string, set bool, value any) {
		if set {
			out = append(out, setting{field, fmt.Sprint(value)})
		}
	}
	crash := r.Kind == Crash || r.Kind == CrashLoop || r.Kind == Terminate || r.Kind == HostCrash
	add(FieldID, r.ID != "", word(r.ID))
	add(FieldKind, r.Kind != "", r.Kind)
	add(FieldProcess, r.Process != "", word(r.Process))
	add(FieldWhen, r.When != AtTime, r.When)
	add(FieldVerbs, r.Verbs != nil, list(r.Verbs))
	add(FieldResources, r.Resources != nil, list(r.Resources))
	add(FieldNamespace, r.Namespace != "", word(r.Namespace))
	add(FieldName, r.Name != "", word(r.Name))
	add(FieldFirst, r.First != 0, r.First)
	add(FieldLast, r.Last != 0, r.Last)
	add(FieldNth, r.Nth != 0, r.Nth)
	add(r.timeField(), r.Momentary() || r.From != 0, r.From)
	add(FieldUntil, r.Until != 0, r.Until)
	add(FieldProbability, r.Probability != 0 && r.Probability != 1, r.Probability)
	add(FieldLimit, r.Limit != 0, r.Limit)
	add(FieldDelay, r.Delay != Span{}, r.Delay)
	add(FieldRetryAfter, r.RetryAfter != 0, r.RetryAfter)
	add(FieldDirection, r.Direction != BothWays, r.Direction)
	add(FieldRestartAfter, crash || r.RestartAfter != 0, restart(r.RestartAfter))
	add(FieldReplica, r.Replica != 0, r.Replica)
	add(FieldChanges, r.Changes != 0, r.Changes)
	return out
}

// String is one duration when both are the same.
func (s Span) String() string {
	if s.Min == s.Max {
		return s.Min.String()
	}
	return fmt.Sprintf("{min: %s, max: %s}", s.Min, s.Max)
}

func list(items []string) string {
	words := make([]string, len(items))
	for i, item := range items {
		words[i] = word(item)
	}
	return "[" + strings.Join(words, ", ") + "]"
}

var plain = regexp.MustCompile(`^[a-z][a-zA-Z0-9/.-]*$`)

// word is text in quotes if YAML might not take it for text without them, as the
// stars of patterns and the digits of addresses.
func word(s string) string {
	if !plain.MatchString(s) || s == "true" || s == "false" || s == "null" {
		return strconv.Quote(s)
	}
	return s
}

func restart(after time.Duration) string {
	if after < 0 {
		return "never"
	}
	return after.String()
}
