package trial_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios/trial"
)

// Goal: whatever is wrong with a trial is told at once, with its place and with
// what would be right. Method: one mistake each, and what the message must hold.

func idle(ctx context.Context, _ *rest.Config) error { <-ctx.Done(); return nil }

func TestMistakesInGo(t *testing.T) {
	site := trial.YAML("{apiVersion: example.com/v1, kind: Website, metadata: {name: a}}")
	note := trial.YAML("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}")
	for _, c := range []struct {
		name  string
		trial trial.Trial
		want  string
	}{
		{"nothing under test", trial.Trial{Objects: note}, "controller: nothing is under test"},
		{"kind not declared", trial.Trial{Controller: idle, Objects: site},
			"manifest:1: kind: the cluster has no Website of example.com/v1 (want a built-in kind, or its CustomResourceDefinition in Cluster)"},
		{"no object", trial.Trial{Controller: idle, Objects: trial.YAML("a: b")}, "manifest:1: apiVersion: missing"},
		{"no YAML", trial.Trial{Controller: idle, Objects: trial.YAML("a: b: c")}, "manifest: yaml:"},
		{"no such file", trial.Trial{Controller: idle, Objects: trial.Files("testdata/nothing*.yaml")}, "manifests testdata/nothing*.yaml: no such file"},
		{"bad definition", trial.Trial{Controller: idle, Cluster: trial.YAML("{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: a}, spec: {scope: 7}}")},
			"manifest:1: CustomResourceDefinition a:"},
		{"definition twice", trial.Trial{Controller: idle, Cluster: trial.Files("testdata/website.crd.yaml", "testdata/website.crd.yaml")},
			"CustomResourceDefinition websites.example.com: it is there twice"},
		{"one name twice", trial.Trial{Controller: idle, Processes: []trial.Process{{Name: "controller", Run: idle}}}, `the name "controller" is missing or taken`},
		{"no program", trial.Trial{Processes: []trial.Process{{Name: "a"}}}, "a has both Run and Env, or neither"},
		{"step without action", trial.Trial{Controller: idle, Steps: []trial.Step{{At: time.Second}}}, "step 0: 0 actions"},
		{"step too late", trial.Trial{Controller: idle, Steps: []trial.Step{trial.Apply(2*time.Minute, note)}}, "step 0: at 2m0s: out of range"},
		{"user like a process", trial.Trial{Controller: idle, Steps: []trial.Step{{User: "controller", Apply: note}}}, `a process is called "controller", too`},
		{"unknown exception", trial.Trial{Controller: idle, Except: []string{"silent"}}, `except: there is no generic property "silent"`},
		{"property of a taken name", trial.Trial{Controller: idle, Properties: []model.Property{{Name: "quiet"}}}, `properties: "quiet" is there twice`},
		{"window backwards", trial.Trial{Controller: idle, Faults: []faults.Rule{{ID: "a", Kind: faults.Partition, From: 2, Until: 1}}}, "fault 0: until: the window ends at 1ns, before it begins at 2ns (want later than from)"},
		{"fault too late", trial.Trial{Controller: idle, Faults: []faults.Rule{{ID: "a", Kind: faults.Partition, From: 3 * time.Minute}}}, "fault 0: from: 3m0s is when all faults are over"},
		{"fault of nobody", trial.Trial{Controller: idle, Faults: []faults.Rule{{ID: "a", Kind: faults.Partition, Match: faults.Match{Process: "contoller"}}}}, `fault 0: process: no process is called "contoller" (want controller)`},
		{"fault of no resource", trial.Trial{Controller: idle, Faults: []faults.Rule{{ID: "a", Kind: faults.InternalError, Match: faults.Match{Resources: []string{"widgets"}}}}}, `fault 0: resources[0]: this world has no resource "widgets"`},
		{"fault without an ID", trial.Trial{Controller: idle, Faults: []faults.Rule{{Kind: faults.InternalError}}}, "fault 0: id: missing"},
		{"faults of one ID", trial.Trial{Controller: idle, Faults: []faults.Rule{{ID: "a", Kind: faults.InternalError}, {ID: "a", Kind: faults.InternalError}}}, `fault 1: id: "a" is there twice`},
		{"unknown fault", trial.Trial{Controller: idle, Faults: []faults.Rule{{ID: "a", Kind: "hail"}}}, `fault 0: kind: unknown kind "hail" (want one of `},
		{"too short", trial.Trial{Controller: idle, Settle: time.Second}, "settle 1s: out of range"},
	} {
		t.Run(c.name, func(t *testing.T) {
			defer func() {
				r := recover()
				require.NotNil(t, r, "the trial was taken for valid")
				assert.Contains(t, r, c.want)
			}()
			trial.Run(t, c.trial, 1, trial.RunOptions{})
		})
	}
}

func TestMistakesInFiles(t *testing.T) {
	const head = "apiVersion: seatrial.dev/v1alpha1\nkind: Trial\n"
	for _, c := range []struct{ name, text, want string }{
		{"another kind", "apiVersion: v1\nkind: Pod\n", `trial.yaml:2:7: kind: unknown kind "Pod" (want Trial)`},
		{"unknown field", head + "objekts: []\n", `trial.yaml:3:1: objekts: unknown field (want one of apiVersion, kind, name, description, cluster, objects, steps, laws, except, ignore, safety, settle)`},
		{"unknown field of a step", head + "steps:\n- {at: 5s, aply: [a.yaml]}\n", "trial.yaml:4:12: steps[0].aply: unknown field (want one of at, user, apply, delete, patch)"},
		{"no such manifest", head + "objects: [a.yaml]\n", "a.yaml: no such file"},
		{"no time", head + "steps:\n- {at: soon, delete: [a.yaml]}\n", `trial.yaml:4:8: steps[0].at: "soon" is not a duration (want a duration of 0s or more, with its unit, such as 30s)`},
		{"bad CEL", head + "laws:\n- name: law\n  eventually: obj.x\n", "trial.yaml:4:3: laws[0]: eventually: ERROR: <input>:1:1: undeclared reference to 'obj'"},
		{"no action", head + "steps:\n- {at: 5s}\n", "trial.yaml:4:3: steps[0]: 0 actions"},
		{"patch of nothing", head + "steps:\n- {at: 5s, patch: {object: {kind: Pod}, merge: {}}}\n", "trial.yaml:4:28: steps[0].patch.object.apiVersion: missing (want a Kubernetes object"},
		{"patch without effect", head + "steps:\n- at: 5s\n  patch: {object: {apiVersion: v1, kind: Pod, metadata: {name: a}}}\n", "trial.yaml:5:10: steps[0].patch.merge: missing (want what is to change"},
		{"empty", "", "trial.yaml:1:1: empty file (want a trial that begins with apiVersion: seatrial.dev/v1alpha1 and kind: Trial)"},
		{"not YAML", "a: [", "trial.yaml:1:1: not YAML: "},
		{"a list", "[]", "trial.yaml:1:1: a list is not a mapping (want fields with values)"},
		{"two documents", head + "---\n" + head, "trial.yaml:3:1: a second document (want one trial per file)"},
		{"no list", head + "cluster: a.yaml\n", `trial.yaml:3:10: cluster: "a.yaml" is not a list (want a list)`},
		{"nothing", head + "name:\n", "trial.yaml:3:6: name: no value (want a value, or no field)"},
		{"twice", head + "name: a\nname: b\n", "trial.yaml:4:1: name: the field is there twice (want each field once)"},
		{"an anchor", head + "name: &a b\n", "trial.yaml:3:7: name: an anchor, &a (want no anchors and aliases)"},
		{"field of an object twice", head + "steps:\n- at: 5s\n  patch:\n    object: {apiVersion: v1, kind: Pod, metadata: {name: a}}\n    merge: {spec: {a: 1, a: 2}}\n", "trial.yaml:7:26: steps[0].patch.merge.spec.a: the field is there twice (want each field once)"},
		{"two anchors", head + "laws:\n- {name: &a b, always: &b 'true'}\n", "trial.yaml:4:24: laws[0].always: an anchor, &b"},
		{"no text", head + "laws:\n- {name: a, always: true}\n", "trial.yaml:4:21: laws[0].always: true is not text (want text; in quotes if it looks like a number)"},
		{"line of a field", head + "name: a\nsettle: long\n", `trial.yaml:4:9: settle: "long" is not a duration`},
		{"line of a name", head + "cluster:\n- none.yaml\n", "trial.yaml:4:3: cluster[0]: manifests "},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "trial.yaml")
			require.NoError(t, os.WriteFile(path, []byte(c.text), 0o600))
			_, err := trial.ReadFile(path)
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
		})
	}
	_, err := trial.ReadFile("testdata/none.yaml")
	assert.ErrorContains(t, err, "reading trial: open testdata/none.yaml")
}

func TestALawAboutNothingIsAMistake(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trial.yaml")
	require.NoError(t, os.WriteFile(path, []byte(`apiVersion: seatrial.dev/v1alpha1
kind: Trial
laws:
- name: law
  resource: deployment.apps
  always: object.spec.replicas > 0
`), 0o600))
	tr, err := trial.ReadFile(path)
	require.NoError(t, err, "definitions may be added before it is run")
	tr.Controller = idle
	defer func() {
		assert.Contains(t, fmt.Sprint(recover()), "trial.yaml:5:13: resource: the cluster has no deployment.apps (want plural and group")
	}()
	trial.Run(t, tr, 1, trial.RunOptions{})
}
