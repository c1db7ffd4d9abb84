package globalingressip_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
)

// head is a valid scenario of three lines, so that what a case adds begins in
// line 4.
const head = "apiVersion: seatrial.dev/v1alpha1\nkind: Scenario\nname: bad\n"

const (
	wantDuration = " (want a duration of 0s or more, with its unit, such as 30s)"
	wantText     = " (want text; in quotes if it looks like a number)"
	wantLabel    = " (want at most 63 lower case letters, digits and -, beginning and ending with a letter or digit)"
	wantService  = " (want at most 63 lower case letters, digits and -, beginning with a letter and ending with a letter or digit)"
)

// Each case is a valid scenario with one thing wrong. The error is compared
// whole: it must say file, line, column, field, what is wrong and what would
// be right, and there must be no second error that only follows from the first.
func TestParseRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		// The document.
		"unknown field": {head + "fault: []", "4:1: fault: unknown field (did you mean faults?)"},

		// The world.
		"CIDR without address":  {head + "world: {cidrs: [242.0.0.0/31]}", "4:17: world.cidrs[0]: 242.0.0.0/31 has no address to give out (want a /30 or larger)"},
		"CIDR of one":           {head + "world: {cidrs: [242.0.0.1/32]}", "4:17: world.cidrs[0]: 242.0.0.1/32 has no address to give out (want a /30 or larger)"},
		"CIDR with host bits":   {head + "world: {cidrs: [242.0.0.5/24]}", "4:17: world.cidrs[0]: 242.0.0.5/24 has bits set after its prefix (want 242.0.0.0/24)"},
		"CIDRs overlap":         {head + "world: {cidrs: [242.0.0.0/24, 242.0.0.64/26]}", "4:31: world.cidrs[1]: 242.0.0.64/26 overlaps 242.0.0.0/24 (want ranges without a common address)"},
		"not a CIDR":            {head + "world: {cidrs: [242.0.0.0]}", `4:17: world.cidrs[0]: "242.0.0.0" is not a CIDR (want an IPv4 range such as 242.0.0.0/24)`},
		"IPv6":                  {head + "world: {cidrs: ['fd00::/112']}", "4:17: world.cidrs[0]: fd00::/112 is not an IPv4 range (want an IPv4 range such as 242.0.0.0/24)"},
		"no replica":            {head + "world: {controller: {replicas: 0}}", "4:32: world.controller.replicas: 0 is too small (want a whole number of 1 or more)"},
		"too many workers":      {head + "world: {controller: {workers: 65}}", "4:31: world.controller.workers: 65 is out of range (want 1 to 64)"},
		"half a worker":         {head + "world: {controller: {workers: 0.5}}", "4:31: world.controller.workers: 0.5 is not a whole number (want a whole number)"},
		"rollout without time":  {head + "world: {rollouts: [{cidrs: [242.0.0.0/24]}]}", "4:20: world.rollouts[0].at: missing (want a time after the start)"},
		"rollouts out of order": {head + "world: {rollouts: [{at: 20s}, {at: 10s}]}", "4:36: world.rollouts[1].at: 10s is not after the rollout before it, at 20s (want rollouts in order of time)"},
		"unknown version":       {head + "world: {controller: {version: historical/siblin}}", `4:31: world.controller.version: there is no subject "historical/siblin" (want a name such as historical/sibling; seatrial subjects lists them)`},
		"rollout of nothing":    {head + "world: {rollouts: [{at: 20s, cidrs: [242.0.0.0/31]}]}", "4:38: world.rollouts[0].cidrs[0]: 242.0.0.0/31 has no address to give out (want a /30 or larger)"},

		// Steps.
		"step without action":   {head + "steps: [{at: 1s}]", "4:9: steps[0]: no action (want one of createService, updateService, deleteService, export, unexport, apply, patch, delete, do)"},
		"two actions":           {head + "steps: [{at: 1s, export: {name: a}, createService: {name: a}}]", "4:9: steps[0]: createService and export in one step (want one action a step)"},
		"unknown action":        {head + "steps: [{at: 1s, exprot: {name: a}, export: {name: a}}, {at: 2s, createService: {name: a}}]", "4:18: steps[0].exprot: unknown field (want one of at, id, user, createService, updateService, deleteService, export, unexport, apply, patch, delete, do)"},
		"unknown service field": {head + "steps: [{at: 1s, createService: {name: a, port: 80}}]", "4:43: steps[0].createService.port: unknown field (did you mean ports?)"},
		"service without name":  {head + "steps: [{at: 1s, createService: {namespace: default}}]", "4:33: steps[0].createService.name: missing (want the name of a Service)"},
		"service badly named":   {head + "steps: [{at: 1s, createService: {name: 1a}}]", `4:40: steps[0].createService.name: "1a" cannot be the name of a Service` + wantService},
		"no such namespace":     {head + "world: {namespaces: [shop]}\nsteps: [{at: 1s, createService: {namespace: shp, name: a}}]", `5:45: steps[0].createService.namespace: this world has no namespace "shp" (want one of default, kube-system, shop)`},
		"unknown service type":  {head + "steps: [{at: 1s, createService: {name: a, type: Cluster}}]", `4:49: steps[0].createService.type: unknown type "Cluster" (want one of ClusterIP, NodePort, LoadBalancer)`},
		"headless with address": {head + "steps: [{at: 1s, createService: {name: a, type: NodePort, headless: true}}]", "4:69: steps[0].createService.headless: NodePort services have an address (want type ClusterIP)"},
		"port out of range":     {head + "steps: [{at: 1s, createService: {name: a, ports: [{port: 70000}]}}]", "4:58: steps[0].createService.ports[0].port: 70000 is not a port (want 1 to 65535)"},
		"port missing":          {head + "steps: [{at: 1s, createService: {name: a, ports: [{name: http}]}}]", "4:51: steps[0].createService.ports[0].port: missing (want 1 to 65535)"},
		"ports without names":   {head + "steps: [{at: 1s, createService: {name: a, ports: [{name: x, port: 1}, {port: 2}]}}]", "4:71: steps[0].createService.ports[1].name: missing (want a name for each port when there are several)"},
		"port name twice":       {head + "steps: [{at: 1s, createService: {name: a, ports: [{name: x, port: 1}, {name: x, port: 2}]}}]", `4:78: steps[0].createService.ports[1].name: "x" is there twice (want each name once)`},
		"port twice":            {head + "steps: [{at: 1s, createService: {name: a, ports: [{name: x, port: 1}, {name: y, port: 1}]}}]", "4:87: steps[0].createService.ports[1].port: 1/TCP is there twice (want each port and protocol once)"},
		"unknown protocol":      {head + "steps: [{at: 1s, createService: {name: a, ports: [{port: 1, protocol: tcp}]}}]", `4:71: steps[0].createService.ports[0].protocol: unknown protocol "tcp" (want one of TCP, UDP, SCTP)`},
		"selector of a number":  {head + "steps: [{at: 1s, createService: {name: a, selector: {app: 1}}}]", "4:59: steps[0].createService.selector.app: 1 is not text" + wantText},
		"selector value":        {head + "steps: [{at: 1s, createService: {name: a, selector: {app: a b}}}]", `4:59: steps[0].createService.selector.app: "a b" is not a label value (want at most 63 letters, digits, -, _ and .)`},
		"update of nothing":     {head + "steps: [{at: 1s, createService: {name: a}}, {at: 2s, updateService: {name: a}}]", "4:69: steps[1].updateService: changes nothing (want ports, selector or both)"},
		"created twice":         {head + "steps: [{at: 1s, createService: {name: a}}, {at: 2s, createService: {name: a}}]", "4:76: steps[1].createService.name: service default/a exists already, made by steps[0] (want another name, or a step before it that deletes it)"},
		"exported twice":        {head + "steps: [{at: 2s, export: {name: a}}, {at: 1s, export: {name: a}}, {at: 3s, apply: {apiVersion: v1, kind: Service, metadata: {name: a}}}]", "4:33: steps[0].export.name: export default/a exists already, made by steps[1] (want another name, or a step before it that deletes it)"},
		"deleted too early":     {head + "steps: [{at: 2s, createService: {name: a}}, {at: 1s, deleteService: {name: a}}]", "4:76: steps[1].deleteService.name: service default/a does not exist at 1s (want a step before it that creates it)"},
		"unexport of nothing":   {head + "steps: [{at: 1s, createService: {name: a}}, {at: 2s, unexport: {name: a}}]", "4:71: steps[1].unexport.name: export default/a does not exist at 2s (want a step before it that creates it)"},
		"export of nothing":     {head + "world: {namespaces: [shop]}\nsteps: [{at: 1s, createService: {name: web}}, {at: 2s, export: {namespace: shop, name: web}}]", "5:88: steps[1].export.name: service shop/web is created by no step (want a step that creates it, or apply instead of export if it is to be missing)"},
		"creation misspelt":     {head + "steps: [{at: 1s, creatService: {name: a}}, {at: 2s, export: {name: a}}]", "4:18: steps[0].creatService: unknown field (did you mean createService?)"},

		// Faults. What faults.Rule.Validate reports is tested there in full.

		// Expectations.
	} {
		t.Run(name, func(t *testing.T) {
			plan, err := scenarios.Parse("bad.yaml", []byte(c.text), globalingressip.Language())
			require.Error(t, err)
			assert.Equal(t, "bad.yaml:"+c.want, err.Error())
			assert.Equal(t, scenarios.Plan{}, plan, "no plan comes with an error")

			var one *scenarios.InvalidError
			require.True(t, errors.As(err, &one))
			assert.Equal(t, "bad.yaml", one.File)
			assert.Positive(t, one.Line)
		})
	}
}

// All errors of a file are reported in one go, sorted by line.
func TestParseReportsEverything(t *testing.T) {
	_, err := scenarios.Parse("bad.yaml", []byte(head+`bogus: 1
world: {cidrs: [10.0.0.0/31, 10.1.0.0/33]}
steps:
- {at: -5s, export: {name: web}}
- {at: 5s, createService: {name: web, prots: []}}
faults:
- {kind: latency, verbs: [gett], probability: 2}
`), globalingressip.Language())
	var all scenarios.InvalidErrors
	require.True(t, errors.As(err, &all))
	var got []string
	for _, one := range all {
		got = append(got, one.Field)
	}
	assert.Equal(t, []string{
		"bogus", "world.cidrs[0]", "world.cidrs[1]", "steps[0].at", "steps[1].createService.prots",
		"faults[0].delay", "faults[0].verbs[0]", "faults[0].probability",
	}, got)
	assert.Equal(t, len(all), strings.Count(err.Error(), "\n")+1, "one line each")
}

// What is left out of a file has its default in the plan.
func TestParseDefaults(t *testing.T) {
	plan, err := scenarios.Parse("f.yaml", []byte(head+`
steps:
- {at: 0, createService: {name: web}}
faults:
- {kind: crash, at: 30s}
- {kind: crash, when: after, verbs: [write], restartAfter: never}
- {kind: latency, delay: 1s}
`), globalingressip.Language())
	require.NoError(t, err)
	assert.Equal(t, 2*time.Minute, plan.Safety)
	assert.Equal(t, 2*time.Minute, plan.Settle)
	assert.Equal(t, "242.0.0.0/24", deployed(plan).CIDRs[0].String())
	assert.Equal(t, globalingressip.Controller{Replicas: 1, Workers: 1}, deployed(plan).Controller)
	assert.Equal(t, scenarios.APIServer{Replicas: 1}, plan.World.APIServer)
	assert.Equal(t, faults.Span{Min: time.Millisecond, Max: 10 * time.Millisecond}, plan.World.Latency)
	assert.Equal(t, scenarios.Step{
		ID: "createservice-default-web-0s", User: "user",
		Action: &globalingressip.CreateService{
			ObjectRef: scenarios.ObjectRef{Namespace: "default", Name: "web"}, Kind: "ClusterIP",
			Ports:    []globalingressip.Port{{Port: 80, TargetPort: 80, Protocol: "TCP"}},
			Selector: map[string]string{"app": "web"},
		},
	}, plan.Steps[0])
	assert.Equal(t, 30*time.Second, plan.Faults[0].From)
	assert.Equal(t, faults.AtTime, plan.Faults[0].When)
	assert.Negative(t, plan.Faults[1].RestartAfter)
	assert.Equal(t, faults.Span{Min: time.Second, Max: time.Second}, plan.Faults[2].Delay)
	for _, r := range plan.Faults {
		assert.NotEmpty(t, r.ID)
		assert.Equal(t, 1.0, r.Probability)
	}
	assert.NoError(t, plan.Validate())
}
