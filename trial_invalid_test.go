package seatrial_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// Goal: whatever is wrong with a trial is told at once, with its place and with
// what would be right. Method: one mistake each, and what the message must hold.

func TestMistakesInGo(t *testing.T) {
	site := seatrial.YAML("{apiVersion: example.com/v1, kind: Website, metadata: {name: a}}")
	note := seatrial.YAML("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}")
	for _, c := range []struct {
		name  string
		trial seatrial.Trial
		want  string
	}{
		{"nothing under test", seatrial.Trial{Objects: note}, "controller: nothing is under test"},
		{"kind not declared", seatrial.Trial{Controller: idle, Objects: site},
			"manifest:1: kind: the cluster has no Website of example.com/v1 (want a built-in kind, or its CustomResourceDefinition in Cluster)"},
		{"no object", seatrial.Trial{Controller: idle, Objects: seatrial.YAML("a: b")}, "manifest:1: apiVersion: missing"},
		{"no YAML", seatrial.Trial{Controller: idle, Objects: seatrial.YAML("a: b: c")}, "manifest: yaml:"},
		{"no such file", seatrial.Trial{Controller: idle, Objects: seatrial.Files("testdata/nothing*.yaml")}, "manifests testdata/nothing*.yaml: no such file"},
		{"no such module", seatrial.Trial{Controller: idle, Objects: seatrial.ModuleFiles("example.com/nothing", "*.yaml")},
			"manifests of module example.com/nothing: go list does not find it (want a module that go.mod requires, downloaded)"},
		{"no such file of a module", seatrial.Trial{Controller: idle, Objects: seatrial.ModuleFiles("github.com/seatrial/seatrial", "nothing*.yaml")}, "nothing*.yaml: no such file"},
		{"bad definition", seatrial.Trial{Controller: idle, Cluster: seatrial.YAML("{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: a}, spec: {scope: 7}}")},
			"manifest:1: CustomResourceDefinition a:"},
		{"definition twice", seatrial.Trial{Controller: idle, Cluster: seatrial.Files("testdata/website.crd.yaml", "testdata/website.crd.yaml")},
			"CustomResourceDefinition websites.example.com: it is there twice"},
		{"one name twice", seatrial.Trial{Controller: idle, Processes: []seatrial.Process{{Name: "controller", Run: idle}}}, `the name "controller" is missing or taken`},
		{"no program", seatrial.Trial{Processes: []seatrial.Process{{Name: "a"}}}, "a has 0 of Run, Env and Binary"},
		{"step without action", seatrial.Trial{Controller: idle, Steps: []seatrial.Step{{At: time.Second}}}, "steps[0]: no action (want one of apply, patch, delete, do)"},
		{"step too late", seatrial.Trial{Controller: idle, Steps: []seatrial.Step{seatrial.Apply(2*time.Minute, note)}}, "steps[0].at: 2m is not within the safety phase (want less than 2m)"},
		{"user like a process", seatrial.Trial{Controller: idle, Steps: []seatrial.Step{seatrial.Apply(0, note).By("controller")}}, `steps[0].user: "controller" is the name of a controller (want another name)`},
		{"unknown exception", seatrial.Trial{Controller: idle, Except: []string{"silent"}}, `except: there is no generic property "silent"`},
		{"property of a taken name", seatrial.Trial{Controller: idle, Properties: []model.Property{{Name: "quiet"}}}, `properties: "quiet" is there twice`},
		{"window backwards", seatrial.Trial{Controller: idle, Faults: []faults.Rule{{ID: "a", Kind: faults.Partition, From: 2, Until: 1}}}, "faults[0].until: the window ends at 1ns, before it begins at 2ns (want later than from)"},
		{"fault too late", seatrial.Trial{Controller: idle, Faults: []faults.Rule{{ID: "a", Kind: faults.Partition, From: 3 * time.Minute}}}, "faults[0].from: 3m0s is when all faults are over"},
		{"fault of nobody", seatrial.Trial{Controller: idle, Faults: []faults.Rule{{ID: "a", Kind: faults.Partition, Match: faults.Match{Process: "contoller"}}}}, `faults[0].process: no process is called "contoller" (want controller)`},
		{"fault of no resource", seatrial.Trial{Controller: idle, Faults: []faults.Rule{{ID: "a", Kind: faults.InternalError, Match: faults.Match{Resources: []string{"widgets"}}}}}, `faults[0].resources[0]: this world has no resource "widgets"`},
		{"faults of one ID", seatrial.Trial{Controller: idle, Faults: []faults.Rule{{ID: "a", Kind: faults.InternalError}, {ID: "a", Kind: faults.InternalError}}}, `faults[1].id: "a" is also the id of faults[0], so both would decide alike (want ids that differ)`},
		{"unknown fault", seatrial.Trial{Controller: idle, Faults: []faults.Rule{{ID: "a", Kind: "hail"}}}, `faults[0].kind: unknown kind "hail" (want one of `},
		{"several objects in a step", seatrial.Trial{Controller: idle, Steps: []seatrial.Step{seatrial.Apply(0, note.And(note))}}, "steps[0].apply: 2 objects in a step (want exactly one)"},
		{"patch of nothing", seatrial.Trial{Controller: idle, Steps: []seatrial.Step{seatrial.Patch(0, "configmap a", map[string]any{})}}, `steps[0].patch.resource: this world has no resource "configmap" (did you mean configmaps?)`},
		{"a law about nothing", seatrial.Trial{Controller: idle, Properties: []model.Property{seatrial.Always("law", "", func(s *seatrial.State) error { s.List("deployment.apps"); return nil })}},
			`properties: law: the cluster has no resource "deployment.apps" (did you mean deployments.apps?)`},
		{"the end of nothing", seatrial.Trial{Controller: idle, Properties: []model.Property{seatrial.Eventually("law", "", func(s *seatrial.State) error { s.Get("pages", "", "a"); return nil })}},
			`properties: law: the cluster has no resource "pages" (want plural and group, such as deployments.apps, of a built-in kind or of a definition in the cluster)`},
		{"a field of nothing", seatrial.Trial{Controller: idle, Properties: []model.Property{model.Unique("websites.example.com", "status.page")}},
			`properties: unique-websites-example-com-status-page: the cluster has no resource "websites.example.com"`},
		{"no part of the server", seatrial.Trial{Controller: idle, Server: sim.Server{Without: []string{"kubelet"}}},
			`server: without: "kubelet" is no part of the API server (want any of garbage-collector-controller, namespace-controller, resourcequota-controller, persistentvolumeclaim-protection-controller, persistentvolume-protection-controller)`},
		{"too short", seatrial.Trial{Controller: idle, Settle: time.Minute}, "settle 1m0s: out of range (want more than 0s, and at least 2m0s)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			defer func() {
				r := recover()
				require.NotNil(t, r, "the trial was taken for valid")
				assert.Contains(t, r, c.want)
			}()
			seatrial.Run(t, c.trial, 1, seatrial.RunOptions{})
		})
	}
}

// What is wrong with any scenario file is in the tests of package scenarios.
func TestMistakesInFiles(t *testing.T) {
	const head = "apiVersion: seatrial.dev/v1alpha1\nkind: Scenario\nname: a\n"
	for _, c := range []struct{ name, text, want string }{
		{"a former kind", "apiVersion: seatrial.dev/v1alpha1\nkind: Trial\nname: a\n", `trial.yaml:2:7: kind: files of kind Trial are no more (want kind: Scenario, which has all that trials had`},
		{"no such manifest", head + "objects: [a.yaml]\n", "a.yaml: no such file"},
		{"no such file in a step", head + "steps:\n- {at: 5s, apply: a.yaml}\n", "trial.yaml:5:19: steps[0].apply: manifests "},
		{"an object of a kind that is not there", head + "objects:\n- {apiVersion: a/v1, kind: B, metadata: {name: c}}\n", "trial.yaml:5:3: objects[0]: this world has no kind a/v1 B (want a built-in kind, or one of a definition in the cluster)"},
		{"bad CEL", head + "laws:\n- name: law\n  eventually: obj.x\n", "trial.yaml:5:3: laws[0]: eventually: ERROR: <input>:1:1: undeclared reference to 'obj'"},
		{"no text", head + "laws:\n- {name: a, always: true}\n", "trial.yaml:5:21: laws[0].always: true is not text (want text; in quotes if it looks like a number)"},
		{"line of a name", head + "cluster:\n- none.yaml\n", "trial.yaml:5:3: cluster[0]: manifests "},
		{"neither file nor object", head + "cluster: [7]\n", "trial.yaml:4:11: cluster[0]: 7 is no manifest (want the name of a file, or an object with apiVersion, kind and metadata.name)"},
		{"known without a reason", head + "known: [{signature: quiet}]\n", "trial.yaml:4:9: known[0].reason: missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "trial.yaml")
			require.NoError(t, os.WriteFile(path, []byte(c.text), 0o600))
			_, err := seatrial.ReadFile(path)
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
		})
	}
	_, err := seatrial.ReadFile("testdata/none.yaml")
	assert.ErrorContains(t, err, "reading a scenario: open testdata/none.yaml")
}

// In Go, too, where the cluster is the trial's.
func TestALawAboutNothingIsAMistake(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trial.yaml")
	require.NoError(t, os.WriteFile(path, []byte(`apiVersion: seatrial.dev/v1alpha1
kind: Scenario
name: a
laws:
- name: law
  resource: deployment.apps
  always: object.spec.replicas > 0
`), 0o600))
	_, err := seatrial.ReadFile(path)
	assert.ErrorContains(t, err, `trial.yaml:6:13: laws[0].resource: this world has no resource "deployment.apps" (did you mean deployments.apps?)`)
}
