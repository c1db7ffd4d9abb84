package sweep_test

import (
	"bytes"
	"context"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/internal/exact/host"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
	"github.com/seatrial/seatrial/scenarios/swarm"
	"github.com/seatrial/seatrial/sim"
)

// Goal: what the project promises about seeds holds for the controller that
// ships: no generated plan breaks it, and a seed means the same wherever and
// whenever it is run. Method: this test binary is its own worker.

func TestMain(m *testing.M) {
	subjects := globalingressip.Subjects()
	for _, v := range slices.Concat(troublesome, deviant) {
		subjects = append(subjects, v.Subject())
	}
	sweep.ServeIfWorker(scenarios.NewRegistry(subjects...), host.Engine{})
	os.Exit(m.Run())
}

// jobs makes one job per seed for the shipped controller.
func jobs(seeds []uint64, trace bool) []sweep.Job {
	out := make([]sweep.Job, len(seeds))
	for i, seed := range seeds {
		out[i] = sweep.Job{Seed: seed, Subject: globalingressip.Shipped, Trace: trace, Confirm: 1}
	}
	return out
}

// drawn is the plan of a seed.
func drawn(tb testing.TB, seed uint64) scenarios.Plan {
	plan, failed := swarm.Draw(new(testing.T), globalingressip.Variants()[0].Subject(), sim.Seed(seed), scenarios.Extras{}, scenarios.RunOptions{})
	require.Nil(tb, failed)
	return plan
}

func seedsTo(last uint64) []uint64 {
	var seeds []uint64
	for seed := uint64(1); seed <= last; seed++ {
		seeds = append(seeds, seed)
	}
	return seeds
}

func run(t *testing.T, pool sweep.Pool, jobs []sweep.Job) []sweep.Outcome {
	t.Helper()
	outcomes := make([]sweep.Outcome, 0, len(jobs))
	err := pool.Run(context.Background(), slices.Values(jobs), func(o sweep.Outcome) { outcomes = append(outcomes, o) })
	require.NoError(t, err)
	require.Len(t, outcomes, len(jobs))
	return outcomes
}

func TestAThousandSeeds(t *testing.T) {
	const seeds = 1000
	begin := time.Now()
	fired := make(map[string]int)
	for _, o := range run(t, sweep.Pool{Workers: runtime.NumCPU()}, jobs(seedsTo(seeds), false)) {
		require.Empty(t, o.Error)
		assert.Equal(t, model.VerdictPass, o.Verdict, "seed %d: %s: %s (reproduced %d/%d)\n%.4000s",
			o.Job.Seed, o.Property, o.Message, o.Reproduced, o.Runs, o.Detail)
		for kind, times := range o.Fired {
			fired[kind] += times
		}
	}
	for _, kind := range faults.Kinds() {
		if kind.Permitted {
			assert.NotZero(t, fired[string(kind.Kind)], "the seeds never met %s: passing them says nothing about it", kind.Kind)
		} else {
			assert.Zero(t, fired[string(kind.Kind)], "Kubernetes does not permit %s", kind.Kind)
		}
	}
	t.Logf("%d seeds with %v in %s", seeds, fired, time.Since(begin).Round(time.Second))
}

// The generator does not draw WatchList, because of what client-go does with it
// (docs/inside/determinism.md): runs need not be the same twice. They pass all the same.
func TestSeedsWithWatchList(t *testing.T) {
	var all []sweep.Job
	for _, seed := range seedsTo(100) {
		plan := drawn(t, seed)
		plan.World.APIServer.WatchList = true
		text, err := scenarios.Marshal(plan)
		require.NoError(t, err)
		all = append(all, sweep.Job{Seed: seed, Plan: string(text), File: plan.Name, Subject: globalingressip.Shipped, Once: true})
	}
	for _, o := range run(t, sweep.Pool{Workers: runtime.NumCPU()}, all) {
		assert.Equal(t, model.VerdictPass, o.Verdict, "seed %d: %s: %s", o.Job.Seed, o.Property, o.Message)
	}
}

func TestASeedIsTheSameRunEverywhere(t *testing.T) {
	seeds := seedsTo(200)
	want := run(t, sweep.Pool{}, jobs(seeds, true))

	t.Run("twice in one process", func(t *testing.T) {
		var twice []uint64
		for _, seed := range seeds {
			twice = append(twice, seed, seed)
		}
		got := run(t, sweep.Pool{}, jobs(twice, true))
		for i := range want {
			assertSame(t, want[i], got[2*i])
			assertSame(t, want[i], got[2*i+1])
		}
	})
	t.Run("on two threads, after other seeds", func(t *testing.T) {
		backwards := slices.Clone(seeds)
		slices.Reverse(backwards)
		got := run(t, sweep.Pool{Threads: 2}, jobs(backwards, true))
		slices.Reverse(got)
		for i := range want {
			assertSame(t, want[i], got[i])
		}
	})
	t.Run("alone in its process", func(t *testing.T) {
		for i := 0; i < len(seeds); i += 10 {
			assertSame(t, want[i], run(t, sweep.Pool{}, jobs(seeds[i:i+1], true))[0])
		}
	})
	t.Run("shared by several workers", func(t *testing.T) {
		got := run(t, sweep.Pool{Workers: 3}, jobs(seeds, true))
		for i := range want {
			assertSame(t, want[i], got[i])
		}
	})
}

// assertSame fails with the first event that differs.
func assertSame(t *testing.T, want, got sweep.Outcome) {
	t.Helper()
	require.Equal(t, want.Job.Seed, got.Job.Seed)
	require.NotEmpty(t, want.Hash, "seed %d did not run: %s %s", want.Job.Seed, want.Error, want.Message)
	if want.Hash == got.Hash {
		return
	}
	a, b := bytes.Split(want.Trace, []byte("\n")), bytes.Split(got.Trace, []byte("\n"))
	for i := range min(len(a), len(b)) {
		if !bytes.Equal(a[i], b[i]) {
			t.Errorf("seed %d: the first event that differs:\n- %s\n+ %s", want.Job.Seed, a[i], b[i])
			return
		}
	}
	t.Errorf("seed %d: one run goes on where the other ends, after event %d", want.Job.Seed, min(len(a), len(b)))
}
