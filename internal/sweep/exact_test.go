package sweep_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/internal/exact"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
)

// Goal: in exact mode a seed is the same run to the byte, events, log, stacks
// and all, for subjects that the native mode cannot repeat, too. Method: run
// each seed three times, on one worker and on several, and compare everything
// that comes out. `make exact` does that for 100 seeds of every subject.

var (
	exactSeeds    = flag.Uint64("exact-seeds", 2, "seeds per subject in the tests of exact mode")
	exactSubjects = flag.String("exact-subjects", globalingressip.Shipped, "subjects to test in exact mode, separated by commas; all: every one")
)

// exactJob needs a module, which takes minutes to build the first time: too
// long for a test. `make test` has built it before.
func exactJob(t testing.TB, kind string) sweep.Job {
	t.Helper()
	if err := exact.CanFork(); kind == exact.Fork && err != nil {
		t.Skip(err)
	}
	cache, err := exact.CacheDir()
	require.NoError(t, err)
	builder := exact.Builder{Cache: cache, Kind: kind, Progress: os.Stderr}
	if !builder.Built(t.Context()) {
		t.Skip("the modules of exact mode have never been built here: make modules")
	}
	file, err := builder.Build(t.Context())
	require.NoError(t, err)
	_, _, err = exact.Compile(t.Context(), file, cache, os.Stderr)
	require.NoError(t, err)
	return sweep.Job{Subject: globalingressip.Shipped, Trace: true, Exact: &sweep.Exact{Module: file, Cache: cache}}
}

// eachKind tests modules of both kinds.
func eachKind(t *testing.T, test func(*testing.T, sweep.Job)) {
	for _, kind := range []string{exact.Wasm, exact.Fork} {
		t.Run(kind, func(t *testing.T) { test(t, exactJob(t, kind)) })
	}
}

func contended(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "contended.yaml"))
	require.NoError(t, err)
	return string(text)
}

func TestAnExactRunIsTheSameToTheByte(t *testing.T) { eachKind(t, testExactRuns) }

func testExactRuns(t *testing.T, job sweep.Job) {
	subjects := strings.Split(*exactSubjects, ",")
	if *exactSubjects == "all" {
		subjects = nil
		for _, s := range globalingressip.Subjects() {
			subjects = append(subjects, s.Name)
		}
	}
	for _, subject := range subjects {
		t.Run(subject, func(t *testing.T) {
			jobs := make([]sweep.Job, *exactSeeds)
			for i := range jobs {
				jobs[i] = job
				jobs[i].Subject, jobs[i].Seed, jobs[i].Coverage = subject, uint64(i+1), true
			}
			for _, o := range compareExact(t, jobs) {
				assert.NotEmpty(t, o.Covered, "seed %d", o.Job.Seed)
			}
		})
	}
}

func TestContentionIsRepeatedInExactModeOnly(t *testing.T) { eachKind(t, testContention) }

func testContention(t *testing.T, job sweep.Job) {
	job.Subject, job.Plan, job.File = "historical/3336", contended(t), "contended.yaml"
	jobs := make([]sweep.Job, *exactSeeds)
	for i := range jobs {
		jobs[i] = job
		jobs[i].Seed = uint64(i + 1)
	}
	hashes := map[string]bool{compareExact(t, jobs)[0].Hash: true}

	var schedules []sweep.Job
	for schedule := range uint64(3) {
		other := jobs[0]
		e := *other.Exact
		e.Schedule = schedule + 1
		other.Exact = &e
		schedules = append(schedules, other)
	}
	for _, o := range run(t, sweep.Pool{}, schedules) {
		assert.Equal(t, model.VerdictPass, o.Verdict, o.Message)
		hashes[o.Hash] = true
	}
	assert.Greater(t, len(hashes), 1, "the schedules of one seed are different interleavings")

	clear(hashes)
	job.Exact = nil
	for _, o := range run(t, sweep.Pool{}, []sweep.Job{job, job, job, job, job, job, job, job}) {
		hashes[o.Hash] = true
	}
	assert.Greater(t, len(hashes), 1, "natively it differs from run to run: if it no longer does, this test needs another subject")
}

func compareExact(t *testing.T, jobs []sweep.Job) []sweep.Outcome {
	t.Helper()
	first := run(t, sweep.Pool{}, jobs)
	for _, workers := range []int{2, 1} {
		for i, o := range run(t, sweep.Pool{Workers: workers}, jobs) {
			assert.NotEmpty(t, o.Trace, o.Error)
			assert.NotEmpty(t, o.Log)
			assert.Equal(t, first[i], o, "%s seed %d on %d workers", o.Job.Subject, o.Job.Seed, workers)
			assert.Equal(t, o.Runs, o.Reproduced, "%s seed %d", o.Job.Subject, o.Job.Seed)
		}
	}
	return first
}

func TestAFileThatIsNoModuleSaysSo(t *testing.T) {
	job := sweep.Job{Seed: 1, Subject: globalingressip.Shipped}
	cache := t.TempDir()
	text := filepath.Join(cache, "text.wasm")
	require.NoError(t, os.WriteFile(text, []byte("not a module"), 0o644))
	for _, c := range []struct{ file, want string }{
		{text, "not a WebAssembly module"},
		{filepath.Join(cache, "gone.wasm"), "gone.wasm"},
	} {
		job.Exact = &sweep.Exact{Module: c.file, Cache: cache}
		assert.Contains(t, run(t, sweep.Pool{}, []sweep.Job{job})[0].Error, c.want)
	}
}
