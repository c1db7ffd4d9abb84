package catalogue

import (
	"context"
	"fmt"
	"iter"
	"sync/atomic"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios/sweep"
)

// Sibling is the subject that has none of the historical bugs.
const Sibling = "historical/sibling"

// Search yields, for the range of that number (from 0), the jobs to try in
// order. Ranges must not share runs.
type Search func(number int) iter.Seq[sweep.Job]

// Swarm is a search through generated plans: range n tries the size seeds
// after n times size.
func Swarm(subject string, size int) Search {
	return func(number int) iter.Seq[sweep.Job] {
		return func(yield func(sweep.Job) bool) {
			for i := range size {
				if !yield(sweep.Job{Seed: uint64(number*size + i + 1), Subject: subject}) {
					return
				}
			}
		}
	}
}

// Measure searches in as many ranges as asked for, each until the subject is
// caught or size runs are through. It stops at ctx's end with its error.
func Measure(ctx context.Context, pool sweep.Pool, subject string, search Search, ranges, size int) (Finding, error) {
	f := Finding{Subject: subject, Size: size, Properties: make(map[string]int)}
	for number := range ranges {
		runs, caught, err := f.searchOne(ctx, pool, search(number))
		if err != nil {
			return f, err
		}
		f.Runs = append(f.Runs, runs)
		if runs != NotFound {
			f.Properties[caught.Property]++
			if f.Example == "" {
				f.Example = caught.Plan
			}
		}
	}
	return f, nil
}

// searchOne goes through one range, starting behind every false alarm again.
func (f *Finding) searchOne(ctx context.Context, pool sweep.Pool, jobs iter.Seq[sweep.Job]) (int, sweep.Outcome, error) {
	skip := 0
	for {
		runs, caught, err := firstFailure(ctx, pool, skip, f.Size, jobs)
		if err != nil || runs == NotFound {
			return NotFound, caught, err
		}
		innocent, err := passes(ctx, pool, caught.Job)
		if err != nil {
			return NotFound, caught, err
		}
		if innocent {
			return runs, caught, nil
		}
		f.FalseAlarms++
		skip = runs
	}
}

// firstFailure runs jobs after the first skip of them, up to size in all, until
// one fails, and tells its number, counted from 1.
func firstFailure(ctx context.Context, pool sweep.Pool, skip, size int, jobs iter.Seq[sweep.Job]) (int, sweep.Outcome, error) {
	var (
		over   atomic.Bool
		number = skip
		found  = NotFound
		caught sweep.Outcome
		broken error
	)
	rest := func(yield func(sweep.Job) bool) {
		i := 0
		for job := range jobs {
			i++
			if i <= skip {
				continue
			}
			if i > size || over.Load() || !yield(job) {
				return
			}
		}
	}
	err := pool.Run(ctx, rest, func(o sweep.Outcome) {
		number++
		switch {
		case over.Load():
		case o.Error != "":
			broken = fmt.Errorf("seed %d of %s: %s", o.Job.Seed, o.Job.Subject, o.Error)
			over.Store(true)
		case o.Verdict != model.VerdictPass && o.Verdict != model.VerdictInconclusive:
			found, caught = number, o
			over.Store(true)
		}
	})
	if err == nil {
		err = broken
	}
	return found, caught, err
}

// passes says whether the sibling passes the very run.
func passes(ctx context.Context, pool sweep.Pool, job sweep.Job) (bool, error) {
	job.Subject = Sibling
	runs, _, err := firstFailure(ctx, pool, 0, 1, func(yield func(sweep.Job) bool) { yield(job) })
	return runs == NotFound, err
}
