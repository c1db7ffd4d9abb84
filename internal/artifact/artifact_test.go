package artifact_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/internal/artifact"
	"github.com/seatrial/seatrial/internal/explain"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios/swarm"
	"github.com/seatrial/seatrial/sim"
)

// Goal: an artifact is there whole, and what is not as it was written is never
// replayed. Method: one is written, read back, and damaged in every file that a
// replay depends on.

func failure(t *testing.T) sweep.Outcome {
	t.Helper()
	event, err := json.Marshal(sim.Event{Seq: 1, At: time.Second, Type: "sent", Process: "controller-1"})
	require.NoError(t, err)
	return sweep.Outcome{
		Job: sweep.Job{Seed: 7, Subject: "historical/3336"}, Scenario: "storm",
		Verdict: model.VerdictSafety, Property: "no-free-while-exported", Message: "242.0.0.1 was freed",
		Hash: "abc", Virtual: time.Minute, Runs: 3, Reproduced: 3,
		Plan: "name: storm\n", Trace: append(event, '\n'), Log: []byte("1s controller-1 hello\n"),
	}
}

func written(t *testing.T) string {
	t.Helper()
	path, err := artifact.Write(t.TempDir(), "v1.2.3", failure(t))
	require.NoError(t, err)
	return path
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	path := written(t)
	assert.Equal(t, "historical-3336-storm-seed-7", filepath.Base(path))

	a, err := artifact.Read(path)
	require.NoError(t, err)
	assert.Equal(t, "name: storm\n", a.Plan)
	assert.Equal(t, "v1.2.3", a.Version)
	assert.Equal(t, swarm.Version, a.Generator)
	assert.Equal(t, failure(t).Job, a.Outcome.Job)
	assert.Equal(t, "no-free-while-exported", a.Outcome.Property)
	require.Len(t, a.Events, 1)
	assert.Equal(t, "controller-1", a.Events[0].Process)
	for _, name := range []string{"README.md", "controller.log", "report.html"} {
		assert.FileExists(t, filepath.Join(path, name))
	}
	assert.NoFileExists(t, filepath.Join(path, "porcupine.html"), "porcupine found nothing")
}

// Who finds the folder learns from it what failed, how to see it again, and with what.
func TestTheFolderSaysWhatItIs(t *testing.T) {
	o := failure(t)
	o.Culprit = &sweep.Culprit{Seq: 12, Text: "the very event"}
	o.Why = &explain.Story{Sentence: "it was told 503, and *then* freed it", Steps: []explain.Step{
		{Kind: explain.Fault, Seq: 3, At: time.Second, Rule: "down", Text: "service-unavailable (down) strikes"},
		{Kind: explain.Broken, Seq: 12, At: 1012 * time.Millisecond, Text: "it frees <242.0.0.1>"}}}
	o.Job.Exact = &sweep.Exact{Engine: "fork", Schedule: 5, Digest: "sha256:abc"}
	o.Porcupine = []byte("<html>")
	path, err := artifact.Write(t.TempDir(), "v1.2.3", o)
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(path, "README.md"))
	require.NoError(t, err)
	for _, want := range []string{
		"# historical/3336: safety\n", "Property `no-free-while-exported`: 242.0.0.1 was freed\n", "Culprit: event 12: the very event\n",
		"\n    it was told 503, and *then* freed it.\n", "+12ms  event 12     it frees <242.0.0.1>\n",
		"    seatrial replay .\n", "    seatrial shrink . -o min.yaml\n",
		"An exact run, engine fork, schedule 5, of module sha256:abc.", "Scenario storm, seed 7, hash abc, reproduced 3/3.\n",
		"Made with seatrial v1.2.3, generator " + swarm.Version + ", go1.",
	} {
		assert.Contains(t, string(text), want)
	}
	assert.FileExists(t, filepath.Join(path, "porcupine.html"))
	page, err := os.ReadFile(filepath.Join(path, "report.html"))
	require.NoError(t, err)
	for _, want := range []string{`"reproduced":"3/3"`, `"version":"v1.2.3"`, `"porcupine":true`, `"plan":"name: storm\n"`, `"replay":"seatrial replay ."`} {
		assert.Contains(t, string(page), want)
	}
	a, err := artifact.Read(path)
	require.NoError(t, err)
	assert.Empty(t, string(a.Outcome.Trace)+string(a.Outcome.Log)+string(a.Outcome.Porcupine)+a.Outcome.Plan, "what has a file of its own is in that alone")

	require.NoError(t, artifact.NoteShrunk(path))
	text, err = os.ReadFile(filepath.Join(path, "README.md"))
	require.NoError(t, err)
	assert.NotContains(t, string(text), "seatrial shrink", "that is done")
	assert.Contains(t, string(text), "    seatrial replay min.yaml --seed 7 --subject historical/3336\n")
	assert.NotContains(t, string(text), path, "the folder may be moved")

	passed := failure(t)
	passed.Verdict, passed.Property, passed.Message = model.VerdictPass, "", ""
	path, err = artifact.Write(t.TempDir(), "v1.2.3", passed)
	require.NoError(t, err)
	text, err = os.ReadFile(filepath.Join(path, "README.md"))
	require.NoError(t, err)
	assert.NotContains(t, string(text), "Property")
	assert.NotContains(t, string(text), "Culprit")
	assert.NotContains(t, string(text), "exact")
}

// Nobody should work for a day on a finding that no controller has to survive.
func TestFaultsThatKubernetesDoesNotPermitAreNamed(t *testing.T) {
	for _, illegal := range []bool{false, true} {
		o := failure(t)
		o.Illegal = illegal
		path, err := artifact.Write(t.TempDir(), "v1", o)
		require.NoError(t, err)
		readme, err := os.ReadFile(filepath.Join(path, "README.md"))
		require.NoError(t, err)
		assert.Equal(t, illegal, strings.Contains(string(readme), "faults that Kubernetes does not permit"))
		page, err := os.ReadFile(filepath.Join(path, "report.html"))
		require.NoError(t, err)
		assert.Equal(t, illegal, strings.Contains(string(page), `"illegal":true`))
	}
}

func TestASecondArtifactOfTheRunReplacesTheFirstAndLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	_, err := artifact.Write(dir, "v1", failure(t))
	require.NoError(t, err)
	later := failure(t)
	later.Log = nil
	path, err := artifact.Write(dir, "v2", later)
	require.NoError(t, err)

	a, err := artifact.Read(path)
	require.NoError(t, err)
	assert.Equal(t, "v2", a.Version)
	assert.NoFileExists(t, filepath.Join(path, "controller.log"), "the first one's")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 1, "no temporary folder is left")
}

func TestWhatIsNotAsItWasWrittenIsNotReplayed(t *testing.T) {
	truncate := func(data string) string { return data[:len(data)/2] }
	for _, c := range []struct {
		name, file string
		change     func(string) string
		want       string
	}{
		{"half a trace", "trace.jsonl", truncate, "trace.jsonl is not what was written"},
		{"an edited plan", "plan.yaml", func(s string) string { return s + "seed: 8\n" }, "run it as a scenario"},
		{"half a verdict", "verdict.json", truncate, "verdict.json is damaged"},
		{"nothing in the verdict", "verdict.json", func(string) string { return "{}" }, "verdict.json is damaged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := written(t)
			file := filepath.Join(path, c.file)
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(file, []byte(c.change(string(data))), 0o644))

			_, err = artifact.Read(path)
			assert.ErrorContains(t, err, c.want)
		})
	}

	t.Run("a missing trace", func(t *testing.T) {
		path := written(t)
		require.NoError(t, os.Remove(filepath.Join(path, "trace.jsonl")))
		_, err := artifact.Read(path)
		assert.ErrorIs(t, err, os.ErrNotExist)
	})
}

func TestWhatAKilledWriteLeftIsRemoved(t *testing.T) {
	path := written(t)
	dir := filepath.Dir(path)
	for _, name := range []string{".writing-1", ".writing-1.old"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name, "plan.yaml"), nil, 0o644))
	}
	require.NoError(t, artifact.RemoveUnfinished(dir))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	_, err = artifact.Read(path)
	assert.NoError(t, err)
}

func TestAFolderThatCannotBeWrittenIsAnErrorBeforeAnythingRuns(t *testing.T) {
	file := filepath.Join(t.TempDir(), "taken")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	assert.Error(t, artifact.Prepare(file), "a file is in its place")
	require.NoError(t, artifact.Prepare(filepath.Join(t.TempDir(), "a", "b")), "made if need be")
}

// A name says each thing once, and a file system takes it, however long the scenario's is.
func TestNamesOfFolders(t *testing.T) {
	o := failure(t)
	o.Scenario = "seed-7"
	assert.Equal(t, "historical-3336-seed-7", artifact.Name(o))
	o.Job.Subject, o.Scenario = "TestSite", "testsite-seed-7"
	assert.Equal(t, "TestSite-seed-7", artifact.Name(o))
	o.Scenario = "testsites"
	assert.Equal(t, "TestSite-testsites-seed-7", artifact.Name(o))
	o.Scenario = strings.Repeat("x", 253)
	long := artifact.Name(o)
	assert.LessOrEqual(t, len(long), 200)
	assert.True(t, strings.HasSuffix(long, "-seed-7"), long)
	o.Scenario = strings.Repeat("x", 120) + "y" + strings.Repeat("x", 132)
	assert.NotEqual(t, long, artifact.Name(o), "long names that differ in the middle stay apart")
	_, err := artifact.Write(t.TempDir(), "v1", o)
	assert.NoError(t, err)
}
