package target

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// DefaultPairs is how many pairs are run of each plan when no limit is given:
// all of them would be some thousands for a plan of three services.
const DefaultPairs = 500

// Runner runs jobs and calls done with each outcome, in the order of the jobs.
// [sweep.Pool.Run] is one.
type Runner func(ctx context.Context, jobs iter.Seq[sweep.Job], done func(sweep.Outcome)) error

// Sweep is one aimed sweep.
type Sweep struct {
	Mode Mode
	// Bases are run without faults first: jobs of a Plan each, or of a Seed from which
	// the worker draws one. Their faults are left out, unless KeepFaults is set.
	// Names of plans must differ. There may be any number: no more than [atATime] of
	// them are kept in memory.
	Bases      iter.Seq[sweep.Job]
	KeepFaults bool
	Subject    string
	// Package and Mutexes are those of [sweep.Job], of a subject in a test binary.
	Package string
	// Site is that of [sweep.Job], of a subject that a file brings along.
	Site    *sweep.Site
	Mutexes bool
	// Language is that of the subject.
	Language *scenarios.Language
	// Limit is how many plans are derived from each plan at most, chosen by a
	// draw from its seed; 0: all, or [DefaultPairs] of pairs.
	Limit int
	// Shard is the part of the derived plans that is run; the zero value is all.
	// Bases are run by every shard.
	Shard sim.Shard
	// Only runs the derived plan of that name and no other; empty: all.
	Only string
	// Wanted says of each derived plan by its name whether it is run; nil: all are.
	Wanted func(name string) bool
	// Confirm is how often a failure is run again; see [sweep.Job].
	Confirm int
	// Replay makes the command that shows a derived plan again. Nil: none.
	Replay func(derived scenarios.Plan) string
	// Made are the first runs of the same sweep, in their order, which were made
	// before: done does not get their outcomes, and those of derived plans are not
	// made again. What plans are derived from is.
	Made []Made
	// Aiming is told of each run that plans are derived from, and that done does not
	// get: how many were made of those that are wanted before the next derived plan
	// is run. Nil: nobody.
	Aiming func(made, of int)
	// Enough says that no further run is to be begun, of those that plans are
	// derived from either; the runner may then end early. Nil: never.
	Enough func() bool
}

// Run runs the bases without faults, derives plans from what the subject
// called and runs those. done gets the outcome of every derived plan. Of a plan
// in which the subject fails without faults it gets that outcome and nothing
// else, because there is nothing to be learnt from faults then.
//
// Which plans are run, and in which order, depends on the sweep alone. Errors
// are the runner's, that of a plan which cannot be written, that no derived
// plan has the name of Only, and that Made are not the first runs of the sweep:
// then done was not called.
func (s Sweep) Run(ctx context.Context, run Runner, done func(sweep.Outcome)) error {
	var bases []sweep.Job
	var derived uint64
	before := &made{left: s.Made}
	some := func() error {
		n, err := s.run(ctx, run, bases, derived, before, done)
		derived, bases = derived+n, bases[:0]
		return err
	}
	for job := range s.Bases {
		if s.Enough != nil && s.Enough() {
			return nil
		}
		job.Subject, job.FaultFree, job.Calls, job.Confirm = s.Subject, !s.KeepFaults, true, s.Confirm
		job.Package, job.Mutexes, job.Site = s.Package, s.Mutexes, s.Site
		if bases = append(bases, job); len(bases) < atATime {
			continue
		}
		if err := some(); err != nil {
			return unlessEnough(err)
		}
	}
	if err := some(); err != nil {
		return unlessEnough(err)
	}
	if s.Only != "" && derived == 0 {
		return fmt.Errorf("the sweep derives no plan of the name %q", s.Only)
	}
	return before.whole()
}

// errEnough: the runner has ended before all plans were run that others are to be
// derived from, because that was enough.
var errEnough = errors.New("enough was run before the sweep could take aim")

func unlessEnough(err error) error {
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// atATime is how many plans are run without faults before plans are derived
// from them: enough to keep the workers busy, few enough to hold the hundred
// plans that each of them may bring.
const atATime = 16

// run sweeps over some of the plans, and returns how many were derived from
// them. As many as earlier were derived from those that went before.
func (s Sweep) run(ctx context.Context, run Runner, bases []sweep.Job, earlier uint64, before *made, done func(sweep.Outcome)) (uint64, error) {
	outcomes, err := s.observe(ctx, run, slices.Values(bases), len(bases))
	if err != nil {
		return 0, err
	}
	var all uint64
	singles := make([][]scenarios.Plan, len(bases)) // by base
	for i, o := range outcomes {
		if o.Verdict != model.VerdictPass {
			if s.Only == o.Scenario {
				all++
			}
			known, err := before.has(o.Scenario, sim.Seed(o.Job.Seed))
			if err != nil {
				return 0, err
			}
			if !known {
				done(o)
			}
			continue
		}
		base, err := scenarios.Parse(o.Scenario, []byte(o.Plan), s.Language)
		if err != nil {
			return 0, err
		}
		singles[i] = Derive(s.Mode, base, o.Calls)
	}
	if s.Mode == Pairs {
		if singles, err = s.pairs(ctx, run, singles); err != nil {
			return 0, err
		}
	}
	var plans []scenarios.Plan
	for _, derived := range singles {
		plans = append(plans, choose(derived, s.limit())...)
	}
	if s.Only != "" {
		plans = slices.DeleteFunc(plans, func(p scenarios.Plan) bool { return p.Name != s.Only })
	}
	if s.Wanted != nil {
		plans = slices.DeleteFunc(plans, func(p scenarios.Plan) bool { return !s.Wanted(p.Name) })
	}
	all += uint64(len(plans))
	if s.Shard.Of > 1 {
		number := earlier
		plans = slices.DeleteFunc(plans, func(scenarios.Plan) bool {
			number++
			return (number-1)%s.Shard.Of != s.Shard.Index
		})
	}
	for len(plans) > 0 {
		known, err := before.has(plans[0].Name, plans[0].Seed)
		if err != nil {
			return 0, err
		}
		if !known {
			break
		}
		plans = plans[1:]
	}
	jobs, err := s.jobs(plans)
	if err != nil {
		return 0, err
	}
	return all, run(ctx, slices.Values(jobs), done)
}

func (s Sweep) limit() int {
	if s.Limit == 0 && s.Mode == Pairs {
		return DefaultPairs
	}
	return s.Limit
}

// pairs runs each plan with one fault, and derives from what was called after
// it the plans with a second. A plan whose first fault is enough to fail gets
// no second one. First faults beyond the limit are not tried: their runs would cost
// more than those of the pairs.
func (s Sweep) pairs(ctx context.Context, run Runner, singles [][]scenarios.Plan) ([][]scenarios.Plan, error) {
	for i := range singles {
		singles[i] = choose(singles[i], s.limit())
	}
	first := slices.Concat(singles...)
	jobs, err := s.jobs(first)
	if err != nil {
		return nil, err
	}
	for i := range jobs {
		jobs[i].Calls, jobs[i].Coverage = true, false
	}
	outcomes, err := s.observe(ctx, run, slices.Values(jobs), len(jobs))
	if err != nil {
		return nil, err
	}
	pairs := make([][]scenarios.Plan, len(singles))
	for i, plans := range singles {
		for _, p := range plans {
			o := outcomes[0]
			outcomes = outcomes[1:]
			if o.Verdict != model.VerdictPass {
				pairs[i] = append(pairs[i], p)
				continue
			}
			pairs[i] = append(pairs[i], Derive(Pairs, p, after(p, o.Calls))...)
		}
		pairs[i] = choose(pairs[i], s.limit()) // there are thousands
	}
	return pairs, nil
}

// observe runs so many jobs for what the subject calls in them.
func (s Sweep) observe(ctx context.Context, run Runner, jobs iter.Seq[sweep.Job], n int) ([]sweep.Outcome, error) {
	var outcomes []sweep.Outcome
	var bad error
	err := run(ctx, jobs, func(o sweep.Outcome) {
		if o.Error != "" && bad == nil {
			bad = errors.New(o.Error)
		}
		if outcomes = append(outcomes, o); s.Aiming != nil {
			s.Aiming(len(outcomes), n)
		}
	})
	switch {
	case err != nil:
		return nil, err
	case bad != nil:
		return nil, bad
	case len(outcomes) < n:
		return outcomes, errEnough
	}
	return outcomes, nil
}

// jobs are those that run plans.
func (s Sweep) jobs(plans []scenarios.Plan) ([]sweep.Job, error) {
	jobs := make([]sweep.Job, len(plans))
	for i, p := range plans {
		text, err := scenarios.Marshal(p)
		if err != nil {
			return nil, err
		}
		jobs[i] = sweep.Job{
			Seed: uint64(p.Seed), Plan: string(text), File: p.Name + ".yaml", Subject: s.Subject, Package: s.Package, Mutexes: s.Mutexes, Site: s.Site,
			Confirm: s.Confirm, Coverage: true,
		}
		if s.Replay != nil {
			jobs[i].Replay = s.Replay(p)
		}
	}
	return jobs, nil
}
