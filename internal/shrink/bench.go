package shrink

import (
	"context"
	"fmt"

	"github.com/seatrial/seatrial/internal/sweep"
)

// bench runs candidates in one pool that lives as long as the search.
type bench struct {
	ctx      context.Context
	jobs     chan sweep.Job
	outcomes chan sweep.Outcome
	ended    chan error
	// stale is how many outcomes are still to come that nobody waits for any
	// more, because a candidate before them was taken.
	stale int
}

func newBench(ctx context.Context, pool sweep.Pool) *bench {
	b := &bench{ctx: ctx, jobs: make(chan sweep.Job), outcomes: make(chan sweep.Outcome), ended: make(chan error, 1)}
	go func() {
		b.ended <- pool.Run(ctx, func(yield func(sweep.Job) bool) {
			for {
				select {
				case job := <-b.jobs:
					if !yield(job) {
						return
					}
				case <-ctx.Done():
					return
				}
			}
		}, func(o sweep.Outcome) {
			select {
			case b.outcomes <- o:
			case <-ctx.Done():
			}
		})
	}()
	return b
}

// run runs one job.
func (b *bench) run(job sweep.Job) (sweep.Outcome, error) {
	_, outcome, err := b.firstThat(func(sweep.Outcome) bool { return true }, []sweep.Job{job}, func() {})
	return outcome, err
}

// firstThat runs jobs and returns the first, in their order, whose outcome is
// wanted; -1 when there is none. Which one that is does not depend on the
// number of workers: those behind it that had been started are forgotten. seen
// is called for each that was looked at.
func (b *bench) firstThat(wanted func(sweep.Outcome) bool, jobs []sweep.Job, seen func()) (int, sweep.Outcome, error) {
	sent, looked := 0, 0
	for looked < len(jobs) {
		var queue chan sweep.Job // nil, which is never ready, when all are sent
		var next sweep.Job
		if sent < len(jobs) {
			queue, next = b.jobs, jobs[sent]
		}
		select {
		case queue <- next:
			sent++
		case outcome := <-b.outcomes:
			if b.stale > 0 {
				b.stale--
				continue
			}
			looked++
			seen()
			if wanted(outcome) {
				b.stale = sent - looked
				return looked - 1, outcome, nil
			}
		case err := <-b.ended:
			return -1, sweep.Outcome{}, fmt.Errorf("running candidates: %w", err)
		}
	}
	return -1, sweep.Outcome{}, nil
}
