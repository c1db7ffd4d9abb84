package faults

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
	FieldAt           = "at" // Rule.From of a rule that is [Rule.Momentary]
	FieldFrom         = "from"
	FieldUntil        = "until"
	FieldProbability  = "probability"
	FieldLimit        = "limit"
	FieldDelay        = "delay"
	FieldRetryAfter   = "retryAfter"
	FieldDirection    = "direction"
	FieldWhen         = "when"
	FieldRestartAfter = "restartAfter"
	FieldReplica      = "replica"
	FieldNth          = "nth"
	FieldChanges      = "changes"
)

var (
	fieldsOfTarget = []string{FieldResources, FieldNamespace, FieldName, FieldFirst, FieldLast, FieldNth}
	fieldsOfChance = []string{FieldFrom, FieldUntil, FieldProbability, FieldLimit}
)

// Fields lists the fields that a rule may set, in the order in which they are
// written. It depends on the kind and, for a crash, on when: a crash at a given
// time has at, a crash at a call has what selects the call.
//
// Any other field would be without effect, which in a scenario is a mistake of
// its author, so [Rule.Validate] reports it.
func Fields(kind Kind, when When) []string {
	fields := []string{FieldID, FieldKind}
	switch scopeOf(kind) {
	case ScopeCall:
		fields = append(fields, FieldProcess, FieldVerbs)
		fields = append(fields, fieldsOfTarget...)
		fields = append(fields, fieldsOfChance...)
	case ScopeWatch, ScopeEvent:
		fields = append(fields, FieldProcess)
		if kind == BookmarksWithheld { // they are about no object
			fields = append(fields, FieldResources)
		} else {
			fields = append(fields, fieldsOfTarget...)
		}
		fields = append(fields, fieldsOfChance...)
	case ScopeHost:
		fields = append(fields, FieldProcess, FieldNth)
		fields = append(fields, fieldsOfChance...)
	}
	return append(fields, fieldsOfKind(kind, when)...)
}

// fieldsOfKind are those of one kind, beside those of its scope.
func fieldsOfKind(kind Kind, when When) []string {
	switch kind {
	case Latency, TimeoutApplied, TimeoutDropped, ResponseLost, SlowBody, WatchClosed, WatchError, WatchExpired, WatchDelayed:
		return []string{FieldDelay}
	case TooManyRequests, ServiceUnavailable:
		return []string{FieldRetryAfter}
	case Hold:
		return []string{FieldDirection}
	case Overtaken:
		return []string{FieldDelay, FieldChanges}
	case HostError:
		return []string{FieldWhen}
	case HostHang:
		return []string{FieldDelay}
	case HostCrash:
		return []string{FieldWhen, FieldRestartAfter}
	case Partition:
		return []string{FieldProcess, FieldResources, FieldFrom, FieldUntil, FieldDirection}
	case FailOver:
		return []string{FieldProcess, FieldAt, FieldReplica}
	case Pause:
		return []string{FieldProcess, FieldFrom, FieldUntil}
	case Terminate:
		return []string{FieldProcess, FieldAt, FieldDelay, FieldRestartAfter}
	case ClockSkew:
		return []string{FieldProcess, FieldFrom, FieldUntil, FieldDelay}
	case CrashLoop:
		return []string{FieldProcess, FieldFrom, FieldUntil, FieldDelay, FieldRestartAfter}
	case HistoryForgotten:
		return []string{FieldResources, FieldAt, FieldReplica}
	case CacheLag:
		return []string{FieldResources, FieldFrom, FieldUntil, FieldDelay, FieldReplica}
	case ReplicaDown:
		return []string{FieldFrom, FieldUntil, FieldReplica}
	case GCLag:
		return []string{FieldFrom, FieldUntil, FieldDelay}
	case Crash:
		if when == AtTime {
			return []string{FieldProcess, FieldAt, FieldWhen, FieldRestartAfter}
		}
		fields := []string{FieldProcess, FieldWhen, FieldVerbs}
		fields = append(fields, fieldsOfTarget...)
		fields = append(fields, fieldsOfChance...)
		return append(fields, FieldRestartAfter)
	}
	return nil
}

// AllFields lists every field that some kind of rule may set, in the order in which
// they are written.
func AllFields() []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names
}

// timeField is how From is spelt.
func (r *Rule) timeField() string {
	if r.Momentary() {
		return FieldAt
	}
	return FieldFrom
}
