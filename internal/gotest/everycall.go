package gotest

import (
	"context"

	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/internal/target"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// CheckEveryCall puts one fault at each call that a subject makes without faults, a
// run for each; see seatrial.CheckEveryCall.
func CheckEveryCall(t TB, subject scenarios.Subject, o Options) {
	t.Helper()
	c, over := begin(t, subject, o.Saved)
	if over {
		return
	}
	seeds, _, err := seedsOr(o.Usual, o.Few)
	if err != nil {
		t.Fatalf("%v", err)
	}
	s := target.Sweep{
		Mode: target.EveryCall, Subject: c.name, Language: subject.Language, Confirm: confirmations,
		Bases: func(yield func(sweep.Job) bool) {
			seeds.Each(sim.WholeRange, func(seed sim.Seed) bool { return yield(sweep.Job{Seed: uint64(seed)}) })
		},
		Wanted: c.filter.wants,
		Enough: func() bool { return !c.goesOn() },
	}
	c.search(func(ctx context.Context, done func(string, sweep.Outcome)) error {
		return s.Run(ctx, c.pool.Run, func(o sweep.Outcome) { done(o.Scenario, o) })
	})
	if c.ran == 0 {
		t.Fatalf("seatrial: %s: no fault was tried (want a controller that calls something, and -run to name one of its faults or no sub-test)", subject.Name)
	}
	c.end("seeds " + seeds.String() + ", a fault at each call")
}
