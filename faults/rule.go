package faults

import (
	"path"
	"slices"
	"time"
)

// Rule is one fault, aimed. The zero value of a field in [Match] matches
// everything; times are virtual, counted from the start of the run.
type Rule struct {
	// ID keys the rule's random decisions. Two rules with one ID would decide
	// alike; a rule keeps its decisions when its neighbours are removed.
	ID   string
	Kind Kind
	Match
	// The rule is in force in [From, Until); Until 0 means until the weather clears.
	From, Until time.Duration
	// Probability that a matching call is hit, 0 < p <= 1; 0 stands for 1. For a crash at a
	// call and for call and watch faults; link faults and timed crashes always happen.
	Probability float64
	// Limit is how many times the rule may fire; 0: no limit.
	Limit int

	// Delay is how much slower something is (latency, slow-body, watch-delayed,
	// cache-lag, gc-lag), how long the client waits for the failure (time-outs,
	// response-lost), or how long something lives (watch-closed, -error,
	// -expired, crash-loop), how long a process has to end (terminate; 0: 30s), how
	// far its clock is ahead (clock-skew; negative: behind), or after how long the
	// connection of an overtaken write breaks (0: the client waits). Drawn evenly in
	// [Min, Max].
	Delay Span
	// RetryAfter is what a 429 or 503 tells the client to wait; whole seconds.
	RetryAfter time.Duration
	// Direction restricts a partition (empty: both ways) or says what is held
	// (empty: the request).
	Direction Direction
	// When places a crash relative to the call that triggers it; empty: the
	// crash happens at From, whatever is being called. Of host-error and host-crash
	// it says whether the change is done (after) or not (empty, before).
	When When
	// RestartAfter is how long a crashed process stays down; negative: for good.
	RestartAfter time.Duration
	// Replica is the API server concerned, counted from 1; 0: all of them, or
	// for a fail-over another one than now.
	Replica int
	// Changes is how many times others change the object of a write before it
	// arrives (overtaken); 0 stands for 1.
	Changes int
}

// Momentary says whether the rule acts once, at From, rather than in a window
// or on calls.
func (r *Rule) Momentary() bool {
	switch r.Kind {
	case FailOver, HistoryForgotten, Terminate:
		return true
	}
	return r.Kind == Crash && r.When == AtTime
}

// Lasting says whether the rule acts on the world for as long as its window is
// open, rather than on calls or once.
func (r *Rule) Lasting() bool {
	switch r.Kind {
	case Partition, Pause, CrashLoop, CacheLag, ReplicaDown, GCLag, ClockSkew:
		return true
	}
	return false
}

// Span is a closed interval of durations.
type Span struct{ Min, Max time.Duration }

// Direction of the packets that a partition holds.
type Direction string

const (
	BothWays   Direction = ""
	ToServer   Direction = "to-server"
	FromServer Direction = "from-server"
)

// When places a crash relative to a write.
type When string

const (
	AtTime     When = ""
	BeforeCall When = "before" // the request is never sent
	AfterCall  When = "after"  // the request is committed, the answer never seen
)

// Match selects calls by identity. All given fields must match.
type Match struct {
	Process string   // process name or glob; empty: every subject process, never a user or a stand-in
	Verbs   []string // get, list, watch, create, update, patch, delete, deletecollection; or read, write
	// Resources are plurals, e.g. services; with subresource services/status; hosts of
	// other servers and of webhooks, whose calls have the path for a name; "*": any but
	// webhooks.
	Resources   []string
	Namespace   string // glob
	Name        string // glob
	First, Last int    // n-th call of this identity by this process, counted from 1, closed; 0: open
	// Nth is the one call, of all that the other fields select while the rule is
	// in force, that the rule may decide, counted from 1; 0: all of them.
	Nth int
}

// Call is what a rule sees of a request.
type Call struct {
	Process   string
	User      bool // made by a user or a stand-in, not by a subject
	Verb      string
	Resource  string // plural; with subresource after a slash
	Namespace string
	Name      string
	Nth       int           // counted from 1, per identity
	At        time.Duration // when it was sent
	// Webhook: the API server's own call of a webhook, whose host is the resource, and of
	// which Process is the one that is asked, if there is one. Only rules that name the
	// host concern it.
	Webhook bool
}

// IsWrite says whether a verb changes state.
func IsWrite(verb string) bool {
	switch verb {
	case "create", "update", "patch", "delete", "deletecollection":
		return true
	}
	return false
}

// Matches says whether the call is one that m selects.
func (m Match) Matches(c Call) bool {
	switch {
	case c.Webhook && !slices.Contains(m.Resources, c.Resource):
		return false
	case m.Process == "" && c.User:
		return false
	}
	return glob(m.Process, c.Process) && m.matchesVerb(c.Verb) && m.matchesResource(c.Resource) &&
		glob(m.Namespace, c.Namespace) && glob(m.Name, c.Name) &&
		(m.First == 0 || c.Nth >= m.First) && (m.Last == 0 || c.Nth <= m.Last)
}

func (m Match) matchesVerb(verb string) bool {
	return len(m.Verbs) == 0 || slices.ContainsFunc(m.Verbs, func(v string) bool {
		return v == verb || v == "write" && IsWrite(verb) || v == "read" && !IsWrite(verb)
	})
}

// MatchesResource says whether the match is about the resource at all.
func (m Match) MatchesResource(resource string) bool { return m.matchesResource(resource) }

func (m Match) matchesResource(resource string) bool {
	return len(m.Resources) == 0 || slices.ContainsFunc(m.Resources, func(r string) bool {
		return r == "*" || r == resource
	})
}

// InForce says whether the rule's window holds t.
func (r *Rule) InForce(t time.Duration) bool {
	return t >= r.From && (r.Until == 0 || t < r.Until)
}

// glob matches a shell pattern; the empty pattern matches everything.
func glob(pattern, s string) bool {
	if pattern == "" {
		return true
	}
	ok, err := path.Match(pattern, s)
	return ok && err == nil
}
