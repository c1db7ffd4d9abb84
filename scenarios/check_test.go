package scenarios_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/scenarios"
)

// Goal: `go test` finds failing seeds, says what to do about them, and looks
// for them first the next time. Method: this test binary is started again, in
// a folder of its own, with a test that checks a subject with a bug.

const checkedSubject = "SEATRIAL_CHECKED_SUBJECT"

// TestChecked is what the tests below start: on its own it has nothing to check.
func TestChecked(t *testing.T) {
	name := os.Getenv(checkedSubject)
	if name == "" {
		t.Skip("started by the other tests of this file")
	}
	subject, ok := scenarios.FindSubject(name)
	require.True(t, ok)
	scenarios.Check(t, subject, scenarios.CheckOptions{})
}

// goTest runs TestChecked in dir and returns what it printed.
func goTest(t *testing.T, dir, subject string, flags ...string) (output string, passed bool) {
	t.Helper()
	c := exec.Command(os.Args[0], append([]string{"-test.run=^TestChecked$", "-test.v"}, flags...)...)
	c.Dir = dir
	c.Env = append(os.Environ(), checkedSubject+"="+subject)
	text, err := c.CombinedOutput()
	return string(text), err == nil
}

func TestCheckPassesWhatIsRight(t *testing.T) {
	dir := t.TempDir()
	output, passed := goTest(t, dir, scenarios.DefaultSubject, "-seatrial.seeds=1-20")
	assert.True(t, passed, output)
	assert.Contains(t, output, "seeds 1-20: 20 run, 0 failed")
	assert.NoDirExists(t, filepath.Join(dir, "testdata"), "nothing failed, so nothing is saved")
}

func TestCheckReportsSavesAndReplaysFailingSeeds(t *testing.T) {
	const buggy = "historical/delete-down"
	dir := t.TempDir()
	output, passed := goTest(t, dir, buggy, "-seatrial.seeds=1-200", "-seatrial.failures=2")
	require.False(t, passed, output)
	assert.Contains(t, output, "--- FAIL: TestChecked/seed-")
	assert.Contains(t, output, "historical/delete-down violated ")
	assert.Contains(t, output, "(reproduced 3/3)")
	assert.Contains(t, output, "again: go test -run '^TestChecked$' -seatrial.seeds=")
	saved, err := filepath.Glob(filepath.Join(dir, "testdata/seatrial/TestChecked/seed-*.yaml"))
	require.NoError(t, err)
	require.Len(t, saved, 2, output)

	// The saved seeds come first, and two of them are enough.
	output, passed = goTest(t, dir, buggy, "-seatrial.seeds=1", "-seatrial.failures=2")
	require.False(t, passed)
	assert.Contains(t, output, "--- FAIL: TestChecked/saved/seed-")
	assert.NotContains(t, output, "1 run")

	output, passed = goTest(t, dir, scenarios.DefaultSubject, "-seatrial.seeds=1")
	assert.True(t, passed, "with the bug gone they pass:\n%s", output)
	assert.Contains(t, output, "--- PASS: TestChecked/saved/seed-")

	require.NoError(t, os.WriteFile(saved[0], []byte("kind: Nonsense\n"), 0o644))
	output, passed = goTest(t, dir, scenarios.DefaultSubject, "-seatrial.seeds=1")
	assert.False(t, passed)
	assert.Contains(t, output, filepath.Base(saved[0])+":1:")
}

func TestCheckRefusesSeedsThatAreNone(t *testing.T) {
	output, passed := goTest(t, t.TempDir(), scenarios.DefaultSubject, "-seatrial.seeds=9-1")
	assert.False(t, passed)
	assert.Contains(t, output, "-seatrial.seeds: seeds \"9-1\": the range ends before it begins")
}
