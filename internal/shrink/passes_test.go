package shrink

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
)

// Goal: each thing that a pass is for is suggested at all, and what is suggested makes
// sense. Searches end small without some of it, only slower or larger, so the tests of
// whole searches do not tell. Method: no run, only what passes suggest for a plan.

const twoNamespaces = `
apiVersion: seatrial.dev/v1alpha1
kind: Scenario
name: two
world: {namespaces: [shop, yard]}
safety: 2m
settle: 4m
steps:
- {at: 5s, createService: {namespace: shop, name: api}}
- {at: 6s, export: {namespace: shop, name: api}}
- {at: 7s, apply: {apiVersion: v1, kind: ConfigMap, metadata: {namespace: yard, name: notes}}}
- {at: 8s, delete: {resource: configmaps, namespace: yard, name: notes}}
- {at: 20s, updateService: {namespace: shop, name: api, ports: [{port: 8080}]}}
faults:
- {id: slow, kind: latency, resources: [services], namespace: shop, from: 10s, until: 15s, delay: 1s}
- {id: cut, kind: partition, from: 30s, until: 40s}
- {id: end, kind: crash, when: after, verbs: [create], resources: [ipaddresses]}
`

func read(t *testing.T, text string) scenarios.Plan {
	t.Helper()
	plan, err := scenarios.Parse("test.yaml", []byte(text), globalingressip.Language())
	require.NoError(t, err)
	return plan
}

// suggested are the plans that a pass leaves to be tried, by its name.
func suggested(t *testing.T, plan scenarios.Plan, name string, change func(*search)) []scenarios.Plan {
	t.Helper()
	text, err := scenarios.Marshal(plan)
	require.NoError(t, err)
	s := &search{plan: plan, size: sizeOf(plan, string(text)), fired: fired{}}
	if change != nil {
		change(s)
	}
	var out []scenarios.Plan
	for _, p := range passes() {
		if p.name == name {
			plans, _, _, err := s.candidates(p)
			require.NoError(t, err)
			out = append(out, plans...)
		}
	}
	return out
}

// The export and the update of a Service go with the step that creates it.
func TestWhatMakesNoSenseAnyMoreGoesToo(t *testing.T) {
	plan := read(t, twoNamespaces)
	for _, smaller := range suggested(t, plan, "steps", nil) {
		assert.NoError(t, smaller.Validate())
		if len(smaller.Steps) == 2 && smaller.Steps[0].ActionType() == "apply" {
			assert.Equal(t, "delete", smaller.Steps[1].ActionType())
			return
		}
	}
	assert.Fail(t, "no plan without the Service, and with the ConfigMap")
}

func TestEverythingMovesToOneNamespace(t *testing.T) {
	for _, smaller := range suggested(t, read(t, twoNamespaces), "world", nil) {
		if smaller.World.Namespaces == nil {
			text, err := scenarios.Marshal(smaller)
			require.NoError(t, err)
			assert.NotContains(t, text, "shop")
			assert.NotContains(t, text, "yard")
			assert.Equal(t, "default", smaller.Faults[0].Namespace)
			return
		}
	}
	assert.Fail(t, "no plan in one namespace")
}

// A plan is as short as its last step, fault or breach asks for, and keeps its times
// when what broke is that something did not happen in time.
func TestPhasesEndSoonAfterTheLastEvent(t *testing.T) {
	broken := func(verdict model.VerdictKind, at time.Duration) func(*search) {
		return func(s *search) { s.culprit, s.first = at, sweep.Outcome{Verdict: verdict} }
	}
	plan := read(t, twoNamespaces)
	shortest := func(at time.Duration) (safety, settle time.Duration) {
		all := suggested(t, plan, "phases", broken(model.VerdictSafety, at))
		require.NotEmpty(t, all)
		safety, settle = plan.Safety, plan.Settle
		for _, p := range all {
			safety, settle = min(safety, p.Safety), min(settle, p.Settle)
		}
		return safety, settle
	}
	safety, settle := shortest(time.Second)
	assert.Equal(t, 41*time.Second, safety, "the partition ends at 40s")
	assert.Equal(t, time.Minute, settle)
	safety, _ = shortest(75 * time.Second)
	assert.Equal(t, 76*time.Second, safety)

	assert.Empty(t, suggested(t, plan, "phases", broken(model.VerdictLiveness, time.Second)))
	assert.Empty(t, suggested(t, plan, "phases", broken(model.VerdictSafety, 0)), "nobody knows when")
}

func TestWhatCameAfterTheCulpritIsLeftOut(t *testing.T) {
	all := suggested(t, read(t, twoNamespaces), "what came after", func(s *search) { s.culprit = 8 * time.Second })
	require.Len(t, all, 1)
	assert.Len(t, all[0].Steps, 4)
	assert.Len(t, all[0].Faults, 1)
	assert.Equal(t, faults.Crash, all[0].Faults[0].Kind)
}

// A rule that fired is in force in one of its seconds, or from the first to the last;
// what lasts, in a part of its time.
func TestWindowsCloseAroundWhatHappened(t *testing.T) {
	s := search{plan: read(t, twoNamespaces), fired: fired{"slow": {10500 * time.Millisecond, 10700 * time.Millisecond, 14 * time.Second}}}
	assert.Equal(t, []interval{{10 * time.Second, 11 * time.Second}, {14 * time.Second, 15 * time.Second}, {10 * time.Second, 15 * time.Second}}, s.windows(s.plan.Faults[0]))
	assert.Empty(t, s.windows(s.plan.Faults[2]), "it never fired")
	lasting := s.windows(s.plan.Faults[1])
	assert.Contains(t, lasting, interval{30 * time.Second, 35 * time.Second})
	assert.Contains(t, lasting, interval{30 * time.Second, 39 * time.Second})
	open := s.plan.Faults[1]
	open.Until = 0
	assert.Contains(t, s.windows(open), interval{75 * time.Second, 2 * time.Minute}, "until the weather clears")
}

func TestACauseHasNoNamesAndTimes(t *testing.T) {
	plan := read(t, twoNamespaces)
	assert.Equal(t, "crash after a call + latency + partition: "+
		"apply, createService, delete, export, updateService", Cause(plan))
	plan.Faults = nil
	plan.Steps = plan.Steps[1:2]
	assert.Equal(t, "no fault: export", Cause(plan))
}
