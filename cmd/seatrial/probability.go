package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/internal/artifact"
	causes "github.com/seatrial/seatrial/internal/explain"
	"github.com/seatrial/seatrial/internal/shell"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// probability asks when a failure became inevitable.
type probability struct {
	on      bool
	runs    int
	workers int
	from    source
}

func (p *probability) addFlags(c *cobra.Command) {
	c.Flags().BoolVar(&p.on, "probability", false, "run some twenty moments of it anew, to tell when it became inevitable")
	c.Flags().IntVar(&p.runs, "runs", 20, "with --probability: `number` of runs for each moment")
	addWorkersFlag(c, &p.workers)
	c.Flags().BoolVar(&p.from.anyVersion, "any-version", false, "with --probability: also an artifact that another version made, if its run is the same with this one")
}

// measure runs, and adds to the artifact what comes of it.
func (p *probability) measure(c *cobra.Command, path string) error {
	if p.runs < 1 || p.workers < 1 {
		return fmt.Errorf("--runs %d, --workers %d: want at least 1", p.runs, p.workers)
	}
	job, before, err := p.from.artifactJob(path)
	switch {
	case err != nil:
		return err
	case job.Exact != nil || job.Real != nil:
		return fmt.Errorf("--probability: %s is of a run in exact mode or on a real API server, of which nothing can be drawn anew from a moment on", path)
	case before.Plan == "":
		return fmt.Errorf("--probability: %s has no plan, its worker died before it had drawn one", path)
	}
	defer p.from.subject.close()
	pool, first, err := p.from.openOnce(c, p.workers, &job)
	if err != nil {
		return err
	}
	if first.Hash != before.Outcome.Hash || first.Hash == "" || first.Why == nil {
		return &exitError{exitInconclusive, fmt.Sprintf("--probability: the run is not that of the artifact, or leaves no events to go by; seatrial replay %s shows where they part", shell.Quote(path))}
	}
	odds, err := causes.Odds(*first.Why, sim.Seed(job.Seed), p.runs, func(draws []sim.Reseed) ([]bool, error) {
		return rerun(c, pool, job, &first, draws)
	})
	if err != nil {
		return err
	}
	return artifact.NoteOdds(path, first, odds)
}

// openOnce opens the subject, readies the job for it, and runs it once.
func (s *source) openOnce(c *cobra.Command, workers int, job *sweep.Job) (pool sweep.Pool, first sweep.Outcome, err error) {
	if pool, err = s.subject.open(c, workers); err != nil {
		return pool, first, err
	}
	*job = s.subject.job(*job)
	job.Once = true
	first, err = once(c, pool, *job)
	return pool, first, err
}

// once runs a job with all that a page shows of it.
func once(c *cobra.Command, pool sweep.Pool, job sweep.Job) (sweep.Outcome, error) {
	job.Trace, job.Report = true, true
	return runOne(c, pool, job)
}

// rerun runs a job on all workers, once for each draw.
func rerun(c *cobra.Command, pool sweep.Pool, job sweep.Job, first *sweep.Outcome, draws []sim.Reseed) (same []bool, err error) {
	counter := newCounter(c.ErrOrStderr(), len(draws), "runs")
	defer counter.end()
	failed := 0
	runErr := pool.Run(c.Context(), func(yield func(sweep.Job) bool) {
		for _, draw := range draws {
			next := job
			next.Trace, next.Report, next.Reseed = false, false, &draw
			if !yield(next) {
				return
			}
		}
	}, func(o sweep.Outcome) {
		if o.Error != "" && err == nil {
			err = errors.New(o.Error)
		}
		again := o.Verdict == first.Verdict && o.Property == first.Property
		if again {
			failed++
		}
		same = append(same, again)
		counter.add(scenarios.Count(failed, "failure") + " of the same kind")
	})
	return same, errors.Join(runErr, err)
}
