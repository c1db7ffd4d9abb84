package results_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/internal/results"
	"github.com/seatrial/seatrial/model"
)

// Goal: what a search says of itself is in the summary of its night, and how much it has
// still to expect can be followed over the nights. Method: folders of two nights, and one
// of a night that had no search.
func TestASearchOverTheNights(t *testing.T) {
	night := func(name string, search *results.Searched) results.Night {
		path := folder(t, results.Manifest{Subject: "website", Version: "v1", Generator: "g/1", Aim: results.Aim{Mode: "search"}}, entry(1, model.VerdictPass, "a"))
		f, err := results.Open(path, results.Manifest{Subject: "website", Version: "v1", Generator: "g/1", Aim: results.Aim{Mode: "search"}}, true)
		require.NoError(t, err)
		require.NoError(t, f.End(1, search))
		require.NoError(t, f.Close())
		s, err := results.Merge([]string{path})
		require.NoError(t, err)
		assert.Zero(t, s.Unfinished, "it has ended")
		return results.Night{Name: name, Summary: s}
	}
	first := night("mon", &results.Searched{Calls: results.Struck{Struck: 7, Of: 8}, Commits: results.Struck{Struck: 5, Of: 5}, NewProbability: 0.12, ProbesLeft: 289, NeverFired: 2, Untested: []string{"no-orphans"}, NeverSeen: []string{"full-pool"}})
	second := night("tue", &results.Searched{NewProbability: 0.04})
	assert.Contains(t, first.Summary.Remarks(), "search of website: struck 7 of 8 kinds of call, 5 of 5 kinds of change; the next run shows something new with probability 0.12; 289 probes not tried; 2 never fired; laws never tested: no-orphans; never seen: full-pool")

	var table, markdown bytes.Buffer
	require.NoError(t, results.WriteTrend(&table, []results.Night{first, night("none", nil), second}))
	assert.Regexp(t, `search +0\.12 +– +0\.04 +probability that the next run shows something new`, table.String())
	require.NoError(t, results.WriteMarkdown(&markdown, []results.Night{first, second}))
	assert.Contains(t, markdown.String(), "| the next run of the search shows something new | 0.12 | 0.04 |")

	table.Reset()
	require.NoError(t, results.WriteTrend(&table, []results.Night{night("a", nil), night("b", nil)}))
	assert.NotContains(t, table.String(), "search", "no night had one")
}
