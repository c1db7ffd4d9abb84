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
