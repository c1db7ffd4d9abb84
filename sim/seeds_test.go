package sim_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim"
)

// Goal: seed ranges mean what they say up to the last number there is, and
// shards have every seed once. Method: tables with the edges.

func TestParseSeeds(t *testing.T) {
	for _, c := range []struct {
		text string
		want sim.SeedRange
		err  string
	}{
		{"1-1000", sim.SeedRange{First: 1, Last: 1000}, ""},
		{"7", sim.SeedRange{First: 7, Last: 7}, ""},
		{"18446744073709551614-18446744073709551615", sim.SeedRange{First: math.MaxUint64 - 1, Last: math.MaxUint64}, ""},
		{"9-1", sim.SeedRange{}, "the range ends before it begins"},
		{"0-18446744073709551615", sim.SeedRange{}, "the range is too large"},
		{"1-18446744073709551616", sim.SeedRange{}, "whole numbers up to 18446744073709551615"},
		{"", sim.SeedRange{}, "want A-B"},
		{"a-b", sim.SeedRange{}, "want A-B"},
		{"-1-3", sim.SeedRange{}, "want A-B"},
	} {
		got, err := sim.ParseSeeds(c.text)
		assert.Equal(t, c.want, got, c.text)
		if c.err != "" {
			assert.ErrorContains(t, err, c.err, c.text)
			continue
		}
		require.NoError(t, err, c.text)
		assert.Equal(t, c.text, got.String())
	}
}

func TestShardsCoverARangeOnce(t *testing.T) {
	for _, r := range []sim.SeedRange{{First: 5, Last: 20}, {First: math.MaxUint64 - 15, Last: math.MaxUint64}, {First: 3, Last: 4}} {
		seen := make(map[sim.Seed]int)
		for i := range uint64(3) {
			shard, count := sim.Shard{Index: i, Of: 3}, uint64(0)
			assert.True(t, r.Each(shard, func(seed sim.Seed) bool { count++; seen[seed]++; return true }))
			assert.Equal(t, shard.Len(r), count, "shard %d of %s", i, r)
		}
		assert.Len(t, seen, int(r.Len()))
		for seed, times := range seen {
			assert.Equal(t, 1, times, "seed %d", seed)
		}
	}
}

func TestParseShard(t *testing.T) {
	for text, want := range map[string]sim.Shard{"0/1": sim.WholeRange, "0/4": {Index: 0, Of: 4}, "3/4": {Index: 3, Of: 4}} {
		got, err := sim.ParseShard(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got)
		if got != sim.WholeRange {
			assert.Equal(t, text, got.String())
		}
	}
	assert.Empty(t, sim.WholeRange.String())
	for _, text := range []string{"", "4/4", "5/4", "0/0", "1", "a/4", "1/b", "-1/4", "1/4/2"} {
		_, err := sim.ParseShard(text)
		assert.ErrorContains(t, err, "want I/N with 0 <= I < N", text)
	}
}
