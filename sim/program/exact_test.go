//go:build linux && amd64

package program_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/program"
)

// Goal: a program lives as in a pod, and nothing that it can see differs between two
// runs, or depends on the machine. Method: a program that prints all that could: names,
// numbers, orders of maps, draws of every kind, races, an address, files, the clock.
func TestAProgramSeesTheSameEachTime(t *testing.T) {
	crash := faults.Rule{ID: "c", Kind: faults.Crash, From: 35 * time.Second, RestartAfter: 5 * time.Second}
	first := sail(t, small(t, "show", program.Options{Args: []string{"--x"}, Env: map[string]string{"WHO": "$(POD_NAME) of $(POD_NAMESPACE)"}}), crash)
	one, two := lines(first, "p-1"), lines(first, "p-2")
	require.Len(t, one, 3+4)
	assert.Equal(t, "p 1 1 1 p p of default true [show --x]", one[0])
	assert.Equal(t, []string{"00:00:00 0s", "00:00:10 10s", "00:00:20 20s", "00:00:30 30s"}, one[3:], "the clock is the world's")
	assert.Equal(t, one[0], two[0], "what it wrote has gone with its life")
	assert.Equal(t, "00:00:40 0s", two[3])
	assert.NotEqual(t, one[1], two[1], "each life draws for itself")

	for range 3 {
		again := sail(t, small(t, "show", program.Options{Args: []string{"--x"}, Env: map[string]string{"WHO": "$(POD_NAME) of $(POD_NAMESPACE)"}}), crash)
		assert.Equal(t, first.Log, again.Log)
		assert.Equal(t, first.Hash, again.Hash)
	}
	seen := map[string]bool{}
	for seed := sim.Seed(1); seed <= 10; seed++ {
		r := sim.Run(t, sim.Config{Seed: seed, KeepTrace: true, Safety: time.Second, Settle: time.Second,
			Processes: []sim.Process{small(t, "show", program.Options{})}})
		seen[lines(r, "p-1")[2]] = true
	}
	assert.Greater(t, len(seen), 3, "seeds explore schedules")
}
