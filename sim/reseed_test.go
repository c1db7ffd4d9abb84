package sim_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/sim"
)

// Goal: a run can be drawn anew from a moment on, and is the same before. Method: a
// program that asks once a second, with faults by chance, with and without.
func TestReseedKeepsThePastAndDrawsTheFuture(t *testing.T) {
	ask := func(ctx context.Context, env sim.Env) error {
		for {
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
				return nil
			}
			_, _ = clientset(env).CoreV1().ConfigMaps("default").List(ctx, metav1.ListOptions{})
		}
	}
	const at = 30 * time.Second
	run := func(reseed *sim.Reseed) *sim.Record {
		return sim.Run(t, sim.Config{
			Seed: 1, Reseed: reseed, KeepTrace: true, Safety: time.Minute, Settle: time.Second,
			Faults:    []faults.Rule{{ID: "sometimes", Kind: faults.InternalError, Probability: 0.4}},
			Processes: []sim.Process{{Name: "subject", Run: ask}},
		})
	}
	until := func(r *sim.Record) []sim.Event {
		i := slices.IndexFunc(r.Events, func(e sim.Event) bool { return e.At >= at })
		require.Positive(t, i)
		return r.Events[:i]
	}
	plain := run(nil)
	again := run(&sim.Reseed{At: at, Seed: 1})
	assert.Equal(t, plain.Hash, again.Hash, "the same seed is no change")
	hashes := map[string]bool{plain.Hash: true}
	for seed := sim.Seed(2); seed < 6; seed++ {
		other := run(&sim.Reseed{At: at, Seed: seed})
		assert.Equal(t, until(plain), until(other), "what came before is as it was")
		hashes[other.Hash] = true
		assert.Equal(t, other.Hash, run(&sim.Reseed{At: at, Seed: seed}).Hash, "same seeds, same run")
	}
	assert.Len(t, hashes, 5, "each seed has a future of its own")
}
