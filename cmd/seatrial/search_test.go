package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Goal: a search can be had on the command line, kept, gone on with, and one run of it
// seen again. Method: small budgets of a subject that fails, and of one that does not.

// failsWhenStruck passes without faults, and the search finds it by one of them.
const failsWhenStruck = "historical/4122"

func TestASearch(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	search := []string{"sweep", "--mode", "search", "--seeds", "11", "--subject", failsWhenStruck, "--workers", "2"}
	code, out, message := seatrial(t, append(search, "--budget", "40", "--max-failures", "1", "--out", dir)...)
	require.Equal(t, exitViolated, code, message)
	assert.Regexp(t, `(?m)^\d+ runs: \d+ pass, 1 `, out)
	assert.Regexp(t, `struck: \d+ of \d+ kinds of call, \d+ of \d+ kinds of change, by `, out)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	assert.Contains(t, lines[len(lines)-1], " replay ", "the last line shows the failure again")

	name := regexp.MustCompile(`in (probe-[0-9a-f-]+), seed 11 `).FindStringSubmatch(out)
	require.NotNil(t, name, out)
	code, out, message = seatrial(t, append(search, "--only", name[1])...)
	assert.Equal(t, exitViolated, code, message)
	assert.Contains(t, out, name[1]+"  seed 11", "that run")
	assert.Contains(t, out, "sweep --mode search --seeds 11 --only "+name[1]+" --subject "+failsWhenStruck)
	artifacts, err := filepath.Glob(filepath.Join(dir, "*", "plan.yaml"))
	require.NoError(t, err)
	require.Len(t, artifacts, 1)
	code, _, message = seatrial(t, "replay", filepath.Dir(artifacts[0]))
	assert.Equal(t, exitViolated, code, message)
}

func TestASearchIsGoneOnWith(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	code, out, message := seatrial(t, "sweep", "--mode", "search", calmDay, "--budget", "3", "--out", dir, "--json")
	require.Equal(t, exitPass, code, message)
	assert.Equal(t, 3, strings.Count(out, `"verdict":"pass"`))
	assert.Regexp(t, `(?m)^\{"coverage":\{"runs":\{"broad":2,"fault-free":1\},"calls":\{"struck":\d+,"of":\d+\}`, out)
	code, out, message = seatrial(t, "sweep", "--resume", dir, "--budget", "5")
	require.Equal(t, exitPass, code, message)
	assert.Contains(t, out, "5 runs: 5 pass")
}

func TestASearchOfNothing(t *testing.T) {
	for _, c := range []struct {
		want string
		args []string
	}{
		{"--budget 0: nothing would be run (want a number of runs, such as 160, or a time, such as 60s)", []string{"--mode", "search", "--budget", "0"}},
		{"--budget -1s: nothing would be run", []string{"--mode", "search", "--budget=-1s"}},
		{"--budget and --corpus go with --mode search", []string{"--seeds", "1", "--budget", "5"}},
		{"--seeds 1-5: a search begins with one seed", []string{"--mode", "search", "--seeds", "1-5"}},
		{"--shard 0/2: what a run of a search is depends on those before it", []string{"--mode", "search", "--shard", "0/2"}},
		{"--limit and --keep-faults do not go with --mode search", []string{"--mode", "search", "--limit", "5"}},
		{`the search has no run of the name "probe-00000000"`, []string{"--mode", "search", "--only", "probe-00000000", calmDay}},
	} {
		code, out, message := seatrial(t, append([]string{"sweep"}, c.args...)...)
		assert.Equal(t, exitUsage, code, c.args)
		assert.Contains(t, message, c.want)
		assert.Empty(t, out, "nothing was run")
	}
}
