package gotest

import (
	"context"
	"iter"
	"testing"

	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/internal/target"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/search"
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
	seeds, chosen, err := seedsOr(o.Usual, o.Few)
	if err != nil {
		t.Fatalf("%v", err)
	}
	bases, what := lives(subject), "the lives of its objects"
	if chosen {
		bases, what = stepsOf(seeds), "seeds "+seeds.String()
	}
	s := target.Sweep{
		Mode: target.EveryCall, Subject: c.name, Language: subject.Language, Confirm: confirmations,
		Bases:  bases,
		Wanted: c.filter.wants,
		Enough: func() bool { return !c.goesOn() },
	}
	c.search(func(ctx context.Context, done func(string, sweep.Outcome)) error {
		return s.Run(ctx, c.pool.Run, func(o sweep.Outcome) { done(o.Scenario, o) })
	})
	if c.ran == 0 {
		t.Fatalf("seatrial: %s: no fault was tried (want a controller that calls something, and -run to name one of its faults or no sub-test)", subject.Name)
	}
	c.end(what + ", a fault at each call")
}

// stepsOf are the runs without faults of what seeds draw.
func stepsOf(seeds sim.SeedRange) iter.Seq[sweep.Job] {
	return func(yield func(sweep.Job) bool) {
		seeds.Each(sim.WholeRange, func(seed sim.Seed) bool { return yield(sweep.Job{Seed: uint64(seed)}) })
	}
}

// lives are those with which a search begins; with -short the one in which most is left
// behind that nothing hides.
func lives(subject scenarios.Subject) iter.Seq[sweep.Job] {
	n := search.Lives(subject)
	first := 1
	if testing.Short() {
		first = min(search.GoneForGood, n)
		n = first
	}
	return func(yield func(sweep.Job) bool) {
		for story := first; story <= n; story++ {
			if !yield(sweep.Job{Seed: searchSeed, Story: story}) {
				return
			}
		}
	}
}
