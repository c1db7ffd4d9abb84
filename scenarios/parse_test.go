package scenarios_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/scenarios"
)

// head is a valid scenario of three lines, so that what a case adds begins in
// line 4.
const head = "apiVersion: seatrial.dev/v1alpha1\nkind: Scenario\nname: bad\n"

const (
	wantDuration = " (want a duration of 0s or more, with its unit, such as 30s)"
	wantText     = " (want text; in quotes if it looks like a number)"
	wantKinds    = "one of connection-refused, connection-reset, too-many-requests, internal-error, service-unavailable, gateway-timeout, timeout-applied, timeout-dropped, response-lost, latency, watch-closed, partition, crash, black-hole, slow-body, hold, watch-error, watch-expired, watch-delayed, bookmarks-withheld, event-lost, event-repeated, history-forgotten, cache-lag, replica-down, gc-lag, fail-over, pause, crash-loop, overtaken, host-error, host-hang, host-crash, terminate, clock-skew"
	wantCalls    = "one of id, kind, process, verbs, resources, namespace, name, first, last, nth, from, until, probability, limit"
	wantLabel    = " (want at most 63 lower case letters, digits and -, beginning and ending with a letter or digit)"
)

// Each case is a valid scenario with one thing wrong. The error is compared
// whole: it must say file, line, column, field, what is wrong and what would
// be right, and there must be no second error that only follows from the first.
// The language is the one that all others begin with.
func TestParseRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		// The document.
		"empty":             {"", "1:1: empty file (want a scenario that begins with apiVersion: seatrial.dev/v1alpha1 and kind: Scenario)"},
		"only a comment":    {"# nothing\n", "1:1: empty file (want a scenario that begins with apiVersion: seatrial.dev/v1alpha1 and kind: Scenario)"},
		"not YAML":          {"a: [", "1:1: not YAML: did not find expected node content"},
		"not YAML, later":   {head + "steps:\n\t- x", "5:1: not YAML: found character that cannot start any token"},
		"not YAML, a key":   {head + "seed: 1\nsafety: 10s\nsettle\nsteps: []\n", "6:1: not YAML: could not find expected ':'"},
		"not YAML, dedent":  {head + "world:\n  namespaces: [a]\n - x\n", "6:1: not YAML: did not find expected key"},
		"a list":            {"- a\n- b", "1:1: a list is not a mapping (want fields with values)"},
		"two documents":     {head + "---\n" + head, "4:1: a second document (want one scenario per file)"},
		"no apiVersion":     {"kind: Scenario\nname: bad", "1:1: apiVersion: missing (want seatrial.dev/v1alpha1)"},
		"newer apiVersion":  {"apiVersion: seatrial.dev/v9\nkind: Scenario\nname: bad", `1:13: apiVersion: unknown apiVersion "seatrial.dev/v9" (want seatrial.dev/v1alpha1)`},
		"other kind":        {"apiVersion: seatrial.dev/v1alpha1\nkind: Pod\nname: bad", `2:7: kind: unknown kind "Pod" (want Scenario)`},
		"no name":           {"apiVersion: seatrial.dev/v1alpha1\nkind: Scenario", "1:1: name: missing (want a name such as calm-day)"},
		"bad name":          {"apiVersion: seatrial.dev/v1alpha1\nkind: Scenario\nname: Bad Name", `3:7: name: "Bad Name" is not a name (want at most 100 lower case letters, digits, - and ., beginning and ending with a letter or digit)`},
		"number as name":    {"apiVersion: seatrial.dev/v1alpha1\nkind: Scenario\nname: 7", "3:7: name: 7 is not text" + wantText},
		"field twice":       {head + "seed: 1\nseed: 2", "5:1: seed: the field is there twice (want each field once)"},
		"field without":     {head + "steps:", "4:7: steps: no value (want a value, or no field)"},
		"empty list":        {head + "steps: []", "4:8: steps: empty list (want items, or no field)"},
		"not a list":        {head + "steps: {}", "4:8: steps: a mapping is not a list (want a list)"},
		"alias":             {head + "world: &w\n  namespaces: [a]\nexpect: *w", "4:8: world: an anchor, &w (want no anchors and aliases)\nbad.yaml:6:9: expect: an alias (none may be used) is not a mapping (want fields with values)"},
		"anchor":            {head + "world: &w\n  namespaces: [a]", "4:8: world: an anchor, &w (want no anchors and aliases)"},
		"seed negative":     {head + "seed: -1", "4:7: seed: -1 is not a seed (want a whole number from 0 to 18446744073709551615)"},
		"seed too large":    {head + "seed: 18446744073709551616", "4:7: seed: 18446744073709551616 is not a seed (want a whole number from 0 to 18446744073709551615)"},
		"no unit":           {head + "safety: 60", `4:9: safety: "60" is not a duration` + wantDuration},
		"negative duration": {head + "settle: -5s", "4:9: settle: -5s is negative" + wantDuration},
		"no safety phase":   {head + "safety: 0s", "4:9: safety: 0s is too short (want a duration of more than 0s)"},
		"a long night":      {head + "settle: 25h", "4:9: settle: 25h is out of range (want more than 0s and at most 24h)"},
		"unknown field":     {head + "fault: []", "4:1: fault: unknown field (did you mean faults?)"},
		"no field at all":   {head + "weather: []", "4:1: weather: unknown field (want one of apiVersion, kind, name, description, generator, seed, world, safety, settle, atRest, steps, faults, expect, processes, cluster, objects, laws, except, ignore, rename, known)"},

		// The world.
		"no replica":            {head + "world: {apiServer: {replicas: 0}}", "4:31: world.apiServer.replicas: 0 is too small (want a whole number of 1 or more)"},
		"half a replica":        {head + "world: {apiServer: {replicas: 0.5}}", "4:31: world.apiServer.replicas: 0.5 is not a whole number (want a whole number)"},
		"world of others":       {head + "world: {cidrs: [242.0.0.0/24]}", "4:9: world.cidrs: unknown field (want one of namespaces, apiServer, latency, without)"},
		"namespace twice":       {head + "world: {namespaces: [a, a]}", `4:25: world.namespaces[1]: "a" is there twice (want each namespace once)`},
		"namespace exists":      {head + "world: {namespaces: [default]}", `4:22: world.namespaces[0]: "default" exists in every world (want another name)`},
		"namespace malformed":   {head + "world: {namespaces: [A]}", `4:22: world.namespaces[0]: "A" is not a namespace` + wantLabel},
		"namespace a number":    {head + "world: {namespaces: [7]}", "4:22: world.namespaces[0]: 7 is not a name" + wantText},
		"too many replicas":     {head + "world: {apiServer: {replicas: 6}}", "4:31: world.apiServer.replicas: 6 is out of range (want 1 to 5)"},
		"not a truth value":     {head + "world: {apiServer: {watchList: sometimes}}", `4:32: world.apiServer.watchList: "sometimes" is not a truth value (want true or false)`},
		"latency upside down":   {head + "world: {latency: {min: 2s, max: 1s}}", "4:33: world.latency.max: 1s is less than min, 2s (want at least min)"},
		"latency without max":   {head + "world: {latency: {min: 2s}}", "4:18: world.latency.max: missing" + wantDuration},
		"unknown latency field": {head + "world: {latency: {mean: 2s, max: 3s}}", "4:19: world.latency.mean: unknown field (want one of min, max)"},

		// Steps.
		"step without action":    {head + "steps: [{at: 1s}]", "4:9: steps[0]: no action (want one of apply, patch, delete, do)"},
		"two actions":            {head + "steps: [{at: 1s, do: a, delete: {resource: pods, name: a}}]", "4:9: steps[0]: delete and do in one step (want one action a step)"},
		"action misspelt":        {head + "steps: [{at: 1s, delet: {resource: pods, name: a}}]", "4:18: steps[0].delet: unknown field (did you mean delete?)"},
		"action of others":       {head + "steps: [{at: 1s, createService: {name: a}}]", "4:18: steps[0].createService: unknown field (want one of at, id, user, apply, patch, delete, do)"},
		"no such namespace":      {head + "world: {namespaces: [shop]}\nsteps: [{at: 1s, delete: {resource: pods, namespace: shp, name: a}}]", `5:54: steps[0].delete.namespace: this world has no namespace "shp" (want one of default, kube-system, shop)`},
		"no such function":       {head + "steps: [{at: 1s, do: a}]", `4:22: steps[0].do: there is no function "a" (want the name of a step of the trial that has one)`},
		"delete of no name":      {head + "steps: [{at: 1s, delete: {resource: pods}}]", "4:26: steps[0].delete.name: missing (want the name of an object)"},
		"delete of two":          {head + "steps: [{at: 1s, delete: {resource: pods, name: a, ownedBy: ReplicaSet/web}}]", "4:61: steps[0].delete.ownedBy: name and ownedBy (want one of them)"},
		"delete of whose":        {head + "steps: [{at: 1s, delete: {resource: pods, ownedBy: web}}]", `4:52: steps[0].delete.ownedBy: "web" is not an owner (want KIND/NAME, such as Deployment/web)`},
		"unknown propagation":    {head + "steps: [{at: 1s, delete: {resource: pods, name: a, propagation: orphan}}]", `4:65: steps[0].delete.propagation: unknown policy "orphan" (want one of Background, Foreground, Orphan)`},
		"wait in words":          {head + "steps: [{at: 1s, delete: {resource: pods, name: a, wait: long}}]", `4:58: steps[0].delete.wait: "long" is not a truth value (want true or false)`},
		"refused in words":       {head + "steps: [{at: 1s, patch: {resource: pods, name: a, patch: {}, mayBeRefused: perhaps}}]", `4:76: steps[0].patch.mayBeRefused: "perhaps" is not a truth value (want true or false)`},
		"plural misspelt":        {head + "steps: [{at: 1s, delete: {resource: podz, name: a}}]", `4:37: steps[0].delete.resource: this world has no resource "podz" (did you mean pods?)`},
		"patch of text":          {head + "steps: [{at: 1s, patch: {resource: pods, name: a, patch: text}}]", `4:58: steps[0].patch.patch: "text" is a plain value (want a mapping or a list)`},
		"apply of a number":      {head + "steps: [{at: 1s, apply: {apiVersion: 1, kind: Pod, metadata: {name: a}}}]", "4:38: steps[0].apply.apiVersion: 1 is not text (want a built-in kind, or one of a definition in the cluster)"},
		"kind misspelt":          {head + "steps: [{at: 1s, apply: {apiVersion: apps/v1, kind: Deploymint, metadata: {name: a}}}]", "4:25: steps[0].apply: this world has no kind apps/v1 Deploymint (did you mean apps/v1 Deployment?)"},
		"step before the start":  {head + "steps: [{at: -1s, delete: {resource: pods, name: web}}, {at: 1s, delete: {resource: pods, name: web}}]", "4:14: steps[0].at: -1s is negative" + wantDuration},
		"step after the end":     {head + "safety: 1m\nsteps: [{at: 60s, delete: {resource: pods, name: web}}, {at: 1s, delete: {resource: pods, name: web}}]", "5:14: steps[0].at: 1m is not within the safety phase (want less than 1m)"},
		"step without time":      {head + "steps: [{delete: {resource: pods, name: web}}, {at: 1s, delete: {resource: pods, name: web}}]", "4:9: steps[0].at: missing" + wantDuration},
		"id twice":               {head + "steps: [{id: x, at: 1s, delete: {resource: pods, name: a}}, {id: x, at: 2s, delete: {resource: pods, name: b}}]", `4:66: steps[1].id: "x" is also the id of steps[0] (want ids that differ)`},
		"bad id":                 {head + "steps: [{id: X, at: 1s, delete: {resource: pods, name: a}}]", `4:14: steps[0].id: "X" is not an id (want at most 253 lower case letters, digits, -, _, : and ., beginning and ending with a letter or digit)`},
		"bad user":               {head + "steps: [{user: Al, at: 1s, delete: {resource: pods, name: a}}]", `4:16: steps[0].user: "Al" is not a name` + wantLabel},
		"user is a controller":   {head + "steps: [{user: controller, at: 1s, delete: {resource: pods, name: a}}]", `4:16: steps[0].user: "controller" is the name of a controller (want another name)`},
		"apply of a scalar":      {head + "steps: [{at: 1s, apply: web}]", "4:25: steps[0].apply: manifests web: no such file (want the name of a file, or a manifest with apiVersion, kind and metadata)"},
		"apply of a truth":       {head + "steps: [{at: 1s, apply: true}]", "4:25: steps[0].apply: true is not an object (want a manifest with apiVersion, kind and metadata)"},
		"apply of no kind":       {head + "steps: [{at: 1s, apply: {apiVersion: v1, metadata: {name: a}}}]", "4:25: steps[0].apply.kind: missing (want a built-in kind, or one of a definition in the cluster)"},
		"apply of a gadget":      {head + "steps: [{at: 1s, apply: {apiVersion: v1, kind: Gadget, metadata: {name: a}}}]", "4:25: steps[0].apply: this world has no kind v1 Gadget (want a built-in kind, or one of a definition in the cluster)"},
		"apply without name":     {head + "steps: [{at: 1s, apply: {apiVersion: v1, kind: Service}}]", `4:25: steps[0].apply.metadata.name: "" is not a name (want a name, as text)`},
		"apply in a namespace":   {head + "steps: [{at: 1s, apply: {apiVersion: v1, kind: Namespace, metadata: {name: a, namespace: b}}}]", "4:90: steps[0].apply.metadata.namespace: Namespace objects are in no namespace (want no namespace)"},
		"apply of infinity":      {head + "steps: [{at: 1s, apply: {apiVersion: v1, kind: Service, metadata: {name: a}, spec: .inf}}]", "4:84: steps[0].apply.spec: .inf has no place in an object (want text, a number, true, false or null)"},
		"patch of what":          {head + "steps: [{at: 1s, patch: {resource: gadgets, name: a, patch: {}}}]", `4:36: steps[0].patch.resource: this world has no resource "gadgets" (want a plural name as kubectl knows it, such as services or deployments.apps, of a built-in kind or of a definition in the cluster)`},
		"patch without patch":    {head + "steps: [{at: 1s, patch: {resource: services, name: a}}]", "4:25: steps[0].patch.patch: missing (want the change)"},
		"json patch of a map":    {head + "steps: [{at: 1s, patch: {resource: services, name: a, type: json, patch: {}}}]", "4:74: steps[0].patch.patch: a json patch is a list of operations (want a list)"},
		"unknown patch type":     {head + "steps: [{at: 1s, patch: {resource: services, name: a, type: apply, patch: {}}}]", `4:61: steps[0].patch.type: unknown type "apply" (want one of merge, json, strategic)`},
		"delete of a status":     {head + "steps: [{at: 1s, delete: {resource: services/status, name: a}}]", `4:37: steps[0].delete.resource: "services/status" is part of an object (want services)`},
		"delete in no namespace": {head + "steps: [{at: 1s, delete: {resource: ipaddresses, namespace: shop, name: 242.0.0.1}}]", "4:61: steps[0].delete.namespace: ipaddresses are in no namespace (want no namespace)"},

		// Faults. What faults.Rule.Validate reports is tested there in full.
		"fault without kind":     {head + "faults: [{from: 1s}]", "4:10: faults[0].kind: missing (want " + wantKinds + ")"},
		"unknown fault":          {head + "faults: [{kind: storm}]", `4:17: faults[0].kind: unknown kind "storm" (want ` + wantKinds + ")"},
		"unknown verb":           {head + "faults:\n- kind: internal-error\n  verbs: [get, gett]", `6:16: faults[0].verbs[1]: unknown verb "gett" (want one of get, list, watch, create, update, patch, delete, deletecollection, read, write)`},
		"unknown resource":       {head + "faults: [{kind: internal-error, resources: [gadgets]}]", `4:45: faults[0].resources[0]: this world has no resource "gadgets" (want a plural such as services, with a subresource after a slash, or "*")`},
		"verb never asked":       {head + "faults: [{kind: internal-error, resources: [services/status], verbs: [list]}]", "4:70: faults[0].verbs: none of list is ever asked of services/status (want one of get, update, patch)"},
		"resource misspelt":      {head + "faults: [{kind: internal-error, resources: [pod]}]", `4:45: faults[0].resources[0]: this world has no resource "pod" (did you mean pods?)`},
		"resource with group":    {head + "faults: [{kind: internal-error, resources: [deployments.apps]}]", `4:45: faults[0].resources[0]: this world has no resource "deployments.apps" (want deployments: rules name no groups)`},
		"unknown direction":      {head + "faults: [{kind: partition, direction: sideways}]", `4:39: faults[0].direction: unknown direction "sideways" (want one of to-server, from-server)`},
		"eviction patched":       {head + "faults: [{kind: internal-error, resources: [pods/eviction], verbs: [patch]}]", "4:68: faults[0].verbs: none of patch is ever asked of pods/eviction (want create)"},
		"no such process":        {head + "faults: [{kind: internal-error, process: controller-2}]", `4:42: faults[0].process: no process is called "controller-2" (want controller)`},
		"fault elsewhere":        {head + "faults: [{kind: internal-error, namespace: shop}]", `4:44: faults[0].namespace: this world has no namespace "shop" (want one of default, kube-system)`},
		"window upside down":     {head + "faults: [{kind: internal-error, from: 20s, until: 10s}]", "4:51: faults[0].until: the window ends at 10s, before it begins at 20s (want later than from)"},
		"window after the end":   {head + "faults: [{kind: internal-error, from: 2m}]", "4:39: faults[0].from: 2m0s is when all faults are over (want before the weather clears at 2m0s)"},
		"window negative":        {head + "faults: [{kind: internal-error, from: -2m}]", "4:39: faults[0].from: -2m is negative" + wantDuration},
		"probability too high":   {head + "faults: [{kind: internal-error, probability: 1.5}]", "4:46: faults[0].probability: 1.5 is not in (0, 1] (want more than 0 and at most 1)"},
		"probability of zero":    {head + "faults: [{kind: internal-error, probability: 0}]", "4:46: faults[0].probability: 0 is not in (0, 1] (want more than 0 and at most 1)"},
		"probability in words":   {head + "faults: [{kind: internal-error, probability: often}]", `4:46: faults[0].probability: "often" is not a number (want a number such as 0.5)`},
		"field of other kinds":   {head + "faults: [{kind: internal-error, delay: 1s}]", "4:40: faults[0].delay: internal-error does not use this field (want " + wantCalls + ")"},
		"chance of a partition":  {head + "faults: [{kind: partition, probability: 1}]", "4:41: faults[0].probability: partition does not use this field (want one of id, kind, process, resources, from, until, direction)"},
		"crash at no time":       {head + "faults: [{kind: crash}]", "4:10: faults[0].at: missing (want when the process crashes, or when: before or after a call)"},
		"crash from":             {head + "faults: [{kind: crash, from: 1s, at: 1s}]", "4:30: faults[0].from: a crash at a given time does not use this field (want one of id, kind, process, at, when, restartAfter)"},
		"crash at and before":    {head + "faults: [{kind: crash, when: before, at: 1s}]", "4:42: faults[0].at: a crash at a call does not use this field (want one of id, kind, process, when, verbs, resources, namespace, name, first, last, nth, from, until, probability, limit, restartAfter)"},
		"crash somewhere":        {head + "faults: [{kind: crash, when: during}]", `4:30: faults[0].when: unknown value "during" (want one of before, after)`},
		"restart in the past":    {head + "faults: [{kind: crash, at: 1s, restartAfter: -1s}]", "4:46: faults[0].restartAfter: -1s is negative (want a duration of 0s or more, or never)"},
		"crash of a user":        {head + "steps: [{at: 1s, delete: {resource: pods, name: a}}]\nfaults: [{kind: crash, at: 1s, process: user}]", `5:41: faults[0].process: "user" meets a user, and users do not crash (want controller)`},
		"same fault twice":       {head + "faults:\n- {kind: internal-error}\n- {kind: internal-error}", `6:3: faults[1].id: "internal-error-2b7e913d" is also the id of faults[0], so both would decide alike (want ids that differ)`},
		"latency without delay":  {head + "faults: [{kind: latency}]", "4:10: faults[0].delay: missing (want how much slower, such as 200ms)"},
		"delay upside down":      {head + "faults: [{kind: latency, delay: {min: 2s, max: 1s}}]", "4:33: faults[0].delay: max 1s is less than min 2s (want max of at least min)"},
		"retry after a fraction": {head + "faults: [{kind: too-many-requests, retryAfter: 1500ms}]", "4:48: faults[0].retryAfter: 1.5s is not whole seconds, and the header has no fractions (want whole seconds)"},
		"limit of zero":          {head + "faults: [{kind: internal-error, limit: 0}]", "4:40: faults[0].limit: 0 is too small (want a whole number of 1 or more)"},
		"last before first":      {head + "faults: [{kind: internal-error, first: 3, last: 2}]", "4:49: faults[0].last: 2 is before first, 3 (want at least first)"},

		// Expectations.
		"no subject":             {head + "expect: {sub mariner: pass}", `4:23: expect.sub mariner: "sub mariner" is not a subject (want the name of a subject: letters, digits, ., -, _ and /)`},
		"unknown verdict":        {head + "expect: {one: green}", `4:15: expect.one.verdict: unknown verdict "green" (want one of pass, safety, liveness, crash, inconclusive)`},
		"no verdict":             {head + "expect: {one: {property: no-leaks}}", "4:15: expect.one.verdict: missing (want one of pass, safety, liveness, crash, inconclusive)"},
		"pass with a property":   {head + "expect: {one: {verdict: pass, property: no-leaks}}", "4:41: expect.one.property: verdict pass names no property (want safety or liveness as verdict, or no property)"},
		"empty expectation":      {head + "expect: {}", "4:9: expect: empty (want subjects, or no field)"},
		"unknown expected field": {head + "expect: {one: {verdict: pass, because: x}}", "4:31: expect.one.because: unknown field (want one of verdict, property)"},

		// What files say of a cluster of their own.
		"cluster is no list":   {head + "cluster: crd.yaml", `4:10: cluster: "crd.yaml" is not a list (want a list)`},
		"file missing":         {head + "cluster: [none.yaml]", "4:11: cluster[0]: manifests none.yaml: no such file"},
		"object without name":  {head + "cluster: [{apiVersion: v1, kind: ConfigMap}]", "4:11: cluster[0]: metadata.name: missing (want a Kubernetes object with apiVersion, kind and metadata.name)"},
		"neither":              {head + "cluster: [7]", "4:11: cluster[0]: 7 is no manifest (want the name of a file, or an object with apiVersion, kind and metadata.name)"},
		"no such kind":         {head + "objects:\n- {apiVersion: apps/v1, kind: Deploymint, metadata: {name: a}}", "5:3: objects[0]: this world has no kind apps/v1 Deploymint (did you mean apps/v1 Deployment?)"},
		"bad definition":       {head + "cluster:\n- {apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: a}, spec: {groop: b}}", `5:3: cluster[0]: CustomResourceDefinition a: strict decoding error: unknown field "spec.groop"`},
		"law about nothing":    {head + "laws: [{name: one, resource: deploymints.apps, always: 'true'}]", `4:30: laws[0].resource: this world has no resource "deploymints.apps" (did you mean deployments.apps?)`},
		"law that is none":     {head + "laws:\n- {name: one, resource: deployments.apps, always: 'object.'}", "5:3: laws[0]: always: ERROR: <input>:1:8: Syntax error: no viable alternative at input '.' | object. | .......^ (it may name object, oldObject, objects and cluster)"},
		"law misspelt":         {head + "laws: [{name: one, resource: deployments.apps, allways: 'true'}]", "4:48: laws[0].allways: unknown field (did you mean always?)"},
		"known without reason": {head + "known: [{signature: 'no-exit: *'}]", "4:9: known[0].reason: missing (want why it is not looked into, such as an issue's address)"},
	} {
		t.Run(name, func(t *testing.T) {
			plan, err := scenarios.Parse("bad.yaml", []byte(c.text), nil)
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
// What the simulated API server serves, controllers call, and the search strikes: each of
// its subresources is one that a rule can name.
func TestFaultsNameEverySubresource(t *testing.T) {
	for _, name := range []string{
		"pods/binding", "pods/eviction", "pods/resize", "pods/status", "replicasets/scale", "statefulsets/scale",
		"replicationcontrollers/scale", "serviceaccounts/token", "namespaces/finalize", "certificatesigningrequests/approval",
	} {
		_, err := scenarios.Parse("good.yaml", []byte(head+"faults: [{kind: internal-error, resources: ["+name+"]}]"), nil)
		assert.NoError(t, err, name)
	}
}

func TestParseReportsEverything(t *testing.T) {
	_, err := scenarios.Parse("bad.yaml", []byte(head+`bogus: 1
world: {namespaces: [a, A]}
steps:
- {at: -5s, do: nothing}
- {at: 5s, delete: {resource: pods, nome: web}}
faults:
- {kind: latency, verbs: [gett], probability: 2}
`), nil)
	var all scenarios.InvalidErrors
	require.True(t, errors.As(err, &all))
	var got []string
	for _, one := range all {
		got = append(got, one.Field)
	}
	assert.Equal(t, []string{
		"bogus", "world.namespaces[1]", "steps[0].at", "steps[0].do", "steps[1].delete.nome",
		"faults[0].delay", "faults[0].verbs[0]", "faults[0].probability",
	}, got)
	assert.Equal(t, len(all), strings.Count(err.Error(), "\n")+1, "one line each")
}

func TestParseFile(t *testing.T) {
	_, err := scenarios.ParseFile(filepath.Join(t.TempDir(), "none.yaml"), nil)
	assert.ErrorIs(t, err, os.ErrNotExist)

	path := filepath.Join(t.TempDir(), "bad.yaml")
	require.NoError(t, os.WriteFile(path, []byte("kind: Scenario"), 0o600))
	_, err = scenarios.ParseFile(path, nil)
	assert.ErrorContains(t, err, path+":1:1: ")
}

func TestParseRefusesLargeFiles(t *testing.T) {
	_, err := scenarios.Parse("big.yaml", []byte(head+"description: "+strings.Repeat("x", 1<<20)), nil)
	assert.EqualError(t, err, "big.yaml:1:1: 1048648 bytes is too large (want at most 1048576)")
}

// Validate gives a plan made in Go the same checks, without file and line.
func TestValidatePlanMadeInGo(t *testing.T) {
	plan := scenarios.Plan{Name: "made-in-go", Faults: []faults.Rule{{Kind: faults.InternalError, Match: faults.Match{Verbs: []string{"gett"}}}}}
	plan.Default()
	assert.EqualError(t, plan.Validate(), `faults[0].verbs[0]: unknown verb "gett" (want one of get, list, watch, create, update, patch, delete, deletecollection, read, write)`)

	_, err := scenarios.Marshal(plan)
	assert.ErrorContains(t, err, `writing scenario "made-in-go": faults[0].verbs[0]`)

	plan.Faults = nil
	plan.Steps = []scenarios.Step{{Action: &scenarios.Apply{Manifest: scenarios.Manifest{Object: map[string]any{
		"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"name": "web"}, "replicas": 3,
	}}}}}
	plan.Default()
	assert.EqualError(t, plan.Validate(), "steps[0].apply: holds a value of a Go type that YAML does not give (want map[string]any, []any, string, int64, finite float64, bool and nil only)")
}
