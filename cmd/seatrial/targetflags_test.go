package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An aimed sweep over a scenario file finds a bug that hides behind one read,
// and the command that it prints shows the same run again.
func TestAimedSweep(t *testing.T) {
	code, stdout, stderr := seatrial(t, "sweep", "--mode", "error-every-read", calmDay, "--subject", "historical/create-read-error")
	require.Equal(t, 1, code, "%s%s", stdout, stderr)
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	command := lines[len(lines)-1]
	require.Regexp(t, `sweep --mode error-every-read \S+calm-day.yaml --only calm-day-\d{4} --subject historical/create-read-error$`, command)
	hash := regexp.MustCompile(`hash \w+`).FindString(stdout)
	require.NotEmpty(t, hash)

	code, again, _ := seatrial(t, strings.Fields(command)[1:]...)
	assert.Equal(t, 1, code)
	assert.Contains(t, again, hash)
	assert.Contains(t, again, command)
}

// Shards share what is derived from a file, and an aimed sweep over all seeds
// that there are ends when it is to.
func TestAimedSweepsAreSharedAndEnd(t *testing.T) {
	seen := map[string]bool{}
	for _, shard := range []string{"0/2", "1/2"} {
		code, out, message := seatrial(t, "sweep", "--mode", "error-every-read", calmDay, "--limit", "5", "--shard", shard, "--json")
		require.Equal(t, exitPass, code, message)
		for text := range strings.Lines(out) {
			assert.False(t, seen[text], text)
			seen[text] = true
		}
	}
	assert.Len(t, seen, 5)

	code, out, message := seatrial(t, "sweep", "--mode", "error-every-read", "--seeds", "1-18446744073709551615", "--for", "1s", "--workers", "2")
	assert.Contains(t, []int{exitPass, exitInconclusive}, code, message)
	assert.Regexp(t, `(?m)^\d+ seeds: \d+ pass$`, out)
}

func TestAimedSweepRefusesWhatMakesNoSense(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"sweep", "--mode", "crash", "--seeds", "1-2"}, `unknown mode "crash" (want one of crash-every-write`},
		{[]string{"sweep", "--mode", "pairs"}, "want --seeds A-B, or scenario files with --mode"},
		{[]string{"sweep", "--mode", "pairs", "--seeds", "1-2", calmDay}, "exclude each other"},
		{[]string{"sweep", calmDay}, "scenario files go with --mode"},
		{[]string{"sweep", "--seeds", "1-2", "--only", "x"}, "go with --mode"},
		{[]string{"sweep", "--mode", "pairs", calmDay, calmDay}, "given twice"},
		{[]string{"sweep", "--mode", "pairs", calmDay, "--limit", "-1"}, "--limit -1"},
		{[]string{"sweep", "--mode", "pairs", calmDay, "--only", "nobody"}, `no plan of the name "nobody"`},
	} {
		t.Run(strings.Join(c.args[1:], " "), func(t *testing.T) {
			code, stdout, stderr := seatrial(t, c.args...)
			assert.Equal(t, 2, code)
			assert.Contains(t, stderr, c.want)
			assert.Empty(t, stdout, "nothing was run")
		})
	}
}
