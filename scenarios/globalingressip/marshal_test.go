package globalingressip_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
	"github.com/seatrial/seatrial/sim"
)

// Writing a plan and reading it again must give the same plan, for thousands
// of plans drawn from seeds; and writing that one must give the same bytes.
func TestMarshalRoundTrip(t *testing.T) {
	for seed := sim.Seed(1); seed <= 2000; seed++ {
		plan := draw(t, seed, none)
		text, err := scenarios.Marshal(plan)
		require.NoError(t, err, "seed %d", seed)
		back, err := scenarios.Parse("plan.yaml", text, globalingressip.Language())
		require.NoError(t, err, "seed %d\n%s", seed, text)
		require.Equal(t, plan, back, "seed %d", seed)
		again, err := scenarios.Marshal(back)
		require.NoError(t, err)
		require.Equal(t, string(text), string(again), "seed %d", seed)
	}
}

// everything uses each field of the format at least once, with values that are
// easily lost: text that looks like numbers, empty selectors, floats without a
// fraction, several lines of prose.
const everything = `apiVersion: seatrial.dev/v1alpha1
kind: Scenario
name: everything
description: |
  Two lines: the first with a colon,

  the second after an empty one. "Quoted", too.
seed: 18446744073709551615
world:
  cidrs: [242.7.0.0/29, 242.8.0.0/16]
  namespaces: [shop, bank]
  controller: {replicas: 3, workers: 2, leaderElection: true}
  apiServer: {replicas: 2, watchList: true, compactEvery: 1m30s}
  latency: 5ms
safety: 1h
settle: 90s
steps:
- {at: 0s, createService: {name: plain}}
- at: 1s
  id: special
  user: alice
  createService:
    namespace: shop
    name: web
    type: NodePort
    ports:
    - {name: http, port: 80, targetPort: 8080}
    - {name: dns, port: 53, protocol: UDP}
    selector: {app: "8080", tier: "true", empty: ""}
- {at: 2s, createService: {namespace: bank, name: headless, headless: true, selector: {}}}
- {at: 3s, updateService: {name: plain, ports: [{port: 81}], selector: {}}}
- {at: 4s, export: {namespace: shop, name: web}}
- {at: 5s, unexport: {namespace: shop, name: web}}
- {at: 6s, deleteService: {namespace: shop, name: web}}
- at: 7s
  apply:
    apiVersion: submariner.io/v1
    kind: GlobalIngressIP
    metadata: {name: foreign, namespace: shop, annotations: {count: "7", when: 2024-10-01}}
    spec: {target: ClusterIPService, number: 7, float: 7.0, small: 1e-9, truth: true, nothing: null, list: [1, a, {b: c}], empty: {}}
- {at: 8s, patch: {resource: globalingressips/status, namespace: shop, name: foreign, patch: {status: {allocatedIP: 242.7.0.1}}}}
- {at: 9s, patch: {resource: services, name: plain, type: json, patch: [{op: remove, path: /spec/selector}]}}
- {at: 10s, delete: {resource: globalingressips, namespace: shop, name: foreign}}
- {at: 11s, delete: {resource: ipaddresses, name: 242.7.0.1}}
- {at: 12s, apply: {apiVersion: v1, kind: Namespace, metadata: {name: late}}}
- {at: 13s, createService: {namespace: late, name: web}}
faults:
- {kind: crash, at: 30s, process: controller-2, restartAfter: never}
- {id: aimed, kind: crash, when: after, verbs: [create, write], resources: [services, '*'], namespace: 'sh?p', name: 'submariner-[a-z]*', first: 2, last: 3, from: 1s, until: 59m, probability: 0.25, limit: 4, restartAfter: 1m}
- {kind: partition, process: controller-*, from: 1m, until: 2m, direction: from-server}
- {kind: latency, delay: {min: 1ms, max: 2s}, probability: 1e-3}
- {kind: too-many-requests, process: alice, retryAfter: 3s}
- {kind: watch-closed, resources: [services], delay: 4s}
expect:
  globalingressip: pass
  historical/3336: {verdict: safety, property: no-free-while-exported}
  historical/4122: {verdict: liveness}
`

func TestMarshalKeepsEverything(t *testing.T) {
	plan, err := scenarios.Parse("everything.yaml", []byte(everything), globalingressip.Language())
	require.NoError(t, err)
	text, err := scenarios.Marshal(plan)
	require.NoError(t, err)
	back, err := scenarios.Parse("back.yaml", text, globalingressip.Language())
	require.NoError(t, err, "%s", text)
	assert.Equal(t, plan, back)

	spec := back.Steps[7].Action.(*scenarios.Apply).Manifest.Object["spec"].(map[string]any)
	assert.Equal(t, map[string]any{
		"target": "ClusterIPService", "number": int64(7), "float": 7.0, "small": 1e-9, "truth": true, "nothing": nil,
		"list": []any{int64(1), "a", map[string]any{"b": "c"}}, "empty": map[string]any{},
	}, spec)
}

// A written plan is as short as it can be: no defaults, no IDs that follow from
// the content, one line for a step or a rule that fits.
func TestMarshalIsMinimal(t *testing.T) {
	plan, err := scenarios.Parse("f.yaml", []byte(`
apiVersion: seatrial.dev/v1alpha1
kind: Scenario
name: small
seed: 0
world: {cidrs: [242.0.0.0/24], latency: {min: 1ms, max: 10ms}, controller: {replicas: 1, workers: 1, leaderElection: false}}
safety: 2m
settle: 120s
steps:
- at: 5s
  user: user
  id: createservice-default-web-5s
  createService: {namespace: default, name: web, type: ClusterIP, headless: false, ports: [{port: 80, targetPort: 80, protocol: TCP}], selector: {app: web}}
faults:
- kind: crash
  at: 60s
  restartAfter: 0s
- kind: partition
  from: 0s
`), globalingressip.Language())
	require.NoError(t, err)
	text, err := scenarios.Marshal(plan)
	require.NoError(t, err)
	_, body, found := strings.Cut(string(text), "docs/use/scenarios.md.\n\n")
	require.True(t, found, "begins with a comment that tells what this is:\n%s", text)
	assert.Equal(t, `apiVersion: seatrial.dev/v1alpha1
kind: Scenario
name: small
steps:
  - {at: 5s, createService: {name: web}}
faults:
  - {kind: crash, at: 1m}
  - {kind: partition}
`, body)
}

// A rule on one line, as reports have it, is what a scenario file may hold.
func TestRulesOnOneLineAreRead(t *testing.T) {
	rules := 0
	for seed := sim.Seed(1); seed <= 300; seed++ {
		p := draw(t, seed, scenarios.Extras{Illegal: true})
		again := p
		again.Faults = nil
		text, err := scenarios.Marshal(again)
		require.NoError(t, err)
		if len(p.Faults) > 0 {
			text = append(text, "faults:\n"...)
		}
		for i := range p.Faults {
			text = append(text, "- "+p.Faults[i].String()+"\n"...)
		}
		read, err := scenarios.Parse("lines.yaml", text, globalingressip.Language())
		require.NoError(t, err, "%s", text)
		assert.Equal(t, p.Faults, read.Faults)
		rules += len(p.Faults)
	}
	assert.Greater(t, rules, 300)
}

// FuzzParse feeds anything to the parser. It must not panic, its errors must
// have a place, and a plan it accepts must survive being written and read.
func FuzzParse(f *testing.F) {
	f.Add([]byte(everything))
	f.Add([]byte(head + "steps: [{at: 1s, apply: {? [a] : b}}]"))
	f.Add([]byte(head + "faults: [{kind: crash}]\n---\n"))
	f.Add([]byte(head + "world: &a {cidrs: [*a]}\n<<: *a"))
	for _, plan := range globalingressip.Library() {
		text, err := scenarios.Marshal(plan)
		require.NoError(f, err)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		plan, err := scenarios.Parse("fuzz.yaml", data, globalingressip.Language())
		if err != nil {
			assert.Regexp(t, `^fuzz\.yaml:\d+:\d+: `, err.Error())
			return
		}
		text, err := scenarios.Marshal(plan)
		require.NoError(t, err)
		back, err := scenarios.Parse("again.yaml", text, globalingressip.Language())
		require.NoError(t, err, "%s", text)
		require.Equal(t, plan, back)
	})
}
