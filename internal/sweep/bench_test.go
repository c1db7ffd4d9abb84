package sweep_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/seatrial/seatrial/internal/exact"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
	"github.com/seatrial/seatrial/scenarios/swarm"
	"github.com/seatrial/seatrial/sim"
)

// BenchmarkSweep is seeds per second of the reference plan on one and on two
// worker processes, judge and process start included.
func BenchmarkSweep(b *testing.B) { benchmarkSweep(b, nil) }

// BenchmarkSweepExact is the same in exact mode, with modules of both kinds.
func BenchmarkSweepExact(b *testing.B) {
	for _, kind := range []string{exact.Wasm, exact.Fork} {
		b.Run(kind, func(b *testing.B) { benchmarkSweep(b, exactJob(b, kind).Exact) })
	}
}

func benchmarkSweep(b *testing.B, how *sweep.Exact) {
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			jobs := make([]sweep.Job, b.N)
			for i := range jobs {
				seed := sim.Seed(i + 1)
				reference, _ := swarm.Draw(new(testing.T), globalingressip.Reference(globalingressip.Variants()[0]), seed, scenarios.Extras{}, scenarios.RunOptions{})
				plan, err := scenarios.Marshal(reference)
				if err != nil {
					b.Fatal(err)
				}
				jobs[i] = sweep.Job{Seed: uint64(seed), Plan: string(plan), File: "reference", Subject: globalingressip.Shipped, Exact: how}
			}
			b.ResetTimer()
			err := (sweep.Pool{Workers: workers}).Run(context.Background(), slices.Values(jobs), func(o sweep.Outcome) {
				if o.Verdict != model.VerdictPass {
					b.Errorf("seed %d: %s %s %s", o.Job.Seed, o.Error, o.Property, o.Message)
				}
			})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "seeds/s")
		})
	}
}
