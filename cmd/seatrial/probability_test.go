package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Goal: an artifact can be asked when its failure became inevitable, and keeps the
// answer in its verdict, page and README. Method: the incident, whose faults leave
// nothing to chance, with one run for each moment; what is no run of this artifact is
// refused and leaves it as it was. Moments that are known are in
// internal/explain/odds_test.go.
func TestExplainKeepsTheProbability(t *testing.T) {
	dir := t.TempDir()
	code, _, _ := seatrial(t, "run", incident, "--subject", "historical/3336", "--out", dir)
	require.Equal(t, exitViolated, code)
	path := filepath.Join(dir, "historical-3336-incident-3336-seed-0")
	file := func(name string) string {
		text, err := os.ReadFile(filepath.Join(path, name))
		require.NoError(t, err)
		return string(text)
	}
	assert.NotContains(t, file("report.html"), `"odds":`)

	code, out, message := seatrial(t, "explain", path, "--probability", "--runs", "1", "--workers", "1")
	require.Equal(t, exitPass, code, message)
	assert.Contains(t, out, "drawn anew (1 run each):\n            0s  100%  ####################\n")
	assert.Contains(t, file("report.html"), `"odds":[{"at":0,"failed":1,"runs":1},`)
	assert.Contains(t, file("report.html"), `"reproduced":"3/3"`, "what was known before is not lost")
	assert.Contains(t, file("README.md"), "How likely it was, when everything after a moment is drawn anew (1 run each)")
	code, again, _ := seatrial(t, "explain", path)
	assert.Equal(t, exitPass, code)
	assert.Equal(t, out, again, "the artifact tells it without a run")
	code, _, message = seatrial(t, "replay", path)
	assert.Equal(t, exitViolated, code, message)

	code, _, message = seatrial(t, "explain", path, "--probability", "--runs", "0")
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, message, "--runs 0")
	verdict := file("verdict.json")
	require.NoError(t, os.WriteFile(filepath.Join(path, "plan.yaml"), []byte("name: other\n"), 0o644))
	code, _, message = seatrial(t, "explain", path, "--probability")
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, message, "plan.yaml is not what was written")
	assert.Equal(t, verdict, file("verdict.json"))
}
