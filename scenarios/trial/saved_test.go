//go:build !wasip1

package trial_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/scenarios/trial"
)

// Goal: what failed once is looked for again. Method: Check in processes of its
// own, in an empty folder, with a controller that fails and then one that does
// not.

const savedVariable = "SEATRIAL_TEST_SAVED"

func TestSaved(t *testing.T) {
	switch os.Getenv(savedVariable) {
	case "fails":
		trial.Check(t, trial.Trial{Controller: givesUp})
	case "passes":
		trial.Check(t, trial.Trial{Controller: idle})
	default:
		t.Skip("only in a process that a test below starts")
	}
}

func TestFailingSeedsAreSavedAndRunFirst(t *testing.T) {
	folder := t.TempDir()
	check := func(how string, flags ...string) (said string, passed bool) {
		c := exec.Command(os.Args[0], append([]string{"-test.run=^TestSaved$", "-test.v", "-test.short"}, flags...)...)
		c.Dir = folder
		c.Env = append(os.Environ(), savedVariable+"="+how)
		out, err := c.CombinedOutput()
		return string(out), err == nil
	}

	said, passed := check("fails", "-seatrial.seeds=70-90", "-seatrial.failures=2")
	require.False(t, passed, said)
	for _, seed := range []string{"seed-70.txt", "seed-71.txt"} {
		path := filepath.Join("testdata", "seatrial", "TestSaved", seed)
		assert.Contains(t, said, "saved: "+path)
		text, err := os.ReadFile(filepath.Join(folder, path))
		require.NoError(t, err)
		assert.Contains(t, string(text), "no API server")
	}

	said, passed = check("fails", "-seatrial.failures=2")
	require.False(t, passed, said)
	assert.Contains(t, said, "--- FAIL: TestSaved/seed-70")
	assert.Contains(t, said, "--- FAIL: TestSaved/seed-71")

	said, passed = check("passes")
	assert.True(t, passed, said)
	assert.Contains(t, said, "seeds 1-20: 22 run, 0 failed")
	said, passed = check("passes", "-seatrial.seeds=5")
	assert.True(t, passed, said)
	assert.Contains(t, said, "seeds 5: 1 run, 0 failed")

	require.NoError(t, os.WriteFile(filepath.Join(folder, "testdata", "seatrial", "TestSaved", "seed-x.txt"), nil, 0o600))
	said, passed = check("passes")
	assert.False(t, passed)
	assert.Contains(t, said, "seed-x.txt: its name is no seed (want seed-N.txt, or delete it)")
}
