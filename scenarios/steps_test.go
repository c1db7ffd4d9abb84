package scenarios_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// Goal: what a step says is what the server is asked for, in the order in which it
// makes sense, and what came to nothing is told. Method: scenarios of a few steps in
// the language of everybody, with a controller that makes little or nothing; the
// commits that users caused are compared.

// controller is what is under test; nil: it does nothing.
type controller func(ctx context.Context, client dynamic.Interface) error

func (c controller) subject() scenarios.Subject {
	return scenarios.Subject{
		Name: "test/steps",
		Deploy: func(*scenarios.Plan) []sim.Process {
			return []sim.Process{{Name: "controller", Run: func(ctx context.Context, env sim.Env) error {
				client, err := dynamic.NewForConfig(env.REST)
				if err == nil && c != nil {
					err = c(ctx, client)
				}
				<-ctx.Done()
				return err
			}}}
		},
		Properties: func(*scenarios.Plan) []model.Property { return model.Generic() },
	}
}

func perform(t *testing.T, c controller, steps string) scenarios.Result {
	t.Helper()
	plan, err := scenarios.Parse("steps.yaml", []byte(head+"safety: 2m\nsettle: 1m\nsteps:\n"+steps), nil)
	require.NoError(t, err)
	return scenarios.Run(t, plan, c.subject(), 1, scenarios.RunOptions{})
}

// commits are what became of objects of a resource: "2s create a", with the second.
func commits(r *scenarios.Result, resource string, user bool) []string {
	var out []string
	for i := range r.Record.History.Commits {
		c := &r.Record.History.Commits[i]
		if c.Resource != resource || c.User != user || strings.HasPrefix(c.Name, "kube-root-ca") {
			continue
		}
		what := "change"
		switch {
		case c.Old == nil:
			what = "create"
		case c.New == nil:
			what = "delete"
		}
		out = append(out, fmt.Sprintf("%ds %s %s", int(c.At.Seconds()), what, c.Name))
	}
	return out
}

var configMaps = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}

// owning makes two ConfigMaps that the one called owner owns, once that is there.
func owning(ctx context.Context, client dynamic.Interface) error {
	on := client.Resource(configMaps).Namespace("default")
	for {
		owner, err := on.Get(ctx, "owner", metav1.GetOptions{})
		if err != nil {
			if !sim.Pause(ctx, time.Second) {
				return nil
			}
			continue
		}
		for _, name := range []string{"b", "a"} {
			object := &unstructured.Unstructured{}
			object.SetAPIVersion("v1")
			object.SetKind("ConfigMap")
			object.SetName(name)
			object.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "owner", UID: owner.GetUID()}})
			if _, err := on.Create(ctx, object, metav1.CreateOptions{}); err != nil {
				return err
			}
		}
		return nil
	}
}

const makeOwner = "- {at: 1s, apply: {apiVersion: v1, kind: ConfigMap, metadata: {name: owner}}}\n"

// An object that a controller named is found by who owns it: the first by name, and
// the next when that is gone.
func TestOwnedBy(t *testing.T) {
	r := perform(t, owning, makeOwner+`
- {at: 10s, patch: {resource: configmaps, ownedBy: ConfigMap/owner, patch: {data: {a: b}}}}
- {at: 11s, delete: {resource: configmaps, ownedBy: ConfigMap/owner}}
- {at: 12s, delete: {resource: configmaps, ownedBy: ConfigMap/owner}}
- {at: 13s, id: none-left, delete: {resource: configmaps, ownedBy: ConfigMap/owner}}
- {at: 14s, id: never-any, delete: {resource: configmaps, ownedBy: Secret/owner}}
`)
	assert.Equal(t, []string{"1s create owner", "10s change a", "11s delete a", "12s delete b"}, commits(&r, "configmaps", true))
	assert.Equal(t, []string{"never-any", "none-left"}, r.Idle)
	assert.Equal(t, model.VerdictPass, r.Verdict.Kind, r.Verdict.Message)
}

// What the owner's deletion does to what it owns is the step's to say.
func TestPropagation(t *testing.T) {
	left := func(policy string) int {
		r := perform(t, owning, makeOwner+"- {at: 10s, delete: {resource: configmaps, name: owner"+policy+"}}\n")
		require.Equal(t, model.VerdictPass, r.Verdict.Kind, r.Verdict.Message)
		alive := map[string]bool{}
		for i := range r.Record.History.Commits {
			if c := &r.Record.History.Commits[i]; c.Resource == "configmaps" {
				alive[c.Name] = c.New != nil
			}
		}
		assert.False(t, alive["owner"], policy)
		n := 0
		for _, name := range []string{"a", "b"} {
			if alive[name] {
				n++
			}
		}
		return n
	}
	assert.Equal(t, 2, left(", propagation: Orphan"))
	assert.Zero(t, left(", propagation: Background"))
	assert.Zero(t, left(", propagation: Foreground"))
	assert.Zero(t, left(""), "a ConfigMap's dependents go in the background by default")
}

// finalizing takes the finalizer from a ConfigMap ten seconds after it was first seen
// on its way out.
func finalizing(ctx context.Context, client dynamic.Interface) error {
	on := client.Resource(configMaps).Namespace("default")
	for sim.Pause(ctx, time.Second) {
		object, err := on.Get(ctx, "held", metav1.GetOptions{})
		if err != nil || object.GetDeletionTimestamp() == nil {
			continue
		}
		if !sim.Pause(ctx, 10*time.Second) {
			return nil
		}
		if _, err := on.Patch(ctx, "held", types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{}); err != nil {
			return err
		}
	}
	return nil
}

const makeHeld = "- {at: 1s, apply: {apiVersion: v1, kind: ConfigMap, metadata: {name: held, finalizers: [example.com/held]}}}\n"

// A delete that waits is over when the object is gone, and one that does not when it
// was accepted; then it is the apply that waits for the former object.
func TestWhatIsOnItsWayOutIsWaitedFor(t *testing.T) {
	second := func(line string) (n int) {
		_, err := fmt.Sscanf(line, "%ds", &n)
		require.NoError(t, err, line)
		return n
	}
	waiting := perform(t, finalizing, makeHeld+`
- {at: 5s, delete: {resource: configmaps, name: held, wait: true}}
- {at: 5s, apply: {apiVersion: v1, kind: ConfigMap, metadata: {name: after}}}
`)
	got := commits(&waiting, "configmaps", true)
	require.Len(t, got, 3)
	assert.Equal(t, "5s change held", got[1], "the mark that it is to go")
	assert.Regexp(t, "create after$", got[2])
	assert.GreaterOrEqual(t, second(got[2]), 15, "after the finalizer went")

	hasty := perform(t, finalizing, makeHeld+`
- {at: 5s, delete: {resource: configmaps, name: held}}
- {at: 5s, apply: {apiVersion: v1, kind: ConfigMap, metadata: {name: held}, data: {new: one}}}
- {at: 5s, user: other, apply: {apiVersion: v1, kind: ConfigMap, metadata: {name: meanwhile}}}
`)
	got = commits(&hasty, "configmaps", true)
	require.Len(t, got, 4)
	assert.Equal(t, "5s create meanwhile", got[2], "users do not wait for each other")
	assert.Regexp(t, "create held$", got[3], "a new one: the former is not changed on its way out")
	assert.GreaterOrEqual(t, second(got[3]), 15)
	for _, r := range []scenarios.Result{waiting, hasty} {
		assert.Empty(t, r.Idle)
		assert.Equal(t, model.VerdictPass, r.Verdict.Kind, r.Verdict.Message)
	}
}

// A patch that the server refuses is a failure of the scenario, unless it may be.
func TestMayBeRefused(t *testing.T) {
	const web = "- {at: 1s, apply: {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}}\n"
	refused := "- {at: 2s, id: refused, patch: {resource: services, name: web, patch: {spec: {ports: [{port: 0}]}}%s}}\n"
	r := perform(t, nil, web+fmt.Sprintf(refused, ""))
	assert.NotEqual(t, model.VerdictPass, r.Verdict.Kind)
	r = perform(t, nil, web+fmt.Sprintf(refused, ", mayBeRefused: true"))
	assert.Equal(t, model.VerdictPass, r.Verdict.Kind, r.Verdict.Message)
	assert.Equal(t, []string{"refused"}, r.Idle)
}

// Idle are the steps that found nothing to do, and no others.
func TestIdleSteps(t *testing.T) {
	r := perform(t, nil, `
- {at: 1s, id: made, apply: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}}
- {at: 2s, id: gone, delete: {resource: configmaps, name: a}}
- {at: 3s, id: gone-already, delete: {resource: configmaps, name: a}}
- {at: 4s, id: waited-for, user: bob, patch: {resource: configmaps, name: b, patch: {data: {a: b}}}}
- {at: 10s, id: made-later, apply: {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}}
- {at: 50s, id: never-there, user: bob, patch: {resource: configmaps, name: c, patch: {data: {a: b}}}}
`)
	assert.Equal(t, []string{"gone-already", "never-there"}, r.Idle)
	assert.Equal(t, model.VerdictPass, r.Verdict.Kind, r.Verdict.Message)
}

// A fault-free run serves all plans that differ in their faults alone. Method: worlds
// are counted as they are made.
func TestBaselinesAreKept(t *testing.T) {
	worlds := 0
	subject := controller(nil).subject()
	deploy := subject.Deploy
	subject.Deploy = func(p *scenarios.Plan) []sim.Process {
		worlds++
		return deploy(p)
	}
	subject.Baseline = &scenarios.Baseline{}
	plan, err := scenarios.Parse("plan.yaml", []byte(head+"safety: 30s\nsettle: 1m\nsteps:\n"+makeOwner+"faults:\n- {kind: latency, delay: 1s}\n"), nil)
	require.NoError(t, err)
	kept := &scenarios.Baselines{}
	run := func(p scenarios.Plan, seed sim.Seed, o scenarios.RunOptions) (made int) {
		before := worlds
		r := scenarios.Run(t, p, subject, seed, o)
		assert.Equal(t, model.VerdictPass, r.Verdict.Kind, r.Verdict.Message)
		assert.Equal(t, p.Faults, r.Plan.Faults, "the result is that of the plan, not of its neighbour")
		return worlds - before
	}
	keeping := scenarios.RunOptions{Baselines: kept}
	assert.Equal(t, 2, run(plan, 1, keeping), "without faults, and with them")
	assert.Equal(t, 1, run(plan, 1, keeping))
	other := plan.Clone()
	other.Faults = []faults.Rule{{Kind: faults.InternalError, Probability: 0.5, ID: "error"}}
	assert.Equal(t, 1, run(other, 1, keeping), "its faults are others")
	assert.Equal(t, 2, run(other, 2, keeping), "another seed has other latencies")
	assert.Equal(t, 1, run(other, 1, keeping), "the last few are kept")
	for seed := sim.Seed(3); seed < 9; seed++ {
		run(other, seed, keeping)
	}
	assert.Equal(t, 2, run(other, 1, keeping), "and no more than those")
	fewer := other.Clone()
	fewer.Steps = nil
	assert.Equal(t, 2, run(fewer, 1, keeping), "other steps end otherwise")
	assert.Equal(t, 2, run(plan, 1, scenarios.RunOptions{}), "nil keeps nothing")
}
