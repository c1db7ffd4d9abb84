//go:build linux && amd64

package program_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/program"
)

// What a program costs beside a function that does the same: a life, and a request. What
// its processes take is in the figures of make bench, which count those that were
// started; go test -bench alone shows the time on the clock.

// benchmark runs one process in a short world.
func benchmark(b *testing.B, p sim.Process) {
	b.Helper()
	for b.Loop() {
		r := sim.Run(new(testing.T), sim.Config{Seed: 1, Processes: []sim.Process{p}, Safety: time.Minute, Settle: time.Second})
		require.Empty(b, r.History.Problems)
	}
	program.Close() // so that what its lives took is counted
}

func smallFor(b *testing.B, args ...string) sim.Process {
	b.Helper()
	built, err := program.Build(b.Context(), program.Source{Package: "./testdata/small"}, cache(b))
	require.NoError(b, err)
	return built.Process("p", program.Options{Args: args})
}

func BenchmarkLifeOfAProgram(b *testing.B) { benchmark(b, smallFor(b, "ends-by-signal")) }

func BenchmarkLifeOfAFunction(b *testing.B) {
	benchmark(b, sim.Process{Name: "p", Run: func(ctx context.Context, _ sim.Env) error { <-ctx.Done(); return nil }})
}

// requests is how many a run has, one after the other.
const requests = 200

func BenchmarkRequestsOfAProgram(b *testing.B) {
	benchmark(b, smallFor(b, "asks", fmt.Sprint(requests)))
}

func BenchmarkRequestsOfAFunction(b *testing.B) {
	benchmark(b, sim.Process{Name: "p", Run: func(ctx context.Context, env sim.Env) error {
		client := http.Client{Transport: env.REST.Transport}
		for range requests {
			r, err := client.Get(env.REST.Host + "/api/v1/namespaces/default/configmaps")
			if err != nil {
				return err
			}
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				return err
			}
			if err := r.Body.Close(); err != nil {
				return err
			}
		}
		<-ctx.Done()
		return nil
	}})
}
