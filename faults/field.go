package faults

import (
	"fmt"
	"slices"
	"time"
)

// Field is a field of a rule: what is told of it, read and written by files, described
// by their schema and checked goes by this.
type Field struct {
	Name string
	Doc  string // a sentence, for whoever writes a file
	// At is where a rule keeps it: a *string, *[]string, *int, *float64,
	// *time.Duration, *[Span], *[Kind], *[When] or *[Direction].
	At func(*Rule) any
	// Noun and Words are what it may say, if that is not for the author to choose.
	Noun  string
	Words []string
	// Form is of a duration.
	Form Form
	// Omitted says of which rules it is no field although its place is not empty; nil: none.
	Omitted func(*Rule) bool
}

// Form says which durations there may be.
type Form int

const (
	Length  Form = iota // 0s, which is left out, or more
	Moment              // 0s or more, never left out
	End                 // more than 0s
	OrNever             // 0s or more, or never, which is [Never]
)

// Never is what a process waits for that stays down.
const Never = -1

// RuleFields lists the fields of rules in the order in which they are written.
func RuleFields() []Field { return slices.Clone(fields) }

var fields = []Field{
	{Name: FieldID, Doc: "Keys the rule's random decisions; by default made from what the rule says.", At: func(r *Rule) any { return &r.ID }},
	{Name: FieldKind, Doc: "What goes wrong.", At: func(r *Rule) any { return &r.Kind }, Noun: "kind", Words: KindNames()},
	{Name: FieldProcess, Doc: "Name or pattern of the processes concerned; by default all that are under test.", At: func(r *Rule) any { return &r.Process }},
	{Name: FieldWhen, Doc: "Before or after the call that triggers a crash, or the change of the host.", At: func(r *Rule) any { return &r.When }, Noun: "value", Words: []string{string(BeforeCall), string(AfterCall)}},
	{Name: FieldVerbs, Doc: "Verbs of the calls concerned; read and write stand for several.", At: func(r *Rule) any { return &r.Verbs }, Noun: "verb", Words: Verbs()},
	{Name: FieldResources, Doc: "Plurals of the resources concerned; a subresource after a slash.", At: func(r *Rule) any { return &r.Resources }},
	{Name: FieldNamespace, Doc: "Name or pattern of the namespaces concerned.", At: func(r *Rule) any { return &r.Namespace }},
	{Name: FieldName, Doc: "Name or pattern of the objects concerned.", At: func(r *Rule) any { return &r.Name }},
	{Name: FieldFirst, Doc: "The first of the calls of one identity, counted from 1.", At: func(r *Rule) any { return &r.First }},
	{Name: FieldLast, Doc: "The last of the calls of one identity, counted from 1.", At: func(r *Rule) any { return &r.Last }},
	{Name: FieldNth, Doc: "The one call, of all that the other fields select, counted from 1.", At: func(r *Rule) any { return &r.Nth }},
	{Name: FieldAt, Doc: "When it happens.", At: func(r *Rule) any { return &r.From }, Form: Moment, Omitted: (*Rule).lastsOrCalls},
	{Name: FieldFrom, Doc: "When it begins.", At: func(r *Rule) any { return &r.From }, Omitted: (*Rule).Momentary},
	{Name: FieldUntil, Doc: "When it ends.", At: func(r *Rule) any { return &r.Until }, Form: End},
	{Name: FieldProbability, Doc: "How likely a matching call is hit; by default 1.", At: func(r *Rule) any { return &r.Probability }},
	{Name: FieldLimit, Doc: "How many times it happens at most.", At: func(r *Rule) any { return &r.Limit }},
	{Name: FieldDelay, Doc: "How much slower or later, or how long something lives.", At: func(r *Rule) any { return &r.Delay }},
	{Name: FieldRetryAfter, Doc: "What the answer tells the client to wait; whole seconds.", At: func(r *Rule) any { return &r.RetryAfter }, Form: End},
	{Name: FieldDirection, Doc: "to-server or from-server.", At: func(r *Rule) any { return &r.Direction }, Noun: "direction", Words: []string{string(ToServer), string(FromServer)}},
	{Name: FieldRestartAfter, Doc: "How long a crashed process stays down.", At: func(r *Rule) any { return &r.RestartAfter }, Form: OrNever},
	{Name: FieldReplica, Doc: "The API server concerned, counted from 1.", At: func(r *Rule) any { return &r.Replica }},
	{Name: FieldChanges, Doc: "How many times others change the object before the call arrives; by default 1.", At: func(r *Rule) any { return &r.Changes }},
}

// lastsOrCalls says that the rule is not [Rule.Momentary].
func (r *Rule) lastsOrCalls() bool { return !r.Momentary() }

// value is the field as a file has it, and whether the rule sets it. Probability 1
// counts as unset: it is the default, and what a rule that is not a matter of chance
// carries. How long a process stays down that was ended is always told.
func (f Field) value(r *Rule) (text string, set bool) {
	if f.Omitted != nil && f.Omitted(r) {
		return "", false
	}
	switch at := f.At(r).(type) {
	case *string:
		return word(*at), *at != ""
	case *Kind:
		return string(*at), *at != ""
	case *When:
		return string(*at), *at != ""
	case *Direction:
		return string(*at), *at != ""
	case *[]string:
		return list(*at), *at != nil
	case *int:
		return fmt.Sprint(*at), *at != 0
	case *float64:
		return fmt.Sprint(*at), *at != 0 && *at != 1
	case *Span:
		return at.String(), *at != Span{}
	case *time.Duration:
		told := f.Form == Moment || f.Form == OrNever && r.ends()
		if f.Form == OrNever {
			return restart(*at), told || *at != 0
		}
		return at.String(), told || *at != 0
	}
	panic("faults: field " + f.Name + " is of a type that is not told")
}

// ends says whether the rule ends a process, which may be started again.
func (r *Rule) ends() bool {
	return r.Kind == Crash || r.Kind == CrashLoop || r.Kind == Terminate || r.Kind == HostCrash
}
