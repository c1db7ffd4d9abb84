package catalogue

import (
	"context"
	"errors"
	"slices"

	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/internal/target"
	"github.com/seatrial/seatrial/scenarios"
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

// How an aimed search goes about it: perPlan plans of one mode are derived from
// each of perTurn generated ones before the next mode has its turn. Calls of one
// kind differ little, and starting workers takes as long as some runs.
const (
	perPlan = 8
	perTurn = 4
)

var singles = slices.DeleteFunc(target.Modes(), func(m target.Mode) bool { return m == target.Pairs })

// Aimed searches plans derived from fault-free runs of generated ones, each with
// one fault: the modes by turns, a few seeds at a time, range n from seed n × size
// + 1 on. A fault-free run does not count, unless it fails. Pairs of faults are left
// out: each needs all single ones to be run before.
func Aimed(subject string, language *scenarios.Language, size int) Search {
	return func(ctx context.Context, pool sweep.Pool, number int, next func(sweep.Outcome) bool) error {
		return until(ctx, next, func(ctx context.Context, next func(sweep.Outcome)) error {
			for first := 1; first <= size; first += perTurn {
				var bases []sweep.Job
				for i := range min(perTurn, size-first+1) {
					bases = append(bases, sweep.Job{Seed: uint64(number*size + first + i)})
				}
				for _, mode := range singles {
					s := target.Sweep{Mode: mode, Bases: slices.Values(bases), Subject: subject, Language: language, Limit: perPlan}
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
