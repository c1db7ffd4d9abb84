package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/internal/exact"
)

// Goal: a trial in the tests of a Go package is swept as a subject of seatrial's own,
// and what a sweep leaves finds its test again; what is no trial is told in a line.
// Method: a package with a trial that fails now and then, swept, replayed, shrunk and
// summed up.

const (
	trials    = "../../internal/testbinary/testdata/counter"
	trialPath = "github.com/seatrial/seatrial/internal/testbinary/testdata/counter"
)

func TestATrialIsSweptAndFoundAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("links a test binary for each command")
	}
	dir := filepath.Join(t.TempDir(), "out")
	code, out, message := seatrial(t, "sweep", trials, "-run", "GivesUp", "--seeds", "1-20", "--workers", "2", "--max-failures", "1", "--shrink", "1", "--out", dir)
	require.Equal(t, exitViolated, code, "%s%s", out, message)
	assert.Contains(t, out, "TestGivesUp violated ")
	folders, err := filepath.Glob(filepath.Join(dir, "TestGivesUp-*"))
	require.NoError(t, err)
	require.Len(t, folders, 1)
	verdict, err := os.ReadFile(filepath.Join(folders[0], "verdict.json"))
	require.NoError(t, err)
	var kept struct {
		Outcome struct {
			Job struct{ Package, Subject string }
		}
	}
	require.NoError(t, json.Unmarshal(verdict, &kept))
	assert.Equal(t, trialPath, kept.Outcome.Job.Package)
	assert.Equal(t, "TestGivesUp", kept.Outcome.Job.Subject)
	assert.FileExists(t, filepath.Join(folders[0], "min.yaml"), "it was shrunk")

	code, out, message = seatrial(t, "replay", folders[0])
	assert.Equal(t, exitViolated, code, message)
	assert.Contains(t, out, "reproduced: same verdict, same events")
	code, out, message = seatrial(t, "run", filepath.Join(folders[0], "min.yaml"), "--subject", trials+":TestGivesUp")
	assert.Equal(t, exitViolated, code, message)
	assert.Contains(t, out, "--subject "+trialPath+":TestGivesUp", "the small plan has a command of its own")

	code, out, message = seatrial(t, "summarize", dir, "--junit", filepath.Join(dir, "junit.xml"))
	assert.Equal(t, exitViolated, code, message)
	assert.Contains(t, out, "TestGivesUp")

	t.Run("a baseline", func(t *testing.T) {
		code, out, message := seatrial(t, "sweep", trials, "-run", "GivesUp", "--seeds", "1-12", "--baseline", "TestTable/gives up")
		assert.Equal(t, exitPass, code, "nothing fails that does not fail there, too: %s%s", out, message)
		assert.Contains(t, out, trialPath+":TestTable/gives_up fails as well: ")
	})
	t.Run("a test that is gone", func(t *testing.T) {
		require.NoError(t, os.WriteFile(filepath.Join(folders[0], "verdict.json"), []byte(strings.ReplaceAll(string(verdict), "TestGivesUp", "TestGone")), 0o644))
		code, _, message := seatrial(t, "replay", folders[0])
		assert.Equal(t, exitUsage, code)
		assert.Contains(t, message, `"^TestGone$" matches no trial of `+trialPath+" (want one of TestSound, TestGivesUp, TestTable)")
	})
}

func TestWhatIsNoTrialIsRefused(t *testing.T) {
	none := filepath.Join(filepath.Dir(trials), "none")
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"no trial", []string{"sweep", none, "--seeds", "1-2"}, none + " has no trial (want a test that calls seatrial.Check"},
		{"several", []string{"sweep", trials, "--seeds", "1-2"}, "has 3 trials: choose one with -run: TestSound, TestGivesUp, TestTable"},
		{"none matches", []string{"sweep", trials, "-run", "Nobody", "--seeds", "1-2"}, `-run "Nobody" matches no trial`},
		{"no regexp", []string{"sweep", trials, "-run=(", "--seeds", "1-2"}, "missing closing )"},
		{"no package", []string{"sweep", "./nowhere", "--seeds", "1-2"}, "listing packages: "},
		{"two packages", []string{"sweep", trials, none, "--seeds", "1-2"}, "2 packages: a sweep is of one trial"},
		{"twice", []string{"sweep", trials, "--subject", "globalingressip", "--seeds", "1-2"}, "exclude each other"},
		{"does not build", []string{"sweep", filepath.Join(filepath.Dir(trials), "broken"), "--seeds", "1-2"}, "undefined: undefined"},
		{"exactly in a module", []string{"sweep", trials, "-run", "TestSound", "--seeds", "1-2", "--exact", "--engine", "wasm"}, "--engine wasm: a test binary forks"},
		{"exactly in a file", []string{"sweep", trials, "-run", "TestSound", "--seeds", "1-2", "--exact", "--module", "x"}, "the module of a trial is its test binary"},
		{"exactly with mutexes", []string{"sweep", trials, "-run", "TestSound", "--seeds", "1-2", "--exact", "--mutexes"}, "each in its own way"},
		{"exactly, and does not build", []string{"sweep", filepath.Join(filepath.Dir(trials), "broken"), "--seeds", "1-2", "--exact"}, "undefined: undefined"},
		{"a baseline", []string{"sweep", trials, "-run", "TestSound", "--seeds", "1-2", "--baseline", "historical/sibling"}, "a subject of this program cannot run the plans of a trial (want the name of a test in "},
		{"itself", []string{"sweep", trials, "-run", "TestSound", "--seeds", "1-2", "--baseline", "TestSound"}, "--baseline " + trialPath + ":TestSound is what is under test"},
		{"a baseline that is no trial", []string{"sweep", trials, "-run", "TestSound", "--seeds", "1-2", "--baseline", "TestNobody"}, "--baseline: "},
		{"mutexes of ours", []string{"sweep", "--mutexes", "--seeds", "1-2"}, "--mutexes goes with trials"},
		{"lists nothing", []string{"list", none}, "no trial in 1 package "},
		{"an overlay twice", []string{"test", "-overlay=x"}, "-overlay is given by seatrial test"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, message := seatrial(t, c.args...)
			assert.Equal(t, exitUsage, code)
			assert.Empty(t, out, "nothing was run")
			assert.Contains(t, message, c.want)
			assert.NotContains(t, strings.TrimSpace(message), "\n", "one line")
		})
	}
}

func TestListOfTrials(t *testing.T) {
	code, out, message := seatrial(t, "list", trials)
	require.Equal(t, exitPass, code, message)
	assert.Regexp(t, `(?m)^`+trialPath+`:TestTable  counter_test\.go:\d+$`, out)
	assert.NotContains(t, out, "TestOrdinary")
	assert.Contains(t, out, "testdata/day.yaml, a scenario")
	_, ours, _ := seatrial(t, "list")
	_, subjects, _ := seatrial(t, "subjects")
	assert.Equal(t, subjects, ours)
}

func TestFlagsOfGoTest(t *testing.T) {
	for _, c := range []struct {
		args string
		want bool
	}{
		{"-vet=all", true}, {"--vet all", true}, {"./... -run X -vet=off", true},
		{"-v", false}, {"-args -vet=off", false}, {"vet", false}, {"-vetoes", false},
	} {
		assert.Equal(t, c.want, hasFlag(strings.Fields(c.args), "vet"), c.args)
	}
	assert.Equal(t, []string{"sweep", "--run", "X", "--run=Y", "-runs"}, goStyle([]string{"sweep", "-run", "X", "-run=Y", "-runs"}))
	assert.Equal(t, []string{"test", "-run", "X"}, goStyle([]string{"test", "-run", "X"}), "which are go test's own")
}

// In exact mode a trial is the same run to the byte, what is drawn included: in any worker,
// and for the failure that is kept.
func TestATrialIsRunExactly(t *testing.T) {
	if testing.Short() {
		t.Skip("links a test binary for each command")
	}
	cache, err := exact.CacheDir()
	require.NoError(t, err)
	if exact.CanFork() != nil || !(exact.Builder{Cache: cache, Kind: exact.Fork}).Built(t.Context()) {
		t.Skip("the modules of exact mode have never been built here: make modules")
	}
	dir := filepath.Join(t.TempDir(), "out")
	code, out, message := seatrial(t, "sweep", trials, "-run", "GivesUp", "--seeds", "1-20", "--exact", "--max-failures", "1", "--shrink", "1", "--out", dir)
	require.Equal(t, exitViolated, code, "%s%s", out, message)
	folders, err := filepath.Glob(filepath.Join(dir, "TestGivesUp-*"))
	require.NoError(t, err)
	require.Len(t, folders, 1)
	assert.FileExists(t, filepath.Join(folders[0], "min.yaml"), "it was shrunk")
	code, out, message = seatrial(t, "replay", folders[0])
	assert.Equal(t, exitViolated, code, message)
	assert.Contains(t, out, "reproduced: same verdict, same events")
}
