package model

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func giving(name string, class Class, result Result) Property {
	return Property{Name: name, Class: class, Check: func(*History) Result { return result }}
}

func at(seq uint64) Result { return Breach("broken", Culprit{Seq: seq}) }

// Judge sums up results; the results themselves are made up here.
func TestJudge(t *testing.T) {
	ok := giving("ok", ClassSafety, Holds())
	for _, c := range []struct {
		name        string
		properties  []Property
		kind        VerdictKind
		property    string
		explanation string
	}{
		{"all held", []Property{ok}, VerdictPass, "", "the only way to pass"},
		{"no property", nil, VerdictInconclusive, "", "nothing was checked"},
		{"without a check", []Property{ok, {Name: "empty", Class: ClassSafety}}, VerdictInconclusive, "empty", "a property that did not run is not a pass"},
		{"zero result", []Property{giving("zero", ClassSafety, Result{})}, VerdictInconclusive, "zero", "the zero result means that nothing was checked"},
		{"undecided", []Property{ok, giving("open", ClassCrash, Undecide("too long")), giving("later", ClassSafety, Undecide("too long"))}, VerdictInconclusive, "open", "the first undecided one is named"},
		{"liveness over undecided", []Property{giving("open", ClassSafety, Undecide("")), giving("late", ClassLiveness, at(0))}, VerdictLiveness, "late", "a violation says more than a question"},
		{"safety over liveness", []Property{giving("late", ClassLiveness, at(1)), giving("double", ClassSafety, at(9))}, VerdictSafety, "double", "the gravest class decides, not the earliest"},
		{"safety before liveness", []Property{giving("double", ClassSafety, at(9)), giving("late", ClassLiveness, at(1)), giving("open", ClassSafety, Undecide(""))}, VerdictSafety, "double", "whatever the order of the list"},
		{"crash over safety", []Property{giving("double", ClassSafety, at(1)), giving("panic", ClassCrash, at(0))}, VerdictCrash, "panic", "what crashed was not fit to be judged"},
		{"first culprit", []Property{giving("late", ClassSafety, at(9)), giving("early", ClassSafety, at(3)), giving("same", ClassSafety, at(3))}, VerdictSafety, "early", "lowest seq first, then the order of the list"},
		{"unplaced culprit", []Property{giving("nowhere", ClassSafety, at(0)), giving("placed", ClassSafety, at(3))}, VerdictSafety, "placed", "a culprit without a place comes last"},
	} {
		t.Run(c.name, func(t *testing.T) {
			verdict := Judge(&History{}, c.properties)
			assert.Equal(t, c.kind, verdict.Kind, c.explanation)
			assert.Equal(t, c.property, verdict.Property, c.explanation)
			assert.Len(t, verdict.Results, len(c.properties))
			assert.Equal(t, c.kind == VerdictPass, verdict.Message == "", "anything but a pass says why")
		})
	}
	assert.Equal(t, VerdictInconclusive, Judge(nil, []Property{ok}).Kind, "no history, no pass")
	assert.Panics(t, func() { Judge(&History{}, []Property{ok, ok}) }, "names must be unique")
}

// The gravest culprit by time: two panics of different kinds.
func TestJudgeOrdersByTime(t *testing.T) {
	h := &History{Problems: []Problem{
		{Kind: Panicked, At: 3 * time.Second, Message: "late"},
		{Kind: Exited, At: 2 * time.Second, Message: "early"},
	}}
	assert.Equal(t, "no-exit", Judge(h, []Property{noPanic(), noExit()}).Property)
}

func TestCrashProperties(t *testing.T) {
	for kind, property := range map[ProblemKind]Property{
		Panicked: noPanic(), Exited: noExit(), Hung: noHang(), Leaked: noGoroutineLeak(),
	} {
		t.Run(property.Name, func(t *testing.T) {
			for other := range map[ProblemKind]bool{Panicked: true, Exited: true, Hung: true, Leaked: true} {
				h := &History{Problems: []Problem{{Kind: other, Process: "controller", At: time.Second, Message: "it happened"}}}
				result := check(property, h)
				assert.Equal(t, kind == other, result.Status == Violated, "%s judges only its own kind", property.Name)
			}
		})
	}
	resigned := &History{Problems: []Problem{{Kind: Exited, Message: "leader election lost"}}}
	assert.Equal(t, Held, check(noExit(), resigned).Status, "a leader that cannot renew its lease is meant to end")
}

// A run in which users could not do what they were to do decides nothing, and
// breaks no law either.
func TestUsersPerformed(t *testing.T) {
	assert.Equal(t, Held, check(usersPerformed(), &History{Problems: []Problem{{Kind: Panicked, Process: "controller"}}}).Status)
	result := check(usersPerformed(), &History{Problems: []Problem{{Kind: Failing, Process: "alice", Message: "the export was refused"}}})
	assert.Equal(t, Undecided, result.Status)
	assert.Contains(t, result.Message, "alice: the export was refused")
}

func TestQuiet(t *testing.T) {
	write := func(change func(*Call)) *History {
		call := Call{Verb: "update", Group: ingressIPGroup, Resource: ingressIPResource, Process: "controller", Outcome: OK, CallSeq: 7, Called: 100 * time.Second}
		change(&call)
		return &History{Calls: []Call{call}, Cleared: time.Minute, Ended: 2 * time.Minute}
	}
	for _, c := range []struct {
		name   string
		h      *History
		status Status
	}{
		{"writes near the end", write(func(*Call) {}), Violated},
		{"unknown outcome", write(func(c *Call) { c.Outcome = Unknown }), Violated},
		{"at the edge", write(func(c *Call) { c.Called = 90 * time.Second }), Violated},
		{"before the edge", write(func(c *Call) { c.Called = 90*time.Second - 1 }), Held},
		{"a user", write(func(c *Call) { c.User = true }), Held},
		{"a read", write(func(c *Call) { c.Verb = "list" }), Held},
		{"refused", write(func(c *Call) { c.Outcome = Failed }), Held},
		{"dry run", write(func(c *Call) { c.Query = "dryRun=All" }), Held},
		{"lease", write(func(c *Call) { c.Group, c.Resource = "coordination.k8s.io", "leases" }), Held},
		{"event", write(func(c *Call) { c.Group, c.Resource = "events.k8s.io", "events" }), Held},
		{"no liveness phase", &History{Cleared: time.Minute, Ended: time.Minute}, Undecided},
	} {
		t.Run(c.name, func(t *testing.T) {
			result := check(quiet(), c.h)
			assert.Equal(t, c.status, result.Status, result.Message)
		})
	}
}
