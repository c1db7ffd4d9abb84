package target

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/search"
	"github.com/seatrial/seatrial/sim"
)

// Search is a search in the order of a [search.Course], made by workers.
type Search struct {
	// Job has what all jobs have: subject, seed, extras and so on.
	Job sweep.Job
	// Language is that of the subject.
	Language *scenarios.Language
	// Stories are run in the place of the subject's; none: those are.
	Stories []scenarios.Plan
	// Corpus was kept by an earlier search: see [search.Course.GoOnFrom].
	Corpus []scenarios.Plan
	// Only makes the run of that name, after those from which it comes, and no other
	// one; empty: all. A seed of the swarm needs no search.
	Only string
	// Runs is the budget, without those that were made before; 0: there is no end.
	Runs int
	// Made are the first runs of the same search, in their order, which were made before:
	// they are made again for what they tell, and done does not get their outcomes.
	Made []Made
	// Replay makes the command that shows a run again. Nil: none.
	Replay func(step search.Step) string
	// Enough says that no further run is to be begun. Nil: never.
	Enough func() bool
}

// Run makes the runs of the search and calls done with each, in their order. What is
// returned is what they have covered.
//
// Same subject, seed and budget in runs: the same runs in the same order, on any number
// of workers. Errors are the runner's, that of a plan that cannot be read or written,
// that there is no run of the name of Only, and that Made are not the first runs.
func (s Search) Run(ctx context.Context, run Runner, done func(search.Step, sweep.Outcome)) (search.Coverage, error) {
	u := &underWay{
		Search: s, course: search.NewCourse(sim.Seed(s.Job.Seed), s.Only).OwnStories(s.Stories).GoOnFrom(s.Corpus), before: made{left: s.Made}, done: done,
	}
	u.told = sync.NewCond(&u.mu)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	u.stop = stop
	defer context.AfterFunc(ctx, func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.told.Broadcast() // whoever waits is to see that it is over
	})()
	err := run(ctx, func(yield func(sweep.Job) bool) {
		for number := 0; s.Runs == 0 || number < s.Runs+len(s.Made); number++ {
			if job, ok := u.next(ctx); !ok || !yield(job) {
				return
			}
		}
	}, u.take)
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.err != nil:
		err = u.err
	case err == nil && s.Only != "" && !u.found && len(u.failed) > 0:
		for _, f := range u.failed { // that is why it cannot be made
			done(f.step, f.outcome)
		}
	case err == nil && s.Only != "" && !u.found:
		err = fmt.Errorf("the search has no run of the name %q", s.Only)
	case err == nil && (s.Enough == nil || !s.Enough()):
		err = u.before.whole()
	}
	return u.course.Coverage(), err
}

// underWay is a search that is being made. Jobs are taken in one goroutine and outcomes
// told in others.
type underWay struct {
	Search
	before made
	done   func(search.Step, sweep.Outcome)
	stop   context.CancelCauseFunc

	mu     sync.Mutex
	told   *sync.Cond // something was, or it is over
	course *search.Course
	steps  []search.Step // that are under way, in order
	found  bool          // the run of the name of Only
	failed []failedRun   // those from which it comes
	err    error
}

type failedRun struct {
	step    search.Step
	outcome sweep.Outcome
}

// next is the next job; false: there is none. It waits for outcomes that decide about it.
func (u *underWay) next(ctx context.Context) (sweep.Job, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for {
		if ctx.Err() != nil || u.err != nil || u.Enough != nil && u.Enough() {
			return sweep.Job{}, false
		}
		step, ok, wait := u.course.Next()
		if ok {
			job, err := u.job(step)
			if err != nil {
				u.fail(err)
				return sweep.Job{}, false
			}
			u.steps = append(u.steps, step)
			return job, true
		}
		if !wait {
			return sweep.Job{}, false
		}
		u.told.Wait()
	}
}

func (u *underWay) fail(err error) {
	u.err = err
	u.stop(err)
}

// job is the job of a step.
func (u *underWay) job(step search.Step) (sweep.Job, error) {
	job := u.Job
	job.Seed, job.Sketch = uint64(step.Seed), true
	if u.Replay != nil {
		job.Replay = u.Replay(step)
	}
	if step.Plan == nil {
		job.Story = step.Story
		return job, nil
	}
	text, err := scenarios.Marshal(*step.Plan)
	if err != nil {
		return job, fmt.Errorf("writing the plan of %s: %w", step.Name, err)
	}
	job.Plan, job.File = string(text), step.Name+".yaml"
	return job, nil
}

// take tells the course of an outcome, and hands it on.
func (u *underWay) take(o sweep.Outcome) {
	u.mu.Lock()
	step := u.steps[0]
	u.steps = u.steps[1:]
	told, err := u.tell(step, &o)
	u.course.Tell(told)
	u.found = u.found || step.Name == u.Only
	var known bool
	if err == nil {
		known, err = u.before.has(o.Scenario, sim.Seed(o.Job.Seed))
	}
	if err != nil && u.err == nil {
		u.fail(err)
	}
	if u.Only != "" && u.Only != step.Name && told.Failed && !told.Known {
		u.failed = append(u.failed, failedRun{step, o})
	}
	u.told.Broadcast()
	u.mu.Unlock()
	if err == nil && !known && (u.Only == "" || u.Only == step.Name) {
		o.Sketch = nil
		u.done(step, o)
	}
}

// tell is what the course is told of an outcome.
func (u *underWay) tell(step search.Step, o *sweep.Outcome) (search.Told, error) {
	told := search.Told{
		Stories: o.Stories, Sketch: o.Sketch, Failed: o.Verdict != model.VerdictPass, Known: o.Known != "", Unfired: o.Unfired, Fired: map[faults.Kind]int{},
	}
	for kind, times := range o.Fired {
		told.Fired[faults.Kind(kind)] = times
	}
	if o.Error != "" {
		return told, errors.New(o.Error)
	}
	if told.Plan = step.Plan; told.Plan == nil && !told.Failed && o.Plan != "" {
		plan, err := scenarios.Parse(o.Scenario, []byte(o.Plan), u.Language)
		if err != nil {
			return told, err
		}
		told.Plan = &plan
	}
	return told, nil
}
