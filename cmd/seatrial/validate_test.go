package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Goal: everything that is wrong with several files is told at once and without a run,
// in the language that each file is written in. Method: one good file and two bad
// ones; a file for a controller of its own beside one for ours.

func TestValidate(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte("apiVersion: seatrial.dev/v1alpha1\nkind: Scenario\nname: x\n"+text), 0o644))
		return path
	}
	one := write("one.yaml", "settle: -3s\nfaults:\n- {kind: latencyy, delay: 1s}\n")
	two := write("two.yaml", "worlds: {}\n")
	code, out, message := seatrial(t, "validate", one, calmDay, two)
	assert.Equal(t, exitUsage, code)
	assert.Equal(t, calmDay+": calm-day is valid\n", out)
	for _, want := range []string{"one.yaml:4:", "settle", "one.yaml:6:", "latencyy", "two.yaml:4:", "worlds"} {
		assert.Contains(t, message, want)
	}

	site := write("site.yaml", "objects:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: default}}\n")
	code, out, message = seatrial(t, "validate", site)
	assert.Equal(t, exitPass, code, message)
	assert.Contains(t, out, "x is valid")
	ours := write("ours.yaml", "objects:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: default}}\nsteps:\n- {at: 1s, createService: {namespace: default, name: web}}\n")
	code, _, message = seatrial(t, "validate", ours)
	assert.Equal(t, exitUsage, code, "what our users do is nothing for another's controller")
	assert.Contains(t, message, "createService")

	code, _, message = seatrial(t, "validate", filepath.Join(dir, "none.yaml"))
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, message, "none.yaml")
}

func TestSchema(t *testing.T) {
	has := func(args ...string) bool {
		code, out, message := seatrial(t, append([]string{"schema"}, args...)...)
		require.Equal(t, exitPass, code, message)
		var schema struct {
			Properties struct {
				World struct{ Properties map[string]any }
			}
		}
		require.NoError(t, json.Unmarshal([]byte(out), &schema))
		_, ours := schema.Properties.World.Properties["cidrs"]
		return ours
	}
	assert.True(t, has())
	assert.True(t, has("--subject", "historical/3336"))
	assert.False(t, has("--subject", "./mine:TestMine"), "the pools of global IPs are the GlobalIngressIP controller's")
}
