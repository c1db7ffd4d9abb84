package model_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/internal/modeltest"
)

func giving(name string, class model.Class, result model.Result) model.Property {
	return model.Property{Name: name, Class: class, Check: func(*model.History) model.Result { return result }}
}

func at(seq uint64) model.Result { return model.Breach("broken", model.Culprit{Seq: seq}) }

// Judge sums up results; the results themselves are made up here.
func TestJudge(t *testing.T) {
	ok := giving("ok", model.ClassSafety, model.Holds())
	for _, c := range []struct {
		name        string
		properties  []model.Property
		kind        model.VerdictKind
		property    string
		explanation string
	}{
		{"all held", []model.Property{ok}, model.VerdictPass, "", "the only way to pass"},
		{"no property", nil, model.VerdictInconclusive, "", "nothing was checked"},
		{"without a check", []model.Property{ok, {Name: "empty", Class: model.ClassSafety}}, model.VerdictInconclusive, "empty", "a property that did not run is not a pass"},
		{"zero result", []model.Property{giving("zero", model.ClassSafety, model.Result{})}, model.VerdictInconclusive, "zero", "the zero result means that nothing was checked"},
		{"undecided", []model.Property{ok, giving("open", model.ClassCrash, model.Undecide("too long")), giving("later", model.ClassSafety, model.Undecide("too long"))}, model.VerdictInconclusive, "open", "the first undecided one is named"},
		{"liveness over undecided", []model.Property{giving("open", model.ClassSafety, model.Undecide("")), giving("late", model.ClassLiveness, at(0))}, model.VerdictLiveness, "late", "a violation says more than a question"},
		{"safety over liveness", []model.Property{giving("late", model.ClassLiveness, at(1)), giving("double", model.ClassSafety, at(9))}, model.VerdictSafety, "double", "the gravest class decides, not the earliest"},
		{"safety before liveness", []model.Property{giving("double", model.ClassSafety, at(9)), giving("late", model.ClassLiveness, at(1)), giving("open", model.ClassSafety, model.Undecide(""))}, model.VerdictSafety, "double", "whatever the order of the list"},
		{"crash over safety", []model.Property{giving("double", model.ClassSafety, at(1)), giving("panic", model.ClassCrash, at(0))}, model.VerdictCrash, "panic", "what crashed was not fit to be judged"},
		{"first culprit", []model.Property{giving("late", model.ClassSafety, at(9)), giving("early", model.ClassSafety, at(3)), giving("same", model.ClassSafety, at(3))}, model.VerdictSafety, "early", "lowest seq first, then the order of the list"},
		{"unplaced culprit", []model.Property{giving("nowhere", model.ClassSafety, at(0)), giving("placed", model.ClassSafety, at(3))}, model.VerdictSafety, "placed", "a culprit without a place comes last"},
	} {
		t.Run(c.name, func(t *testing.T) {
			verdict := model.Judge(&model.History{}, c.properties)
			assert.Equal(t, c.kind, verdict.Kind, c.explanation)
			assert.Equal(t, c.property, verdict.Property, c.explanation)
			assert.Len(t, verdict.Results, len(c.properties))
			assert.Equal(t, c.kind == model.VerdictPass, verdict.Message == "", "anything but a pass says why")
		})
	}
	assert.Equal(t, model.VerdictInconclusive, model.Judge(nil, []model.Property{ok}).Kind, "no history, no pass")
	assert.Panics(t, func() { model.Judge(&model.History{}, []model.Property{ok, ok}) }, "names must be unique")
}

// The gravest culprit by time: two panics of different kinds.
func TestJudgeOrdersByTime(t *testing.T) {
	h := &model.History{Problems: []model.Problem{
		{Kind: model.Panicked, At: 3 * time.Second, Message: "late"},
		{Kind: model.Exited, At: 2 * time.Second, Message: "early"},
	}}
	assert.Equal(t, "no-exit", model.Judge(h, []model.Property{generic(t, "no-panic"), generic(t, "no-exit")}).Property)
}

func TestCrashProperties(t *testing.T) {
	for kind, property := range map[model.ProblemKind]model.Property{
		model.Panicked: generic(t, "no-panic"), model.Exited: generic(t, "no-exit"), model.Hung: generic(t, "no-hang"), model.Leaked: generic(t, "no-goroutine-leak"),
	} {
		t.Run(property.Name, func(t *testing.T) {
			for other := range map[model.ProblemKind]bool{model.Panicked: true, model.Exited: true, model.Hung: true, model.Leaked: true} {
				h := &model.History{Problems: []model.Problem{{Kind: other, Process: "controller", At: time.Second, Message: "it happened"}}}
				result := modeltest.Check(property, h)
				assert.Equal(t, kind == other, result.Status == model.Violated, "%s judges only its own kind", property.Name)
			}
		})
	}
	resigned := &model.History{Problems: []model.Problem{{Kind: model.Exited, Message: "leader election lost"}}}
	assert.Equal(t, model.Held, modeltest.Check(generic(t, "no-exit"), resigned).Status, "a leader that cannot renew its lease is meant to end")
}

// A run in which users could not do what they were to do decides nothing, and
// breaks no law either.
func TestUsersPerformed(t *testing.T) {
	assert.Equal(t, model.Held, modeltest.Check(generic(t, "users-performed"), &model.History{Problems: []model.Problem{{Kind: model.Panicked, Process: "controller"}}}).Status)
	result := modeltest.Check(generic(t, "users-performed"), &model.History{Problems: []model.Problem{{Kind: model.Failing, Process: "alice", Message: "the export was refused"}}})
	assert.Equal(t, model.Undecided, result.Status)
	assert.Contains(t, result.Message, "alice: the export was refused")
}

func TestQuiet(t *testing.T) {
	write := func(change func(*model.Call)) *model.History {
		call := model.Call{Verb: "update", Group: "example.com", Resource: "widgets", Process: "controller", Outcome: model.OK, CallSeq: 7, Called: 100 * time.Second}
		change(&call)
		return &model.History{Calls: []model.Call{call}, Cleared: time.Minute, Ended: 2 * time.Minute}
	}
	changed := func(user bool, at time.Duration) *model.History {
		h := write(func(*model.Call) {})
		h.Commits = []model.Commit{{CallID: 1, User: user, At: at}}
		return h
	}
	for _, c := range []struct {
		name   string
		h      *model.History
		status model.Status
	}{
		{"writes near the end", write(func(*model.Call) {}), model.Violated},
		{"unknown outcome", write(func(c *model.Call) { c.Outcome = model.Unknown }), model.Violated},
		{"at the edge", write(func(c *model.Call) { c.Called = 90 * time.Second }), model.Violated},
		{"before the edge", write(func(c *model.Call) { c.Called = 90*time.Second - 1 }), model.Held},
		{"a user", write(func(c *model.Call) { c.User = true }), model.Held},
		{"a read", write(func(c *model.Call) { c.Verb = "list" }), model.Held},
		{"refused", write(func(c *model.Call) { c.Outcome = model.Failed }), model.Held},
		{"dry run", write(func(c *model.Call) { c.Query = "dryRun=All" }), model.Held},
		{"lease", write(func(c *model.Call) { c.Group, c.Resource = "coordination.k8s.io", "leases" }), model.Held},
		{"event", write(func(c *model.Call) { c.Group, c.Resource = "events.k8s.io", "events" }), model.Held},
		{"soon after a user's change", changed(true, 91*time.Second), model.Held},
		{"long after it", changed(true, 90*time.Second), model.Violated},
		{"soon after a change of its own", changed(false, 99*time.Second), model.Violated},
		{"no liveness phase", &model.History{Cleared: time.Minute, Ended: time.Minute}, model.Undecided},
	} {
		t.Run(c.name, func(t *testing.T) {
			result := modeltest.Check(generic(t, "quiet"), c.h)
			assert.Equal(t, c.status, result.Status, result.Message)
		})
	}
}
