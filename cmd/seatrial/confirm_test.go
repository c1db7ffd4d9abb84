package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/model"
)

// Goal: seatrial confirm says of a failure whether it is one on a real API server,
// and never calls confirmed what is not. Method: outcomes of real runs, judged; and
// plans that cannot be had there, which are told before any cluster is asked. Package
// realcluster has runs that are really made.

func TestWhatARealRunSaysOfAFailure(t *testing.T) {
	for _, c := range []struct {
		explanation string
		real        sweep.Outcome
		answer      string
		code        int
	}{
		{"the same, and the cluster kept something", sweep.Outcome{Verdict: model.VerdictLiveness, Property: "like-twin", Signature: "like-twin: secrets *", Leftovers: "remove a"}, confirmed, exitViolated},
		{"the same", sweep.Outcome{Verdict: model.VerdictLiveness, Property: "like-twin", Signature: "like-twin: secrets *"}, confirmed, exitViolated},
		{"the same law, about something else", sweep.Outcome{Verdict: model.VerdictLiveness, Property: "like-twin", Signature: "like-twin: pods *"}, confirmed, exitViolated},
		{"another law", sweep.Outcome{Verdict: model.VerdictLiveness, Property: "quiet"}, notConfirmed, exitInconclusive},
		{"it passes", sweep.Outcome{Verdict: model.VerdictPass}, notConfirmed, exitPass},
		{"it passes, but was spared", sweep.Outcome{Verdict: model.VerdictPass, Unfired: []string{"crash-1"}}, notConfirmed, exitInconclusive},
	} {
		f := confirmation{Simulated: "like-twin", Signature: "like-twin: secrets *"}
		f.judge(c.real)
		assert.Equal(t, c.answer, f.Answer, c.explanation)
		assert.Equal(t, c.code, f.code, c.explanation)
		var out bytes.Buffer
		err := f.tell(&out, true)
		assert.Equal(t, c.code, exitCode(err), c.explanation)
		var printed confirmation
		require.NoError(t, json.Unmarshal(out.Bytes(), &printed), "one JSON object and nothing else")
		assert.Equal(t, c.answer, printed.Answer)
		assert.Equal(t, c.real.Leftovers, printed.Leftovers)
	}
}

func TestWhatCannotBeConfirmed(t *testing.T) {
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(kubeconfig, []byte("apiVersion: v1\nkind: Config\n"), 0o600))
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"no cluster", []string{"confirm", incident}, exitUsage, "--kubeconfig: missing"},
		{"no such cluster", []string{"confirm", incident, "--kubeconfig", "nowhere"}, exitUsage, "nowhere: no such file"},
		{"a speed of nothing", []string{"run", incident, "--speed", "2"}, exitUsage, "--speed has no meaning without --against"},
		{"no speed", []string{"confirm", incident, "--kubeconfig", kubeconfig, "--speed", "0"}, exitUsage, "--speed 0: want at least 1"},
		{"nothing", []string{"confirm", "--kubeconfig", kubeconfig}, exitUsage, "want an artifact, a scenario file or --seed N"},
		{"a pass", []string{"confirm", calmDay, "--kubeconfig", kubeconfig}, exitInconclusive, "not possible: calm-day, seed 0, globalingressip: it passes in simulation"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, message := seatrial(t, c.args...)
			assert.Equal(t, c.code, code)
			assert.Contains(t, out+message, c.want)
		})
	}
}
