package shrink

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// Options of [Shrink]. The zero value is ready for use.
type Options struct {
	// Pool runs the candidates. Its binary has to know the subject.
	Pool sweep.Pool
	// Language is that of the subject; nil: [scenarios.Foreign].
	Language *scenarios.Language
	// Most is how many candidates are tried at most; 0: as many as there are.
	Most int
	// Progress, when not nil, is told after each candidate.
	Progress func(Progress)
}

// Progress tells how far a search has come.
type Progress struct {
	Doing string // what is being made smaller: "steps", "windows"
	Tried int    // candidates so far
	Size  Size   // of the smallest plan that failed so far
}

// Result is what [Shrink] found.
type Result struct {
	From, To Size
	Plan     scenarios.Plan // the small one, with its seed and what to expect
	YAML     []byte         // the plan as a scenario file
	// Outcome of the small plan, with trace and log, confirmed as failures are.
	Outcome sweep.Outcome
	Tried   int
	// Explanation compares it to the same plan without its last fault; nil when
	// there is nothing that could be left out.
	Explanation *Explanation
}

// ErrPasses says that there is nothing to shrink: the run does not fail.
var ErrPasses = errors.New("the run passes: there is nothing to shrink")

// Shrink reduces the plan of a failing job. The job's seed and subject stay;
// its plan may be one drawn from the seed. The error is [ErrPasses], what is
// wrong with the job, that no worker could be started, or ctx's.
func Shrink(ctx context.Context, job sweep.Job, o Options) (*Result, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if o.Language == nil {
		o.Language = scenarios.Foreign()
	}
	s := &search{bench: newBench(ctx, o.Pool), options: o, job: job}
	if err := s.begin(); err != nil {
		return nil, err
	}
	from := s.size
	if err := s.reduce(); err != nil {
		return nil, err
	}
	result := &Result{From: from, To: s.size, Tried: s.tried}
	return result, s.finish(result)
}

// search is one call of Shrink.
type search struct {
	bench   *bench
	options Options
	job     sweep.Job

	plan  scenarios.Plan // the smallest so far that fails as the first did
	size  Size
	first sweep.Outcome // how the plan failed that was given
	// culprit is when the smallest plan broke the law; 0 when that is not known.
	culprit time.Duration
	fired   fired // of the smallest plan; nil until somebody asks
	tried   int
	// most is how many requests a candidate may make. With less in their way,
	// some loop for as long as they are let, and would cost minutes each.
	most uint64
}

// patience is how long a candidate may go, in real time, without progress. It
// is less than for other runs, because hanging candidates would each cost it.
const patience = 3 * time.Second

// leastRequests is what every candidate may make.
const leastRequests = 1000

// jobFor is the job that tries a plan.
func (s *search) jobFor(plan scenarios.Plan) (sweep.Job, error) {
	text, err := scenarios.Marshal(plan)
	return sweep.Job{
		Seed: uint64(plan.Seed), Plan: string(text), File: "candidate", Subject: s.job.Subject, Site: s.job.Site, Exact: s.job.Exact,
		Once: true, Watchdog: patience, MaxRequests: s.most,
	}, err
}

// begin runs the plan that was given.
func (s *search) begin() error {
	plan, err := s.read()
	if err != nil {
		return err
	}
	plan.Description, plan.Expect = "", nil
	job, err := s.jobFor(plan)
	if err != nil {
		return err
	}
	outcome, err := s.bench.run(job)
	switch {
	case err != nil:
		return err
	case outcome.Error != "":
		return errors.New(outcome.Error)
	case outcome.Verdict == model.VerdictPass:
		return ErrPasses
	}
	s.first = outcome
	s.most = max(leastRequests, 3*uint64(outcome.Requests))
	s.accept(plan, sizeOf(plan, job.Plan), outcome)
	return nil
}

// read is the plan of the job, which a worker draws if the job has none.
func (s *search) read() (scenarios.Plan, error) {
	text, file := s.job.Plan, s.job.File
	if text == "" {
		job := s.job
		job.PlanOnly, job.Exact = true, nil
		outcome, err := s.bench.run(job)
		if err != nil {
			return scenarios.Plan{}, err
		}
		if outcome.Error != "" {
			return scenarios.Plan{}, errors.New(outcome.Error)
		}
		text, file = outcome.Plan, outcome.Scenario
	}
	plan, err := scenarios.Parse(file, []byte(text), s.options.Language)
	plan.Seed = sim.Seed(s.job.Seed)
	return plan, err
}

func (s *search) accept(plan scenarios.Plan, size Size, outcome sweep.Outcome) {
	s.plan, s.size, s.fired, s.culprit = plan, size, nil, 0
	if c := outcome.Culprit; c != nil {
		s.culprit = c.At
	}
}

// same says whether an outcome is the failure that is being shrunk.
func (s *search) same(o sweep.Outcome) bool {
	return o.Error == "" && o.Verdict == s.first.Verdict && o.Property == s.first.Property &&
		o.Signature == s.first.Signature
}

// reduce goes through all passes until none of them makes the plan smaller.
func (s *search) reduce() error {
	for {
		before := s.size
		for _, pass := range passes() {
			if err := s.exhaust(pass); err != nil {
				return err
			}
		}
		if s.size == before {
			return nil
		}
	}
}

// exhaust goes through the candidates of a pass. When one fails in the same
// way, it goes on at the same place with the candidates of the smaller plan.
func (s *search) exhaust(p pass) error {
	for next := 0; ; {
		plans, sizes, jobs, err := s.candidates(p)
		if s.options.Most > 0 {
			jobs = jobs[:min(len(jobs), max(next, next+s.options.Most-s.tried))]
		}
		if err != nil || next >= len(jobs) {
			return err
		}
		found, outcome, err := s.bench.firstThat(s.same, jobs[next:], func() { s.report(p.name) })
		if err != nil || found < 0 {
			return err
		}
		next += found
		s.accept(plans[next], sizes[next], outcome)
	}
}

// candidates are the plans that a pass suggests, as far as they are valid and
// smaller.
func (s *search) candidates(p pass) (plans []scenarios.Plan, sizes []Size, jobs []sweep.Job, err error) {
	if p.needsTrace && s.fired == nil {
		if err := s.trace(); err != nil {
			return nil, nil, nil, err
		}
	}
	p.suggest(s, func(plan scenarios.Plan) {
		plan.Default()
		plan = mended(plan)
		job, err := s.jobFor(plan)
		if err != nil {
			return // the change made no sense in this plan
		}
		if size := sizeOf(plan, job.Plan); size.less(s.size) {
			plans, sizes, jobs = append(plans, plan), append(sizes, size), append(jobs, job)
		}
	})
	return plans, sizes, jobs, nil
}

func (s *search) report(doing string) {
	s.tried++
	if s.options.Progress != nil {
		s.options.Progress(Progress{Doing: doing, Tried: s.tried, Size: s.size})
	}
}

// trace runs the smallest plan once more, to see when its faults took effect.
func (s *search) trace() error {
	job, err := s.jobFor(s.plan)
	if err != nil {
		return err
	}
	job.Trace = true
	outcome, err := s.bench.run(job)
	if err != nil {
		return err
	}
	events, err := sweep.DecodeEvents("the trace", outcome.Trace)
	s.fired = firedIn(events)
	return err
}

// finish runs the small plan as any failure is run, and explains it.
func (s *search) finish(r *Result) error {
	r.Plan = s.plan.Clone()
	r.Plan.Description = fmt.Sprintf("Shrunk from %s, seed %d: %s violates %s.", s.plan.Name, s.job.Seed, s.job.Subject, s.first.Property)
	r.Plan.Expect = map[string]scenarios.Expectation{s.job.Subject: expectation(s.first)}
	if r.Plan.Validate() != nil {
		r.Plan.Expect = nil // a subject that scenario files cannot name
	}
	// Each user takes its steps in order of time however they are listed.
	slices.SortStableFunc(r.Plan.Steps, func(a, b scenarios.Step) int { return cmp.Compare(a.At, b.At) })
	var err error
	if r.YAML, err = scenarios.Marshal(r.Plan); err != nil {
		return err
	}
	if r.Plan, err = scenarios.Parse("min.yaml", r.YAML, s.options.Language); err != nil {
		return err
	}
	job := s.job
	job.Seed, job.Plan, job.File, job.Trace, job.Once = uint64(r.Plan.Seed), string(r.YAML), "min.yaml", true, false
	job.Confirm = max(job.Confirm, 2)
	if s.first.Property == "no-hang" {
		job.Watchdog = patience // it has hung for as long already
	}
	if r.Outcome, err = s.bench.run(job); err != nil {
		return err
	}
	r.Explanation, err = s.explain(r.Outcome)
	return err
}

func expectation(o sweep.Outcome) scenarios.Expectation {
	e := scenarios.Expectation{Verdict: string(o.Verdict)}
	if o.Verdict == model.VerdictSafety || o.Verdict == model.VerdictLiveness {
		e.Property = o.Property
	}
	return e
}
