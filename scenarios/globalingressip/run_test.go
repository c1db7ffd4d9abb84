package globalingressip_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
	"github.com/seatrial/seatrial/sim"
)

// Every scenario of the library is run against every subject it has an
// expectation for, and must end as the file says: with its own seed and two
// others, since a scenario that needs luck shows nothing. The run with its own
// is made twice: the same plan, subject and seed must give the same trace.
func TestLibraryEndsAsExpected(t *testing.T) {
	for _, plan := range globalingressip.Library() {
		for _, subject := range globalingressip.Subjects() {
			want, expected := plan.Expect[subject.Name]
			if !expected {
				continue
			}
			t.Run(plan.Name+" "+subject.Name, func(t *testing.T) {
				result := scenarios.Run(t, plan, subject, plan.Seed, scenarios.RunOptions{})
				assert.True(t, result.Met(), "want %v, got %s %s: %s %+v", want,
					result.Verdict.Kind, result.Verdict.Property, result.Verdict.Message, result.Verdict.Culprit)
				for _, r := range plan.Faults {
					assert.Positive(t, result.Record.Fired[r.Kind], "%s never fired", r.Kind)
				}
				again := scenarios.Run(t, plan, subject, plan.Seed, scenarios.RunOptions{})
				assert.Equal(t, result.Record.Hash, again.Record.Hash)
				assert.Equal(t, result.Record.Requests, again.Record.Requests)
				for _, seed := range []sim.Seed{plan.Seed + 1, plan.Seed + 2} {
					other := scenarios.Run(t, plan, subject, seed, scenarios.RunOptions{})
					assert.True(t, other.Met(), "seed %d: want %v, got %s %s: %s", seed, want,
						other.Verdict.Kind, other.Verdict.Property, other.Verdict.Message)
				}
			})
		}
	}
}

// Expectations name subjects that exist: a renamed one would otherwise never
// be checked again.
func TestLibraryExpectsOfKnownSubjects(t *testing.T) {
	for _, plan := range globalingressip.Library() {
		for name := range plan.Expect {
			_, known := globalingressip.Registry().Find(name)
			assert.True(t, known, "%s expects something of %s", plan.Name, name)
		}
	}
}

// A few plans drawn from seeds, faults on, leave the shipped controller
// standing. Larger sweeps belong to the sweep's own test.
func TestGeneratedPlansPass(t *testing.T) {
	subject, ok := globalingressip.Registry().Find(globalingressip.Shipped)
	require.True(t, ok)
	for seed := sim.Seed(1); seed <= 40; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			result := scenarios.Run(t, draw(t, seed, none), subject, seed, scenarios.RunOptions{})
			assert.Equal(t, model.VerdictPass, result.Verdict.Kind, "%s: %s %+v",
				result.Verdict.Property, result.Verdict.Message, result.Verdict.Culprit)
		})
	}
}

// What users do must reach the server: in a calm world without a controller's
// faults, the commits that users caused are those that the plan's steps ask for.
func TestUsersPerformEveryStep(t *testing.T) {
	plan, err := scenarios.Parse("steps.yaml", []byte(head+`
world: {namespaces: [shop]}
safety: 30s
settle: 30s
steps:
- {at: 1s, createService: {namespace: shop, name: web, type: NodePort, selector: {}}}
- {at: 2s, user: bob, export: {namespace: shop, name: web}}
- {at: 3s, updateService: {namespace: shop, name: web, ports: [{name: a, port: 8080}], selector: {app: w}}}
- {at: 4s, apply: {apiVersion: v1, kind: ConfigMap, metadata: {name: notes}, data: {a: b}}}
- {at: 5s, apply: {apiVersion: v1, kind: ConfigMap, metadata: {name: notes}, data: {a: c}}}
- {at: 6s, patch: {resource: configmaps, name: notes, patch: {data: {b: d}}}}
- {at: 7s, patch: {resource: services, namespace: shop, name: web, type: strategic, patch: {metadata: {labels: {x: y}}}}}
- {at: 8s, delete: {resource: configmaps, name: notes}}
- {at: 9s, unexport: {namespace: shop, name: web}}
- {at: 10s, deleteService: {namespace: shop, name: web}}
- {at: 11s, createService: {namespace: shop, name: headless, headless: true}}
- {at: 12s, apply: {apiVersion: v1, kind: Namespace, metadata: {name: late}}}
- {at: 13s, createService: {namespace: late, name: web}}
`), globalingressip.Language())
	require.NoError(t, err)
	subject, ok := globalingressip.Registry().Find(globalingressip.Shipped)
	require.True(t, ok)
	result := scenarios.Run(t, plan, subject, 1, scenarios.RunOptions{})
	require.Equal(t, model.VerdictPass, result.Verdict.Kind, "%s: %s", result.Verdict.Property, result.Verdict.Message)

	var got []string
	for _, c := range result.Record.History.Commits {
		if c.User {
			what := "change"
			switch {
			case c.Old == nil:
				what = "create"
			case c.New == nil:
				what = "delete"
			}
			got = append(got, fmt.Sprintf("%ds %s %s %s/%s", int(c.At.Seconds()), what, c.Resource, c.Namespace, c.Name))
		}
	}
	assert.Equal(t, []string{
		"1s create services shop/web", "2s create serviceexports shop/web", "3s change services shop/web",
		"4s create configmaps default/notes", "5s change configmaps default/notes", "6s change configmaps default/notes",
		"7s change services shop/web", "8s delete configmaps default/notes",
		"9s delete serviceexports shop/web", "10s delete services shop/web",
		"11s create services shop/headless", "12s create namespaces /late", "13s create services late/web",
	}, got)
}

// Taking a step out of a plan leaves what the faults decide about all other
// calls as it was: decisions hang on who calls for what the n-th time, not on
// what else happens. Method: the same world with and without its last service;
// every call that both runs made is compared.
func TestDecisionsStayWhenStepsGo(t *testing.T) {
	whole, err := scenarios.Parse("whole.yaml", []byte(head+`
world: {namespaces: [shop]}
safety: 1m
settle: 2m
steps:
- {at: 1s, createService: {namespace: shop, name: web}}
- {at: 2s, export: {namespace: shop, name: web}}
- {at: 3s, createService: {namespace: shop, name: api}}
- {at: 4s, export: {namespace: shop, name: api}}
- {at: 20s, createService: {namespace: shop, name: db}}
- {at: 21s, export: {namespace: shop, name: db}}
faults:
- {kind: internal-error, verbs: [write], probability: 0.4}
- {kind: latency, probability: 0.5, delay: {min: 1ms, max: 2s}}
- {kind: service-unavailable, verbs: [get], probability: 0.3}
`), globalingressip.Language())
	require.NoError(t, err)
	subject, ok := globalingressip.Registry().Find(globalingressip.Shipped)
	require.True(t, ok)
	decided := func(plan scenarios.Plan) map[string]string {
		result := scenarios.Run(t, plan, subject, 5, scenarios.RunOptions{KeepTrace: true})
		sent, out := map[uint64]string{}, map[string]string{}
		for _, e := range result.Record.Events {
			switch e.Type {
			case sim.EventSent:
				if e.At < plan.Safety && strings.HasPrefix(e.Process, "controller") {
					sent[e.Call] = e.Identity
					out[e.Identity] = ""
				}
			case sim.EventFault:
				out[sent[e.Call]] += e.Detail + ";"
			}
		}
		return out
	}
	part := whole
	part.Steps = whole.Steps[:4]
	all, fewer := decided(whole), decided(part)
	compared, hit := 0, 0
	for call, decision := range fewer {
		if was, both := all[call]; both {
			assert.Equal(t, was, decision, call)
			compared++
			if decision != "" {
				hit++
			}
		}
	}
	assert.Greater(t, compared, 30)
	assert.Greater(t, hit, 10)
	assert.Greater(t, len(all), len(fewer))
}
