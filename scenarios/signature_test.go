package scenarios_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// Goal: a signature tells bugs apart and nothing else. Method: one failure, and
// others that differ from it in one thing each: in what changes from seed to seed,
// which must not matter, and in what makes it another bug, which must.

// failure is a failed run as a signature looks at it.
type failure struct {
	property, process, verb, resource, subresource, namespace, name, uid, message string
}

func (f failure) result() *scenarios.Result {
	return &scenarios.Result{
		Verdict: model.Verdict{Kind: model.VerdictSafety, Property: f.property, Message: f.message, Culprit: model.Culprit{CallID: 2}},
		Record: &sim.Record{History: model.History{
			Calls: []model.Call{
				{ID: 1, Process: "user", User: true, Verb: "create", Resource: "websites"},
				{ID: 2, Process: f.process, Verb: f.verb, Resource: f.resource, Subresource: f.subresource, Namespace: f.namespace, Name: f.name},
			},
			Commits: []model.Commit{{Resource: f.resource, Namespace: f.namespace, Name: f.name, UID: f.uid}},
		}},
	}
}

var one = failure{
	property: "kept", process: "controller-1", verb: "delete", resource: "deployments", namespace: "shop", name: "web-7c9f", uid: "0000-0001",
	message: `deployments shop/web-7c9f (uid 0000-0001) is gone at 12.5s, 3 of its 5 replicas serving 10.0.0.7 for "web"`,
}

func TestOneBugHasOneSignature(t *testing.T) {
	want := scenarios.Signature(one.result())
	for name, change := range map[string]func(*failure){
		"another replica": func(f *failure) { f.process = "controller-2" },
		"the only replica": func(f *failure) {
			f.process = "controller"
		},
		"another object": func(f *failure) {
			f.name = "api"
			f.message = `deployments shop/api (uid 0000-0001) is gone at 12.5s, 3 of its 5 replicas serving 10.0.0.7 for "web"`
		},
		"another namespace": func(f *failure) {
			f.namespace = "bank"
			f.message = `deployments bank/web-7c9f (uid 0000-0001) is gone at 12.5s, 3 of its 5 replicas serving 10.0.0.7 for "web"`
		},
		"another uid, time, count, address and quoted text": func(f *failure) {
			f.uid = "0000-0042"
			f.message = `deployments shop/web-7c9f (uid 0000-0042) is gone at 1m2.25s, 12 of its 17 replicas serving 10.1.2.3 for "something else"`
		},
		"more lines below the first": func(f *failure) { f.message += "\nand so on" },
	} {
		other := one
		change(&other)
		assert.Equal(t, want, scenarios.Signature(other.result()), name)
	}
	assert.Contains(t, want, "kept: controller delete deployments: ", "it can be read")
}

func TestAnotherBugHasAnotherSignature(t *testing.T) {
	seen := map[string]string{scenarios.Signature(one.result()): "the first"}
	for name, change := range map[string]func(*failure){
		"another property":         func(f *failure) { f.property = "no-orphans" },
		"another process":          func(f *failure) { f.process = "webhook" },
		"another verb":             func(f *failure) { f.verb = "update" },
		"another resource":         func(f *failure) { f.resource = "services" },
		"another part of it":       func(f *failure) { f.subresource = "status" },
		"another shape of message": func(f *failure) { f.message = "deployments shop/web-7c9f was made twice at 12.5s" },
		// A name is replaced where it stands alone, and not inside words.
		"a word that has the name in it": func(f *failure) {
			f.name, f.message = "gone", "deployments shop/gone is gonesome"
		},
	} {
		other := one
		change(&other)
		signature := scenarios.Signature(other.result())
		assert.Empty(t, seen[signature], "%s is taken for %s", name, seen[signature])
		seen[signature] = name
	}
}

func TestWhatPassedHasNoSignature(t *testing.T) {
	passed := one.result()
	passed.Verdict.Kind = model.VerdictPass
	assert.Empty(t, scenarios.Signature(passed))
}

// A failure without a call at its root, as a liveness law's may be, has a signature
// of its property and message.
func TestAFailureWithoutACulprit(t *testing.T) {
	r := one.result()
	r.Verdict.Culprit = model.Culprit{}
	assert.Regexp(t, "^kept: deployments ", scenarios.Signature(r))
}

func TestKnownFailures(t *testing.T) {
	signature := scenarios.Signature(one.result())
	s := scenarios.Subject{Known: []scenarios.Known{
		{Signature: "", Reason: "nothing is known by the beginning of everything"},
		{Signature: "kept: controller update", Reason: "another"},
		{Signature: "kept: controller delete", Reason: "issue 7"},
		{Signature: signature, Reason: "too late"},
	}}
	assert.Equal(t, "issue 7", s.KnownAs(signature))
	assert.Empty(t, s.KnownAs("no-exit: something"))
}
