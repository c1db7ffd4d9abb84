package testbinary_test

import (
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/internal/testbinary"
	"github.com/seatrial/seatrial/model"
)

// Goal: the tests of a package are found, chosen and made workers of as the go
// command would have it, and what cannot be one is told in a line. Method: packages in
// testdata: one with trials of which one is broken, one without, one that does not
// compile.

const (
	path    = "github.com/seatrial/seatrial/internal/testbinary/testdata/counter"
	counter = "./testdata/counter"
)

func TestListAndFind(t *testing.T) {
	packages, err := testbinary.List(t.Context(), counter, "./testdata/none")
	require.NoError(t, err)
	require.Len(t, packages, 2)
	assert.Equal(t, path, packages[0].ImportPath)
	assert.Equal(t, []string{"testdata/day.yaml"}, packages[0].Files)
	var trials []string
	for _, trial := range packages[0].Trials() {
		trials = append(trials, trial.Name)
	}
	assert.Equal(t, []string{"TestSound", "TestGivesUp", "TestTable"}, trials)
	assert.Len(t, packages[0].Tests, 4)
	assert.Empty(t, packages[1].Trials())

	for _, c := range []struct{ pkg, run, want, err string }{
		{counter, "TestSound", "TestSound", ""},
		{counter, "Gives", "TestGivesUp", ""},
		{counter, "^TestTable$/^gives up$", "TestTable/gives_up", ""},
		{counter, "TestOrdinary", "TestOrdinary", ""}, // named as it is: perhaps another package calls Check for it
		{counter, "", "", "./testdata/counter has 3 trials: choose one with -run: TestSound, TestGivesUp, TestTable"},
		{counter, "S|G", "", "has 2 trials: choose one with -run: TestSound, TestGivesUp"},
		{counter, "TestNobody", "", `-run "TestNobody" matches no trial of ./testdata/counter (want one of TestSound, TestGivesUp, TestTable)`},
		{counter, "(", "", "missing closing )"},
		{"./testdata/none", "", "", "./testdata/none has no trial (want a test that calls seatrial.Check"},
		{"./testdata/nowhere", "", "", "listing packages: "},
	} {
		trial, err := testbinary.Find(t.Context(), c.pkg, c.run)
		if c.err != "" {
			assert.ErrorContains(t, err, c.err, c.run)
			continue
		}
		if assert.NoError(t, err, c.run) {
			assert.Equal(t, c.want, trial.Test)
			assert.Equal(t, path, trial.Package)
		}
	}
}

func TestATestBinaryServes(t *testing.T) {
	if testing.Short() {
		t.Skip("links three test binaries")
	}
	build := func(pkg, run string) (testbinary.Trial, sweep.Pool, error) {
		trial, err := testbinary.Find(t.Context(), pkg, run)
		require.NoError(t, err)
		pool, err := trial.Build(t.Context(), t.TempDir())
		return trial, pool, err
	}
	trial, pool, err := build(counter, "TestTable/gives up")
	require.NoError(t, err)
	var outcomes []sweep.Outcome
	jobs := []sweep.Job{{Seed: 1, Subject: trial.Test}, {Seed: 2, Subject: trial.Test}, {Seed: 3, Subject: trial.Test}}
	require.NoError(t, pool.Run(t.Context(), slices.Values(jobs), func(o sweep.Outcome) { outcomes = append(outcomes, o) }))
	require.Len(t, outcomes, 3)
	failed := 0
	for _, o := range outcomes {
		assert.Empty(t, o.Error)
		if o.Verdict != model.VerdictPass {
			failed++
			assert.NotEmpty(t, o.Signature)
		}
	}
	assert.NotZero(t, failed, "it gives up when a call fails")

	_, _, err = build(counter, "TestOrdinary")
	assert.ErrorContains(t, err, "TestOrdinary of "+path+" does not come to a trial of that name")
	_, _, err = build("./testdata/broken", "TestBroken")
	assert.ErrorContains(t, err, "building the tests of github.com/seatrial/seatrial/internal/testbinary/testdata/broken: ")
	assert.ErrorContains(t, err, "broken_test.go:9:51: undefined: undefined")
}

// The overlay is made of the sources of this Go release; one that has other texts is
// refused.
func TestMutexes(t *testing.T) {
	dir := t.TempDir()
	file, err := testbinary.Mutexes(t.Context(), dir)
	require.NoError(t, err)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Contains(t, string(text), "/runtime/seatrial_mutex.go")
	again, err := testbinary.Mutexes(t.Context(), dir)
	require.NoError(t, err)
	assert.Equal(t, file, again)
}

// With the overlay, time passes while goroutines wait for a lock, and not while they
// wait for one that somebody outside may hold: the tests in testdata/mutex say so.
func TestTimePassesWhileGoroutinesWaitForALock(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the standard library")
	}
	file, err := testbinary.Mutexes(t.Context(), t.TempDir())
	require.NoError(t, err)
	out, err := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-count=1", "-timeout=2m", "-overlay="+file, "./testdata/mutex").CombinedOutput()
	assert.NoError(t, err, "%s", out)
}
