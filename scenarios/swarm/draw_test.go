package swarm_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/swarm"
	"github.com/seatrial/seatrial/sim"
)

// Goal: the generator serves any subject, and a seed means one plan. Method: a
// controller that makes a ConfigMap for each one of its users', and plans of many
// seeds for it.

var configMaps = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}

// copies makes a ConfigMap NAME-copy for each labelled original.
func copies(ctx context.Context, env sim.Env) error {
	client, err := dynamic.NewForConfig(env.REST)
	if err != nil {
		return err
	}
	on := client.Resource(configMaps).Namespace("default")
	for sim.Pause(ctx, 3*time.Second) {
		list, err := on.List(ctx, metav1.ListOptions{LabelSelector: "original"})
		if err != nil {
			continue
		}
		for i := range list.Items {
			original := &list.Items[i]
			object := &unstructured.Unstructured{Object: map[string]any{"data": map[string]any{"of": original.GetName()}}}
			object.SetAPIVersion("v1")
			object.SetKind("ConfigMap")
			object.SetName(original.GetName() + "-copy")
			object.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: original.GetName(), UID: original.GetUID()}})
			_, _ = on.Create(ctx, object, metav1.CreateOptions{}) // that it exists is as good
		}
	}
	return nil
}

// subject is the controller above, with or without a baseline.
func subject(baseline *scenarios.Baseline) scenarios.Subject {
	s := scenarios.Subject{
		Name: "test/copies", Baseline: baseline,
		Deploy:     func(*scenarios.Plan) []sim.Process { return []sim.Process{{Name: "controller", Run: copies}} },
		Properties: func(*scenarios.Plan) []model.Property { return model.Generic() },
	}
	s.World = func(seed sim.Seed, _ scenarios.Extras) scenarios.Plan {
		return scenarios.Plan{Name: "copies", Safety: time.Minute, Settle: time.Minute}
	}
	s.Traffic = func(seed sim.Seed, _ *scenarios.Plan, _ []scenarios.Outage, _ scenarios.Extras) []scenarios.Step {
		d := sim.NewDice(seed, "test/copies")
		return []scenarios.Step{original(d.Span(time.Second, 20*time.Second), "web"), original(d.Span(20*time.Second, 40*time.Second), "api")}
	}
	s.Survey = func() (scenarios.Subject, scenarios.Plan) {
		day := scenarios.Plan{Name: "ordinary-day", Safety: 20 * time.Second, Settle: time.Minute, Steps: []scenarios.Step{original(time.Second, "web")}}
		day.Default()
		return s, day
	}
	return s
}

func original(at time.Duration, name string) scenarios.Step {
	return scenarios.Step{At: at, Action: &scenarios.Apply{Manifest: scenarios.Manifest{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": name, "labels": map[string]any{"original": "yes"}},
	}}}}
}

func draw(t *testing.T, s scenarios.Subject, seed sim.Seed, extras scenarios.Extras) (scenarios.Plan, string) {
	t.Helper()
	plan, failed := swarm.Draw(t, s, seed, extras, scenarios.RunOptions{})
	require.Nil(t, failed, "seed %d", seed)
	text, err := scenarios.Marshal(plan)
	require.NoError(t, err, "seed %d", seed)
	return plan, string(text)
}

func TestASeedIsOnePlan(t *testing.T) {
	for _, baseline := range []*scenarios.Baseline{nil, {}} {
		texts := map[string]bool{}
		for seed := range sim.Seed(30) {
			_, first := draw(t, subject(baseline), seed, scenarios.Extras{})
			_, second := draw(t, subject(baseline), seed, scenarios.Extras{})
			require.Equal(t, first, second, "seed %d", seed)
			assert.Contains(t, first, "generator: "+swarm.Version)
			_, body, _ := strings.Cut(first, "\nseed:")
			texts[body] = true
		}
		assert.Greater(t, len(texts), 28, "seeds differ")
	}
}

// Whatever is drawn is valid, aimed at what the controller calls, permitted unless
// more is asked for, and now and then somebody lays hands on what it made.
func TestPlansAreAboutWhatTheSubjectDoes(t *testing.T) {
	edits, illegal, aimed, rules := 0, 0, 0, 0
	for seed := range sim.Seed(150) {
		extras := scenarios.Extras{Illegal: seed%2 == 1}
		plan, _ := draw(t, subject(&scenarios.Baseline{}), seed, extras)
		require.NoError(t, plan.Validate(), "seed %d", seed)
		if plan.Illegal() {
			illegal++
			assert.True(t, extras.Illegal, "seed %d", seed)
		}
		for i := range plan.Steps {
			if plan.Steps[i].User == swarm.EditorName {
				edits++
				assert.Contains(t, plan.Steps[i].Object(), "configmaps", "it makes nothing else")
			}
		}
		for _, r := range plan.Faults {
			rules++
			for _, resource := range r.Resources {
				aimed++
				assert.True(t, slices.Contains([]string{"configmaps", "leases"}, resource), "seed %d: it never calls %s", seed, resource)
			}
		}
	}
	assert.Greater(t, edits, 20)
	assert.Greater(t, illegal, 5)
	assert.Greater(t, aimed, 50)
	assert.Greater(t, rules, 300)
}

// A subject that fails without faults is told as that, and no faults are drawn.
func TestWhatFailsWithoutFaults(t *testing.T) {
	s := subject(&scenarios.Baseline{})
	s.Name, s.Survey = "test/exits", nil
	s.Deploy = func(*scenarios.Plan) []sim.Process {
		return []sim.Process{{Name: "controller", Run: func(context.Context, sim.Env) error { return nil }}}
	}
	plan, failed := swarm.Draw(t, s, 1, scenarios.Extras{}, scenarios.RunOptions{})
	require.NotNil(t, failed)
	assert.Equal(t, model.VerdictCrash, failed.Verdict.Kind)
	assert.True(t, failed.FaultFree)
	assert.Equal(t, []faults.Rule(nil), plan.Faults)
	tried := swarm.Try(t, s, 1, scenarios.Extras{}, scenarios.RunOptions{})
	assert.True(t, tried.FaultFree, "and the run is that one")
	assert.Equal(t, failed.Verdict.Property, tried.Verdict.Property)
	assert.Equal(t, failed.Record.Hash, tried.Record.Hash)
}

func TestASubjectWithoutAWorldHasNoSeeds(t *testing.T) {
	s := subject(nil)
	s.World = nil
	assert.PanicsWithValue(t, "swarm: subject test/copies has no world to draw", func() { draw(t, s, 1, scenarios.Extras{}) })
}
