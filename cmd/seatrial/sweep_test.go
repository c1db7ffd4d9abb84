package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/internal/results"
)

// Goal: a sweep can be stopped in any way, gone on with, and shared between
// machines, and loses and repeats nothing. Method: sweeps of a few seeds of a
// subject that fails now and then; processes that are killed half way.

const failsNowAndThen = "historical/1457"

// failsAlike fails two of seeds 13-16, with one signature.
const failsAlike = "historical/1738"

// program starts the program itself in a process of its own.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), asProgram+"=1")
	c.Stderr = os.Stderr
	require.NoError(t, c.Start())
	return c
}

// journal is what a results folder has of each run, by seed.
func journal(t *testing.T, dir string) map[uint64]results.Entry {
	t.Helper()
	_, entries, err := results.Read(dir)
	require.NoError(t, err)
	out := make(map[uint64]results.Entry)
	for _, e := range entries {
		assert.NotContains(t, out, e.Seed, "no seed is there twice")
		e.Artifact, e.Replay, e.New = "", "", nil // these depend on the folder
		out[e.Seed] = e
	}
	return out
}

// waitForRuns waits until a sweep has kept so many runs.
func waitForRuns(t *testing.T, dir string, runs int) {
	t.Helper()
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(filepath.Join(dir, "outcomes.jsonl"))
		return err == nil && bytes.Count(text, []byte("\n")) >= runs
	}, time.Minute, 5*time.Millisecond)
}

func TestAKilledShardLosesAndRepeatsNothing(t *testing.T) {
	const seeds = "1-30" // none of them depends on the order of a map, as native runs may
	dir := t.TempDir()
	whole, shards := filepath.Join(dir, "whole"), filepath.Join(dir, "shards")
	code, _, message := seatrial(t, "sweep", "--seeds", seeds, "--subject", failsNowAndThen, "--out", whole, "--workers", "2")
	require.Equal(t, exitViolated, code, message)

	command := func(shard string) []string {
		return []string{"sweep", "--seeds", seeds, "--subject", failsNowAndThen, "--resume", shards, "--shard", shard, "--workers", "1"}
	}
	var running []*exec.Cmd
	for _, shard := range []string{"0/3", "1/3", "2/3"} {
		running = append(running, program(t, command(shard)...))
	}
	waitForRuns(t, filepath.Join(shards, "shard-1-of-3"), 3)
	require.NoError(t, running[1].Process.Signal(syscall.SIGKILL))
	for _, c := range running {
		c.Wait() // how it ended is in the journals
	}
	done := len(journal(t, filepath.Join(shards, "shard-1-of-3")))
	require.Less(t, done, 10, "it was killed before its end")

	code, table, _ := seatrial(t, "summarize", shards)
	assert.Equal(t, exitViolated, code)
	assert.Contains(t, table, "runs; go on with seatrial sweep --resume FOLDER")

	code, _, message = seatrial(t, command("1/3")...)
	assert.Contains(t, []int{exitPass, exitViolated}, code, message)
	var together bytes.Buffer
	code, text, _ := seatrial(t, "summarize", shards, "--json", "--junit", filepath.Join(dir, "junit.xml"))
	assert.Equal(t, exitViolated, code)
	together.WriteString(text)
	var summary results.Summary
	require.NoError(t, json.Unmarshal(together.Bytes(), &summary))
	assert.Zero(t, summary.Missing)
	assert.Zero(t, summary.Repeated)
	require.Len(t, summary.Subjects, 1)
	assert.Equal(t, 30, summary.Subjects[0].Runs)

	all := make(map[uint64]results.Entry)
	for _, shard := range []string{"shard-0-of-3", "shard-1-of-3", "shard-2-of-3"} {
		for seed, e := range journal(t, filepath.Join(shards, shard)) {
			all[seed] = e
		}
	}
	assert.Equal(t, journal(t, whole), all, "three processes, one of them killed, find what one finds")
	assertJUnit(t, filepath.Join(dir, "junit.xml"), len(summary.Failures))
}

func assertJUnit(t *testing.T, file string, failures int) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var root struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Suites   []struct {
			Cases []struct {
				Name    string    `xml:"name,attr"`
				Failure *struct{} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	require.NoError(t, xml.Unmarshal(text, &root))
	assert.Equal(t, failures, root.Failures)
	assert.Equal(t, failures+1, root.Tests, "one case stands for all that passed")
	require.Len(t, root.Suites, 1)
	found := 0
	for _, c := range root.Suites[0].Cases {
		if c.Failure != nil {
			found++
		}
	}
	assert.Equal(t, failures, found)
}

func TestAnInterruptedSweepSumsUpAndGoesOn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	args := []string{"sweep", "--seeds", "1-40", "--resume", dir, "--workers", "2"}
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), asProgram+"=1")
	var out, messages bytes.Buffer
	c.Stdout, c.Stderr = &out, &messages
	require.NoError(t, c.Start())
	waitForRuns(t, dir, 3)
	require.NoError(t, c.Process.Signal(os.Interrupt))
	err := c.Wait()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, exitInconclusive, exit.ExitCode(), out.String())
	assert.Contains(t, messages.String(), "interrupted")
	done := len(journal(t, dir))
	assert.Less(t, done, 40)
	assert.Regexp(t, `(?m)^\d+ seeds: \d+ pass$`, out.String(), "no seed is taken for a crash because of the interrupt")

	code, text, message := seatrial(t, "sweep", "--resume", dir)
	assert.Equal(t, exitPass, code, message)
	assert.Contains(t, text, "40 seeds: 40 pass")
	assert.Len(t, journal(t, dir), 40)
}

func TestAResultsFolderIsNotWrittenOver(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	sweep := func(args ...string) (int, string) {
		code, _, message := seatrial(t, append([]string{"sweep"}, args...)...)
		return code, message
	}
	code, message := sweep("--seeds", "1-3", "--out", dir)
	require.Equal(t, exitPass, code, message)
	before, err := os.ReadFile(filepath.Join(dir, "outcomes.jsonl"))
	require.NoError(t, err)

	code, message = sweep("--seeds", "1-3", "--out", dir)
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, message, "it holds a sweep of seeds 1-3, of globalingressip, 3 runs done (want --resume")
	code, message = sweep("--seeds", "1-4", "--resume", dir)
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, message, "this is one of seeds 1-4")

	other, err := results.Open(dir, mustRead(t, dir), true)
	require.NoError(t, err)
	code, message = sweep("--resume", dir)
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, message, "another sweep is writing to it")
	require.NoError(t, other.Close())

	about := mustRead(t, dir)
	about.Generator = "another/2"
	text, err := json.Marshal(about)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sweep.json"), text, 0o644))
	code, message = sweep("--resume", dir)
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, message, "generator another/2")
	assert.Contains(t, message, "generator swarm/", "both are named")

	after, err := os.ReadFile(filepath.Join(dir, "outcomes.jsonl"))
	require.NoError(t, err)
	assert.Equal(t, before, after)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "sweep.json"), []byte("{"), 0o644))
	code, message = sweep("--resume", dir)
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, message, "sweep.json is damaged")
}

func mustRead(t *testing.T, dir string) results.Manifest {
	t.Helper()
	about, _, err := results.Read(dir)
	require.NoError(t, err)
	return about
}

func TestASweepEndsWithTheNthFailureWhateverTheWorkers(t *testing.T) {
	sweep := func(flags ...string) (verdicts []string) {
		code, out, message := seatrial(t, append([]string{"sweep", "--subject", failsNowAndThen, "--json"}, flags...)...)
		require.Equal(t, exitViolated, code, message)
		for text := range strings.Lines(out) {
			var l line
			require.NoError(t, json.Unmarshal([]byte(text), &l))
			verdicts = append(verdicts, fmt.Sprintf("%d %s %s", l.Seed, l.Verdict, l.Property))
		}
		return verdicts
	}
	one, three := sweep("--max-failures", "2", "--workers", "1"), sweep("--max-failures", "2", "--workers", "3")
	assert.Equal(t, one, three)
	assert.NotContains(t, one[len(one)-1], "pass", "the last is the second failure")
	first := sweep("--until-failure")
	assert.Equal(t, one[:len(first)], first)
	assert.Less(t, len(first), len(one))
}

// A sweep that ended with its last failure, or was killed just then, is over.
func TestGoingOnKeepsTheLimitOfFailures(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	code, _, message := seatrial(t, "sweep", "--until-failure", "--subject", failsNowAndThen, "--out", dir, "--workers", "1")
	require.Equal(t, exitViolated, code, message)
	before := journal(t, dir)

	code, out, _ := seatrial(t, "sweep", "--resume", dir, "--until-failure", "--workers", "1")
	assert.Equal(t, exitViolated, code)
	assert.Equal(t, before, journal(t, dir))
	assert.Contains(t, out, "violated", "what was found is said again")

	code, _, _ = seatrial(t, "sweep", "--resume", dir, "--max-failures", "2", "--workers", "1")
	assert.Equal(t, exitViolated, code)
	assert.Greater(t, len(journal(t, dir)), len(before))

	for _, c := range []struct {
		want string
		args []string
	}{
		{"this is one of seeds 1-18446744073709551615, of globalingressip", []string{"--subject", "globalingressip"}},
		{"with faults that Kubernetes does not permit", []string{"--allow-illegal"}},
		{"scenario files go with --mode", []string{calmDay}},
	} {
		code, out, message = seatrial(t, append([]string{"sweep", "--resume", dir}, c.args...)...)
		assert.Equal(t, exitUsage, code)
		assert.Contains(t, message, c.want)
		assert.Empty(t, out, "nothing was run")
	}
}

func TestASweepForATime(t *testing.T) {
	code, out, message := seatrial(t, "sweep", "--for", "1s")
	assert.Equal(t, exitPass, code, message)
	assert.Regexp(t, `(?m)^\d+ seeds: \d+ pass$`, out)
}

func TestShardsOfAnIndexedJob(t *testing.T) {
	t.Setenv("JOB_COMPLETION_INDEX", "1")
	code, _, message := seatrial(t, "sweep", "--seeds", "1-4")
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, message, "JOB_COMPLETIONS is not")
	t.Setenv("JOB_COMPLETIONS", "2")
	code, out, message := seatrial(t, "sweep", "--seeds", "1-4", "--json")
	require.Equal(t, exitPass, code, message)
	assert.Contains(t, out, `"seed":2`)
	assert.Contains(t, out, `"seed":4`)
	assert.Equal(t, 2, strings.Count(out, "\n"))
}

func TestFailuresAreShrunkAndIndexed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	code, _, message := seatrial(t, "sweep", "--subject", failsAlike, "--seeds", "35-38", "--shrink", "1", "--out", dir)
	require.Equal(t, exitViolated, code, message)
	page, err := os.ReadFile(filepath.Join(dir, "index.html"))
	require.NoError(t, err)
	assert.Contains(t, string(page), "converges")
	assert.Contains(t, string(page), "/min.html")
	assert.Contains(t, string(page), "not shrunk", "but the first of a signature")
	small, err := filepath.Glob(filepath.Join(dir, "*", "min.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, small)
	require.Less(t, len(small), 3)
	code, _, message = seatrial(t, "run", small[0], "--subject", failsAlike)
	assert.Equal(t, exitViolated, code, message)
}

func TestSummarizeRefusesWhatIsNoResult(t *testing.T) {
	dir := t.TempDir()
	code, _, message := seatrial(t, "summarize", dir)
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, message, "want what seatrial sweep --out wrote")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sweep.json"), []byte(`{"seeds":"1-4","subject":"globalingressip"}`), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "outcomes.jsonl"), []byte("{\"seed\":1,\"verdict\":\"pass\"}\nnonsense\n"), 0o644))
	code, _, message = seatrial(t, "summarize", dir)
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, message, "outcomes.jsonl:2: not an outcome")
}

// A failure that the baseline subject has as well is told apart: the plan is to blame,
// or what the two have in common.
func TestFailuresOfTheBaselineAreToldApart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	seeds := []string{"sweep", "--seeds", "59-68", "--subject", failsNowAndThen}
	code, _, message := seatrial(t, append(seeds, "--out", dir)...)
	require.Equal(t, exitViolated, code, message)
	alone := journal(t, dir)

	beside := filepath.Join(t.TempDir(), "out")
	code, out, message := seatrial(t, append(seeds, "--baseline", "historical/sibling", "--out", beside)...)
	require.Contains(t, ended, code, message)
	told := 0
	for seed, e := range journal(t, beside) {
		assert.Equal(t, alone[seed].Verdict, e.Verdict, "what is told apart is the same run")
		if e.Known != "" {
			told++
			assert.Contains(t, e.Known, "historical/sibling fails as well: ")
			assert.Empty(t, e.Artifact)
		}
	}
	require.NotZero(t, told, "seed 65")
	assert.Contains(t, out, fmt.Sprintf("%d known failure", told))
	for _, c := range []struct{ flag, want string }{
		{"nobody", "there is no such subject"}, {failsNowAndThen, "is what is under test"},
	} {
		code, _, message := seatrial(t, append(seeds, "--baseline", c.flag)...)
		assert.Equal(t, exitUsage, code)
		assert.Contains(t, message, c.want)
	}
}
