package results_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/internal/results"
	"github.com/seatrial/seatrial/model"
)

// Goal: failures that most likely are one bug are told as one, the gravest first,
// and those that are known already hide nothing and count for nothing. Method: a
// folder with failures of three signatures, one of them known, and what is made of it.

func TestFailuresAreGroupedAndKnownOnesToldApart(t *testing.T) {
	failure := func(seed uint64, verdict model.VerdictKind, signature, known string) results.Entry {
		e := entry(seed, verdict, "h")
		e.Signature, e.Known = signature, known
		if known != "" {
			e.Artifact = ""
		}
		return e
	}
	manifest := about
	manifest.Seeds = "1-6"
	path := folder(t, manifest,
		failure(1, model.VerdictLiveness, "converges: web", ""),
		failure(2, model.VerdictLiveness, "quiet: *", "issue 7"),
		failure(3, model.VerdictLiveness, "converges: web", ""),
		failure(4, model.VerdictSafety, "no-free: api", ""),
		failure(5, model.VerdictLiveness, "quiet: *", "issue 7"),
		entry(6, model.VerdictPass, "h"),
	)
	s, err := results.Merge([]string{path})
	require.NoError(t, err)
	var names []string
	for _, g := range results.GroupsOf(s.Failures) {
		names = append(names, g.Name())
	}
	assert.Equal(t, []string{"no-free: api", "converges: web"}, names, "one safety violation goes before two of liveness")
	assert.Len(t, s.Known, 2)
	require.Len(t, s.Subjects, 1)
	assert.Equal(t, 2, s.Subjects[0].Known)
	assert.Equal(t, map[model.VerdictKind]int{model.VerdictPass: 1, model.VerdictSafety: 1, model.VerdictLiveness: 2}, s.Subjects[0].Verdicts)

	var table, junit bytes.Buffer
	require.NoError(t, s.WriteTable(&table))
	assert.Regexp(t, `safety +1 +4 .* no-free: api\nliveness +2 +1 .* converges: web\n`, table.String())
	assert.Regexp(t, `KNOWN +TIMES.*\nliveness +2 +2 +issue 7 +quiet: \*`, table.String())
	require.NoError(t, s.WriteJUnit(&junit))
	assert.Contains(t, junit.String(), `tests="6" failures="3"`)
	assert.Contains(t, junit.String(), `skipped="2"`)
	assert.Contains(t, junit.String(), `classname="converges: web"`)
	assert.Contains(t, junit.String(), `<skipped type="converges" message="issue 7">`)
}

// Where nothing but known failures happened, nothing passed; one pass among them is one.
func TestKnownFailuresCountForNothing(t *testing.T) {
	known := func(seed uint64) results.Entry {
		e := entry(seed, model.VerdictSafety, "h")
		e.Known = "issue 7"
		return e
	}
	manifest := about
	manifest.Seeds = "1-2"
	for _, c := range []struct {
		second results.Entry
		want   model.VerdictKind
	}{
		{known(2), model.VerdictInconclusive},
		{entry(2, model.VerdictPass, "h"), model.VerdictPass},
		{entry(2, model.VerdictLiveness, "h"), model.VerdictLiveness},
	} {
		s, err := results.Merge([]string{folder(t, manifest, known(1), c.second)})
		require.NoError(t, err)
		assert.Equal(t, c.want, s.Verdict())
	}
}

// What had no effect is there only in strict sweeps, and is then a failure beside the
// verdict.
func TestStepsAndFaultsWithoutAnEffect(t *testing.T) {
	manifest := about
	manifest.Seeds, manifest.Strict = "1", true
	e := entry(1, model.VerdictPass, "h")
	e.Idle, e.Unfired = []string{"step-3"}, []string{"lost"}
	s, err := results.Merge([]string{folder(t, manifest, e)})
	require.NoError(t, err)
	require.Len(t, s.Void, 1)
	var table, junit bytes.Buffer
	require.NoError(t, s.WriteTable(&table))
	assert.Contains(t, table.String(), "strict: steps or faults of 1 run had no effect, first of seed 1: step-3, lost")
	require.NoError(t, s.WriteJUnit(&junit))
	assert.Contains(t, junit.String(), `<failure type="strict" message="without an effect: step-3, lost">`)
}
