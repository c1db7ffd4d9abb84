package faults

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// World is what rules can be aimed at. A rule that no call in this world could
// ever match is reported by [Rule.Validate].
type World struct {
	Subjects  []string // names of the processes under test
	Programs  []string // those of them that are programs of their own
	Users     []string // names of the user processes
	Resources []Resource
	// Suggest is what would be right in the place of a resource that does not exist.
	// Nil: all that do are listed.
	Suggest    func(resource string) string
	Namespaces []string
	// Hosts are those of servers other than the API server. They are resources of
	// rules about calls, and what a partition's resources name.
	Hosts []string
	// Webhooks are the hosts of webhooks that are known before the run. Any Service,
	// NAME.NAMESPACE.svc, may be that of one.
	Webhooks []string
	// Replicas is the number of API servers.
	Replicas int
	// Clears is when the weather clears; no rule is in force from then on.
	Clears time.Duration
	// Unknown: nothing is known of processes, resources and namespaces, and what a
	// rule says of them is taken for right.
	Unknown bool
}

// Resource is one resource, or subresource, that the world's API server serves.
type Resource struct {
	Name       string // plural; with subresource after a slash
	Namespaced bool
	Verbs      []string
}

// Problem is one thing wrong with a rule.
type Problem struct {
	Field   string // as scenario files spell it: verbs[1], delay.min
	Problem string // what is wrong, with the value
	Want    string // what would be right; empty when the problem says it
}

func (p Problem) String() string {
	if p.Want == "" {
		return p.Field + ": " + p.Problem
	}
	return p.Field + ": " + p.Problem + " (want " + p.Want + ")"
}

// Verbs lists the verbs a rule may name, in a fixed order: those of the API,
// then read and write, which stand for several.
func Verbs() []string {
	return []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "read", "write"}
}

// Validate reports everything that is wrong with the rule, in the order of its
// fields: values out of range, fields that its kind does not use, and a match
// or a window that nothing in w can meet. An empty result means that the rule
// can take effect.
func (r *Rule) Validate(w World) []Problem {
	var v validation
	if _, ok := Lookup(r.Kind); !ok {
		if r.Kind == "" {
			v.add(FieldKind, "missing", oneOf(KindNames()))
		} else {
			v.add(FieldKind, fmt.Sprintf("unknown kind %q", r.Kind), oneOf(KindNames()))
		}
		return v.problems
	}
	if r.When != AtTime && r.When != BeforeCall && r.When != AfterCall {
		v.add(FieldWhen, fmt.Sprintf("unknown value %q", r.When), oneOf([]string{string(BeforeCall), string(AfterCall)}))
		return v.problems
	}
	usable := Fields(r.Kind, r.When)
	for _, f := range fields {
		if _, set := f.value(r); set && !slices.Contains(usable, f.Name) {
			v.add(f.Name, r.Kind.uses(f.Name), oneOf(usable))
		}
	}
	v.id(r.ID)
	v.process(r, w)
	v.match(r, w)
	v.replica(r, w)
	v.window(r, w)
	if slices.Contains(usable, FieldProbability) {
		v.chance(r)
	}
	v.effect(r)
	v.lives(r, w)
	return v.problems
}

func (k Kind) uses(field string) string {
	if k == Crash {
		return fmt.Sprintf("a %s does not use this field, or not together with the others given", k)
	}
	return fmt.Sprintf("%s does not use this field", k)
}

type validation struct{ problems []Problem }

func (v *validation) add(field, problem, want string) {
	v.problems = append(v.problems, Problem{field, problem, want})
}

func (v *validation) id(id string) {
	if id == "" {
		v.add(FieldID, "missing", "a name that stays the same when other rules come and go")
	}
}

// process: a pattern must meet a process, and a crash must not meet a user,
// because a user is never started again and would leave its steps undone.
func (v *validation) process(r *Rule, w World) {
	if !v.pattern(FieldProcess, r.Process) || r.Process == "" {
		return
	}
	meets := func(name string) bool { return glob(r.Process, name) }
	subject, user := slices.ContainsFunc(w.Subjects, meets), slices.ContainsFunc(w.Users, meets)
	switch {
	case w.Unknown:
	case !subject && !user:
		v.add(FieldProcess, fmt.Sprintf("no process is called %q", r.Process), oneOf(slices.Concat(w.Subjects, w.Users)))
	case r.ends() && user:
		v.add(FieldProcess, fmt.Sprintf("%q meets a user, and users do not crash", r.Process), oneOf(w.Subjects))
	case r.Kind == ClockSkew && !slices.ContainsFunc(w.Programs, meets):
		v.add(FieldProcess, fmt.Sprintf("no program of its own is called %q, and a function's clock is the world's", r.Process), oneOf(append(slices.Clone(w.Programs), "another kind")))
	}
}

func (v *validation) pattern(field, pattern string) bool {
	if _, err := path.Match(pattern, ""); err != nil {
		v.add(field, fmt.Sprintf("bad pattern %q", pattern), "a name, in which * stands for any characters, ? for one and [ab] for a or b")
		return false
	}
	return true
}

func (v *validation) match(r *Rule, w World) {
	if !v.knownVerbs(r) || w.Unknown || !v.knownResources(r, w) {
		return
	}
	targets := v.targets(r, w)
	possible := slices.ContainsFunc(targets, func(t Resource) bool { return servesAny(t, r) })
	switch {
	case !possible && onWatches(r.Kind):
		v.add(FieldResources, strings.Join(r.Resources, ", ")+" cannot be watched", oneOf(watchable(w)))
	case !possible:
		v.add(FieldVerbs, fmt.Sprintf("none of %s is ever asked of %s", strings.Join(r.Verbs, ", "), strings.Join(r.Resources, ", ")),
			oneOf(verbsOf(targets)))
	}
	if r.Kind == Overtaken && len(r.Verbs) > 0 && !slices.ContainsFunc(r.Verbs, writes) {
		v.add(FieldVerbs, "nothing overtakes a read", oneOf([]string{"create", "update", "patch", "delete", "write"}))
	}
	v.namespace(r, w, targets)
	v.pattern(FieldName, r.Name)
	if r.Nth < 0 {
		v.add(FieldNth, fmt.Sprintf("%d is negative", r.Nth), "a count from 1")
	}
	if r.First < 0 {
		v.add(FieldFirst, fmt.Sprintf("%d is negative", r.First), "a count from 1")
	}
	if r.Last < 0 {
		v.add(FieldLast, fmt.Sprintf("%d is negative", r.Last), "a count from 1")
	} else if r.Last != 0 && r.Last < r.First {
		v.add(FieldLast, fmt.Sprintf("%d is before first, %d", r.Last, r.First), "at least first")
	}
}

// writes: calls of a verb, as rules have it, change something.
func writes(verb string) bool { return verb == "write" || IsWrite(verb) }

func (v *validation) knownVerbs(r *Rule) bool {
	before := len(v.problems)
	for i, verb := range r.Verbs {
		field := fmt.Sprintf("%s[%d]", FieldVerbs, i)
		switch {
		case !slices.Contains(Verbs(), verb):
			v.add(field, fmt.Sprintf("unknown verb %q", verb), oneOf(Verbs()))
		case slices.Contains(r.Verbs[:i], verb):
			v.add(field, fmt.Sprintf("%q is there twice", verb), "each verb once")
		}
	}
	return len(v.problems) == before
}

func (v *validation) knownResources(r *Rule, w World) bool {
	before := len(v.problems)
	for i, name := range r.Resources {
		field := fmt.Sprintf("%s[%d]", FieldResources, i)
		known := name == "*" || slices.Contains(w.Hosts, name) || r.Kind != Partition && w.isWebhook(name) || r.Kind != Partition && slices.ContainsFunc(w.Resources, func(t Resource) bool { return t.Name == name })
		switch {
		case !known:
			want := oneOf(append(resourceNames(r, w), `"*"`))
			if w.Suggest != nil && r.Kind != Partition {
				want = w.Suggest(name)
			}
			v.add(field, fmt.Sprintf("this world has no resource %q", name), want)
		case slices.Contains(r.Resources[:i], name):
			v.add(field, fmt.Sprintf("%q is there twice", name), "each resource once")
		}
	}
	return len(v.problems) == before
}

// targets are the resources that the rule's resources field selects.
func (v *validation) targets(r *Rule, w World) []Resource {
	var out []Resource
	for _, t := range w.Resources {
		if r.matchesResource(t.Name) {
			out = append(out, t)
		}
	}
	for _, host := range w.Hosts {
		if r.matchesResource(host) {
			out = append(out, Resource{Name: host, Verbs: []string{"get", "create", "update", "patch", "delete"}})
		}
	}
	for _, name := range r.Resources {
		if w.isWebhook(name) {
			out = append(out, Resource{Name: name, Verbs: []string{"create"}})
		}
	}
	return out
}

// isWebhook: a webhook may have the host.
func (w *World) isWebhook(host string) bool {
	parts := strings.Split(host, ".")
	return slices.Contains(w.Webhooks, host) || len(parts) == 3 && parts[2] == "svc" && parts[0] != "" && parts[1] != ""
}

func servesAny(t Resource, r *Rule) bool {
	return slices.ContainsFunc(t.Verbs, func(verb string) bool {
		if onWatches(r.Kind) {
			return verb == "watch"
		}
		return r.matchesVerb(verb)
	})
}

// onWatches: what the kind acts on exists only of resources that can be watched.
func onWatches(k Kind) bool {
	switch scopeOf(k) {
	case ScopeWatch, ScopeEvent, ScopeServer:
		return true
	}
	return false
}

// replica must exist, and a fail-over needs another one.
func (v *validation) replica(r *Rule, w World) {
	switch {
	case r.Replica < 0:
		v.add(FieldReplica, fmt.Sprintf("%d is negative", r.Replica), "a number from 1")
	case r.Replica > w.Replicas:
		v.add(FieldReplica, fmt.Sprintf("there is no API server %d", r.Replica), fmt.Sprintf("1 to %d, or more replicas in the world", w.Replicas))
	case r.Kind == FailOver && w.Replicas < 2:
		v.add(FieldKind, "there is one API server, and no other to fail over to", "two or more replicas in the world")
	}
}

// namespace: calls for cluster-scoped resources have no namespace, and neither
// has a list or watch across all of them, so only a pattern that meets the
// empty name can select those.
func (v *validation) namespace(r *Rule, w World, targets []Resource) {
	if !v.pattern(FieldNamespace, r.Namespace) || glob(r.Namespace, "") {
		return
	}
	if !slices.ContainsFunc(w.Namespaces, func(ns string) bool { return glob(r.Namespace, ns) }) {
		v.add(FieldNamespace, fmt.Sprintf("this world has no namespace %q", r.Namespace), oneOf(w.Namespaces))
	}
	if len(targets) > 0 && !slices.ContainsFunc(targets, func(t Resource) bool { return t.Namespaced }) {
		v.add(FieldNamespace, fmt.Sprintf("%s: not in any namespace", strings.Join(r.Resources, ", ")), "no namespace")
	}
}

func (v *validation) window(r *Rule, w World) {
	from := r.timeField()
	clears := "before the weather clears at " + w.Clears.String()
	switch {
	case r.From < 0:
		v.add(from, fmt.Sprintf("%s is negative", r.From), "a time since the start")
	case r.From >= w.Clears:
		v.add(from, fmt.Sprintf("%s is when all faults are over", r.From), clears)
	}
	switch {
	case r.Until < 0:
		v.add(FieldUntil, fmt.Sprintf("%s is negative", r.Until), "a time since the start")
	case r.Until == 0 && r.Kind == Hold:
		v.add(FieldUntil, "missing", "when what is held is let go")
	case r.Until == 0:
	case r.Until <= r.From:
		v.add(FieldUntil, fmt.Sprintf("the window ends at %s, before it begins at %s", r.Until, r.From), "later than from")
	case r.Until > w.Clears:
		v.add(FieldUntil, fmt.Sprintf("%s is after all faults are over", r.Until), "at most "+w.Clears.String()+", or none")
	}
}

func (v *validation) chance(r *Rule) {
	if !(r.Probability > 0 && r.Probability <= 1) {
		v.add(FieldProbability, fmt.Sprintf("%v is not in (0, 1]", r.Probability), "more than 0 and at most 1")
	}
	if r.Limit < 0 {
		v.add(FieldLimit, fmt.Sprintf("%d is negative", r.Limit), "a count from 1")
	}
}

func (v *validation) effect(r *Rule) {
	switch {
	case r.Delay.Min < 0 && r.Kind != ClockSkew:
		v.add(FieldDelay, fmt.Sprintf("%s is negative", r.Delay.Min), "a duration of 0s or more")
	case r.Delay.Max < r.Delay.Min:
		v.add(FieldDelay, fmt.Sprintf("max %s is less than min %s", r.Delay.Max, r.Delay.Min), "max of at least min")
	case r.Delay.Max == 0 && r.Delay.Min == 0 && wantedDelay[r.Kind] != "":
		v.add(FieldDelay, "missing", wantedDelay[r.Kind])
	}
	switch {
	case r.RetryAfter < 0:
		v.add(FieldRetryAfter, fmt.Sprintf("%s is negative", r.RetryAfter), "whole seconds")
	case r.RetryAfter%time.Second != 0:
		v.add(FieldRetryAfter, fmt.Sprintf("%s is not whole seconds, and the header has no fractions", r.RetryAfter), "whole seconds")
	}
	if r.Changes < 0 {
		v.add(FieldChanges, fmt.Sprintf("%d is negative", r.Changes), "a count from 1")
	}
	directions := oneOf([]string{string(ToServer), string(FromServer)})
	if r.Direction != BothWays && r.Direction != ToServer && r.Direction != FromServer {
		v.add(FieldDirection, fmt.Sprintf("unknown direction %q", r.Direction), directions+", or none for "+map[bool]string{true: "the request", false: "both"}[r.Kind == Hold])
	}
}

// lives: a crash loop whose shortest life outlasts its window ends none.
func (v *validation) lives(r *Rule, w World) {
	end := r.Until
	if end == 0 {
		end = w.Clears
	}
	if window := end - r.From; r.Kind == CrashLoop && window > 0 && r.Delay.Min >= window {
		v.add(FieldDelay, fmt.Sprintf("each life lasts %s or longer, and the window %s: none ends in it", r.Delay.Min, window), "less than "+window.String())
	}
}

// wantedDelay tells, of the kinds that do nothing without a delay, what it is.
var wantedDelay = map[Kind]string{
	HostHang: "how much longer, such as 20s",
	Latency:  "how much slower, such as 200ms", SlowBody: "how long the body takes, such as 5s",
	WatchDelayed: "how late, such as 3s", GCLag: "how late, such as 20s",
	CrashLoop: "how long each life lasts, such as 3s", ClockSkew: "how far ahead, such as 90s, or behind, such as -90s",
}

func watchable(w World) []string {
	var out []string
	for _, t := range w.Resources {
		if slices.Contains(t.Verbs, "watch") {
			out = append(out, t.Name)
		}
	}
	return out
}

// resourceNames are the resources that a rule of the kind can name.
func resourceNames(r *Rule, w World) []string {
	var out []string
	if r.Kind != Partition {
		for _, t := range w.Resources {
			out = append(out, t.Name)
		}
	}
	out = append(out, w.Hosts...)
	if r.Kind != Partition {
		out = append(out, w.Webhooks...)
	}
	return out
}

// verbsOf lists the verbs that at least one of the resources serves.
func verbsOf(targets []Resource) []string {
	var out []string
	for _, verb := range Verbs() {
		if slices.ContainsFunc(targets, func(t Resource) bool { return slices.Contains(t.Verbs, verb) }) {
			out = append(out, verb)
		}
	}
	return out
}

func oneOf(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return "one of " + strings.Join(names, ", ")
}
