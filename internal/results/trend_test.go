package results_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/internal/results"
	"github.com/seatrial/seatrial/model"
)

// Goal: from night to night it is told what is new, what is gone and what is still there
// since when, and how likely each was. Method: four nights of four runs each, with
// failures that come and go.

func nights(t *testing.T) []results.Night {
	t.Helper()
	night := func(name string, signatures ...string) results.Night {
		manifest := about
		manifest.Seeds = "1-4"
		var entries []results.Entry
		for seed := range uint64(4) {
			e := entry(seed+1, model.VerdictPass, "h")
			if int(seed) < len(signatures) {
				e = entry(seed+1, model.VerdictSafety, "h")
				e.Artifact = ""
				e.Signature, e.Message, e.Replay = signatures[seed], "svc <b> | was freed", "seatrial replay --seed 1"
			}
			entries = append(entries, e)
		}
		s, err := results.Merge([]string{folder(t, manifest, entries...)})
		require.NoError(t, err)
		return results.Night{Name: name, Summary: s}
	}
	return []results.Night{
		night("mon", "flickers", "fixed"), night("tue", "stays", "stays", "fixed"), night("wed", "stays"), night("thu", "stays", "flickers", "fresh"),
	}
}

func TestTrendOverNights(t *testing.T) {
	got := map[string]results.Trend{}
	trends := results.Trends(nights(t))
	for _, trend := range trends {
		got[trend.Name()] = trend
	}
	require.Len(t, trends, 4)
	for _, c := range []struct {
		name     string
		standing results.Standing
		since    string
		failed   []int
		explains string
	}{
		{"stays", results.Still, "tue", []int{0, 2, 1, 1}, "it began on Tuesday"},
		{"flickers", results.New, "thu", []int{1, 0, 0, 1}, "the night before had it not"},
		{"fresh", results.New, "thu", []int{0, 0, 0, 1}, ""},
		{"fixed", results.Gone, "wed", []int{1, 1, 0, 0}, "Wednesday was the first night without"},
	} {
		trend := got[c.name]
		assert.Equal(t, c.standing, trend.Standing, "%s: %s", c.name, c.explains)
		assert.Equal(t, c.since, trend.Since, "%s: %s", c.name, c.explains)
		var failed []int
		for _, share := range trend.Shares {
			failed = append(failed, share.Failed)
			assert.Equal(t, 4, share.Runs)
		}
		assert.Equal(t, c.failed, failed, c.name)
	}
	assert.Equal(t, results.Gone, trends[3].Standing, "what is gone comes last")
	assert.Empty(t, results.Trends(nil))

	likely := results.Likelihoods(nights(t))
	require.Len(t, likely, 1, "all are of one property")
	assert.Equal(t, results.Share{Night: "tue", Failed: 3, Runs: 4}, likely[0].Shares[1])
}

// A job summary names each group once, with its standing and its command, and what
// messages say is no markup of it.
func TestMarkdown(t *testing.T) {
	all := nights(t)
	var out bytes.Buffer
	require.NoError(t, results.WriteMarkdown(&out, all))
	text := out.String()
	for _, want := range []string{
		"### seatrial: 3 failures in 4 runs\n",
		"| **safety** | stays | 1 | still there since tue |",
		"| **safety** | fixed | 1 | gone since wed |",
		"| **safety** | fresh | 1 | new |",
		"svc &lt;b&gt; \\| was freed",
		"`seatrial replay --seed 1`",
		"| runs | 4 | 4 | 4 | 4 |",
		"| failures | 2 | 3 | 1 | 3 |",
	} {
		assert.Contains(t, text, want)
	}

	out.Reset()
	require.NoError(t, results.WriteMarkdown(&out, all[3:]))
	assert.NotContains(t, out.String(), "since", "of one night nothing is known before")
	assert.NotContains(t, out.String(), "| runs |")
	require.NoError(t, results.WriteMarkdown(&out, nil))
}
