package catalogue

import (
	"context"
	"errors"
	"slices"

	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/aim"
	"github.com/seatrial/seatrial/scenarios/sweep"
	"github.com/seatrial/seatrial/sim"
)

// Search runs jobs and shows each outcome to next, in an order that depends on
// nothing but the number of the range, until next says no. Ranges of different
// numbers share no run.
type Search func(ctx context.Context, pool sweep.Pool, number int, next func(sweep.Outcome) bool) error

// Swarm searches generated plans: range n tries the size seeds after n × size.
func Swarm(subject string, size int) Search {
	return func(ctx context.Context, pool sweep.Pool, number int, next func(sweep.Outcome) bool) error {
		jobs := func(yield func(sweep.Job) bool) {
			for i := range size {
				if !yield(sweep.Job{Seed: uint64(number*size + i + 1), Subject: subject, Once: true}) {
					return
				}
			}
		}
		return until(ctx, next, func(ctx context.Context, next func(sweep.Outcome)) error {
			return pool.Run(ctx, jobs, next)
		})
	}
}

// perPlan is how many plans an aimed search derives from one plan and mode
// before it goes on to the next: calls of one kind differ little.
const perPlan = 8

// Aimed searches plans derived from fault-free runs of generated ones: all
// modes by turns, seed by seed, range n from seed n × size + 1 on. A fault-free
// run does not count, unless it fails.
func Aimed(subject string, size int) Search {
	return func(ctx context.Context, pool sweep.Pool, number int, next func(sweep.Outcome) bool) error {
		return until(ctx, next, func(ctx context.Context, next func(sweep.Outcome)) error {
			for i := range size {
				plan := scenarios.Generate(sim.Seed(number*size + i + 1))
				for _, mode := range aim.Modes() {
					s := aim.Sweep{Mode: mode, Plans: slices.Values([]scenarios.Plan{plan}), Subject: subject, Limit: perPlan}
					if err := s.Run(ctx, pool.Run, next); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
}

// errOver ends a search that has been told to stop.
var errOver = errors.New("the search is over")

// until runs a search until next says no, which is not an error.
func until(ctx context.Context, next func(sweep.Outcome) bool, run func(context.Context, func(sweep.Outcome)) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	over := false
	err := run(ctx, func(o sweep.Outcome) {
		if !over && !next(o) {
			over = true
			stop(errOver)
		}
	})
	if over && errors.Is(err, errOver) {
		return nil
	}
	return err
}
