package results_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/internal/results"
	"github.com/seatrial/seatrial/model"
)

// Goal: a folder tells what was done, however its sweep ended, and folders add
// up. Method: folders written by hand, damaged as a kill or a bad disk damages.

var about = results.Manifest{Subject: "globalingressip", Seeds: "1-4", Version: "v1", Generator: "g/1"}

func entry(seed uint64, verdict model.VerdictKind, hash string) results.Entry {
	e := results.Entry{Seed: seed, Scenario: "seed", Subject: "globalingressip", Verdict: verdict, Hash: hash, Requests: 10, Fired: map[string]int{"crash": 1}}
	if verdict != model.VerdictPass {
		e.Property, e.Artifact = "converges", "folder"
	}
	return e
}

// folder writes a results folder.
func folder(t *testing.T, a results.Manifest, entries ...results.Entry) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "results")
	f, err := results.Open(path, a, false)
	require.NoError(t, err)
	for _, e := range entries {
		require.NoError(t, f.Add(e))
	}
	require.NoError(t, f.Close())
	return path
}

func TestHalfALineIsCutOff(t *testing.T) {
	one := entry(1, model.VerdictPass, "a")
	path := folder(t, about, one)
	journal := filepath.Join(path, "outcomes.jsonl")
	whole, err := os.ReadFile(journal)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(journal, append(bytes.Clone(whole), whole[:20]...), 0o644))

	f, err := results.Open(path, about, true)
	require.NoError(t, err)
	assert.Equal(t, []results.Entry{one}, f.Entries)
	two := entry(2, model.VerdictPass, "b")
	require.NoError(t, f.Add(two))
	require.NoError(t, f.Close())
	_, entries, err := results.Read(path)
	require.NoError(t, err)
	assert.Equal(t, []results.Entry{one, two}, entries)
}

// A sweep goes on after as many runs as there are lines: a journal that has lost
// one would make it lose a run and repeat another.
func TestAJournalWithAGapIsRefused(t *testing.T) {
	shard := about
	shard.Shard = "1/2"
	run := func(seed uint64) results.Entry { return entry(seed, model.VerdictPass, "a") }
	for _, c := range []struct {
		name    string
		about   results.Manifest
		entries []results.Entry
		want    string
	}{
		{"a gap", about, []results.Entry{run(1), run(3)}, "outcomes.jsonl:2: it is about seed 3 (want seed 2"},
		{"a run twice", about, []results.Entry{run(1), run(1)}, "outcomes.jsonl:2: it is about seed 1 (want seed 2"},
		{"another shard's", shard, []results.Entry{run(2), run(3)}, "outcomes.jsonl:2: it is about seed 3 (want seed 4"},
		{"a run too many", shard, []results.Entry{run(2), run(4), run(6)}, "outcomes.jsonl:3: a run too many (want 2 of seeds 1-4)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := folder(t, c.about, c.entries...)
			_, err := results.Open(path, c.about, true)
			assert.ErrorContains(t, err, c.want)
			_, err = results.Merge([]string{path})
			assert.ErrorContains(t, err, c.want)
		})
	}
}

// How many runs an aimed sweep has only its end tells, so without one it is not a
// pass. Where its files are does not matter, what is in them does.
func TestAnAimedSweepEnds(t *testing.T) {
	aimed := results.Manifest{Subject: "globalingressip", Version: "v1", Generator: "g/1", Aim: results.Aim{
		Mode: "pairs", Files: []results.File{results.FileOf("here/a.yaml", []byte("a"))},
	}}
	path := folder(t, aimed, entry(1, model.VerdictPass, "a"))
	s, err := results.Merge([]string{path})
	require.NoError(t, err)
	assert.Equal(t, 1, s.Unfinished)
	assert.Equal(t, model.VerdictInconclusive, s.Verdict())
	var table, junit bytes.Buffer
	require.NoError(t, s.WriteTable(&table))
	assert.Contains(t, table.String(), "not ended: 1 aimed sweep; go on with")
	require.NoError(t, s.WriteJUnit(&junit))
	assert.Contains(t, junit.String(), "not ended: 1 aimed sweep")

	moved := aimed
	moved.Aim.Files = []results.File{results.FileOf("there/a.yaml", []byte("a"))}
	f, err := results.Open(path, moved, true)
	require.NoError(t, err)
	require.NoError(t, f.Add(entry(2, model.VerdictPass, "b")))
	require.NoError(t, f.End(2, nil))
	require.NoError(t, f.Close())
	s, err = results.Merge([]string{path})
	require.NoError(t, err)
	assert.Zero(t, s.Unfinished)
	assert.Equal(t, model.VerdictPass, s.Verdict())

	for _, c := range []struct {
		name   string
		change func(*results.Manifest)
		want   string
	}{
		{"content", func(a *results.Manifest) { a.Aim.Files = []results.File{results.FileOf("here/a.yaml", []byte("b"))} }, "it holds a sweep of a.yaml (ca978112), aimed: pairs, of globalingressip, made with seatrial v1, generator g/1; this is one of a.yaml (3e23e816)"},
		{"mode", func(a *results.Manifest) { a.Aim.Mode = "error-every-read" }, "aimed: error-every-read"},
		{"limit", func(a *results.Manifest) { a.Aim.Limit = 5 }, "at most 5 each"},
		{"faults", func(a *results.Manifest) { a.Aim.KeepFaults = true }, "beside the plan's own faults"},
		{"only", func(a *results.Manifest) { a.Aim.Only = "a-0001" }, "only a-0001"},
		{"shard", func(a *results.Manifest) { a.Shard = "0/2" }, "shard 0/2"},
		{"subject", func(a *results.Manifest) { a.Subject = "historical/3336" }, "of historical/3336"},
		{"version", func(a *results.Manifest) { a.Version = "v2" }, "made with seatrial v2"},
		{"not aimed", func(a *results.Manifest) { *a = about }, "this is one of seeds 1-4, of globalingressip"},
	} {
		other := aimed
		c.change(&other)
		_, err := results.Open(path, other, true)
		assert.ErrorContains(t, err, c.want, c.name)
	}

	require.NoError(t, os.WriteFile(filepath.Join(path, "ended.json"), []byte("{"), 0o644))
	_, err = results.Merge([]string{path})
	assert.ErrorContains(t, err, "ended.json")
}

func TestMergeCountsARunOnceAndSeesWhatDiverged(t *testing.T) {
	first, second := about, about
	first.Shard, second.Shard = "0/2", "1/2"
	a := folder(t, first, entry(1, model.VerdictPass, "a"), entry(3, model.VerdictLiveness, "c"))
	b := folder(t, second, entry(2, model.VerdictPass, "b"))
	again := folder(t, first, entry(1, model.VerdictPass, "a"), entry(3, model.VerdictPass, "other"))

	s, err := results.Merge([]string{a, b})
	require.NoError(t, err)
	assert.Equal(t, uint64(1), s.Missing, "seed 4")
	assert.Equal(t, model.VerdictLiveness, s.Verdict())
	require.Len(t, s.Subjects, 1)
	assert.Equal(t, 3, s.Subjects[0].Runs)
	assert.Equal(t, map[string]int{"crash": 3}, s.Subjects[0].Fired)
	require.Len(t, s.Failures, 1)
	assert.Equal(t, a, s.Failures[0].Folder)

	s, err = results.Merge([]string{a, b, again})
	require.NoError(t, err)
	assert.Equal(t, 3, s.Subjects[0].Runs)
	assert.Equal(t, 2, s.Repeated)
	assert.Equal(t, []string{"globalingressip seed, seed 3"}, s.Diverged)
}

func TestFaultsThatKubernetesDoesNotPermitAreNamed(t *testing.T) {
	permitted, other := entry(1, model.VerdictLiveness, "a"), entry(2, model.VerdictLiveness, "b")
	other.Illegal = true
	s, err := results.Merge([]string{folder(t, about, permitted, other)})
	require.NoError(t, err)
	var table, junit bytes.Buffer
	require.NoError(t, s.WriteTable(&table))
	assert.Contains(t, table.String(), "1 run of globalingressip had faults that Kubernetes does not permit")
	require.NoError(t, s.WriteJUnit(&junit))
	assert.Equal(t, 1, bytes.Count(junit.Bytes(), []byte("faults that Kubernetes does not permit")))
}

func TestWhatIsMissingIsNotAPass(t *testing.T) {
	for _, c := range []struct {
		name    string
		entries []results.Entry
		want    model.VerdictKind
	}{
		{"complete", []results.Entry{entry(1, model.VerdictPass, "a"), entry(2, model.VerdictPass, "a"), entry(3, model.VerdictPass, "a"), entry(4, model.VerdictPass, "a")}, model.VerdictPass},
		{"a seed short", []results.Entry{entry(1, model.VerdictPass, "a"), entry(2, model.VerdictPass, "a"), entry(3, model.VerdictPass, "a")}, model.VerdictInconclusive},
		{"nothing run", nil, model.VerdictInconclusive},
		{"a crash among violations", []results.Entry{entry(1, model.VerdictCrash, "a"), entry(2, model.VerdictSafety, "a")}, model.VerdictSafety},
	} {
		s, err := results.Merge([]string{folder(t, about, c.entries...)})
		require.NoError(t, err, c.name)
		assert.Equal(t, c.want, s.Verdict(), c.name)
	}
}
