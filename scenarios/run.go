package scenarios

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// RunOptions are what a run can be asked for beside its plan, subject and seed.
// None of them changes what happens in it, as long as it is let go on.
type RunOptions struct {
	// KeepTrace keeps the events and the log in the record.
	KeepTrace bool
	// Watchdog is how long, in real time, the run may go without progress.
	// Default: that of [sim.Config].
	Watchdog time.Duration
	// MaxRequests ends a run whose subject calls without end, with the verdict
	// crash (no-hang). Default: that of [sim.Config]. A smaller one changes how
	// runs end that have more requests, and no others.
	MaxRequests uint64
	// OnHang is told of a run that blocks virtual time, before the process ends;
	// see [sim.Config].
	OnHang func(seed sim.Seed, stacks []byte)
	// Reseed draws everything anew from a moment on; see [sim.Config]. Nil: nothing.
	Reseed *sim.Reseed
	// Baselines keeps the fault-free run of the last plan for the next one with the
	// same steps. Nil: nothing is kept.
	Baselines *Baselines
}

// Result is one run, judged.
type Result struct {
	Plan    Plan
	Subject string
	Seed    sim.Seed
	Record  *sim.Record
	Verdict model.Verdict
	// FaultFree: it is the run without a fault that failed already. The plan's
	// faults were not tried.
	FaultFree bool
	// Idle are the IDs of the steps that found nothing to do.
	Idle []string
}

// Unfired lists the rules of the plan that took no effect, by their IDs.
func (r *Result) Unfired() []string {
	var ids []string
	for i := range r.Plan.Faults {
		if id := r.Plan.Faults[i].ID; r.Record.Struck[id] == 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

// Run puts a subject through a plan and judges what happened. The plan must be
// valid. Same plan, subject and seed: same result.
//
// A subject with a [Baseline] runs without the plan's faults first. When that
// run fails, it is the result.
//
// t is needed by the virtual clock and never fails; what the subject did wrong
// is in the result. Only one Run may be under way in a process.
func Run(t *testing.T, plan Plan, subject Subject, seed sim.Seed, o RunOptions) Result {
	plan.Language = subject.language()
	r := runner{t: t, plan: plan, subject: subject, seed: seed, options: o}
	if subject.Baseline == nil {
		record, idle := r.run(plan.Faults, o.Reseed)
		return r.result(record, idle, false, r.judge(record))
	}
	base := r.baseline()
	if base.Verdict.Kind != model.VerdictPass || len(plan.Faults) == 0 {
		if o.Reseed == nil {
			return base
		}
		record, idle := r.run(nil, o.Reseed)
		return r.result(record, idle, true, r.judge(record))
	}
	return r.beside(base.Record)
}

// Observe runs a plan without its faults, for what the subject does then.
func Observe(t *testing.T, plan Plan, subject Subject, seed sim.Seed, o RunOptions) Result {
	plan.Language, plan.Faults = subject.language(), nil
	r := runner{t: t, plan: plan, subject: subject, seed: seed, options: o}
	return r.baseline()
}

// runner is one seed of a plan.
type runner struct {
	t       *testing.T
	plan    Plan
	subject Subject
	seed    sim.Seed
	options RunOptions
}

func (r *runner) result(record *sim.Record, idle []string, faultFree bool, verdict model.Verdict) Result {
	return Result{Plan: r.plan, Subject: r.subject.Name, Seed: r.seed, Record: record, Verdict: verdict, FaultFree: faultFree, Idle: idle}
}

// run lives through the plan's world with these faults, and draws anew what it is
// told to.
func (r *runner) run(rules []faults.Rule, anew *sim.Reseed) (*sim.Record, []string) {
	var idle []string
	config := r.config(r.seed, rules, &idle)
	config.Reseed = anew
	record := sim.Run(r.t, config)
	slices.Sort(idle)
	return record, idle
}

// judge asks all laws but that a run is like its baseline.
func (r *runner) judge(record *sim.Record) model.Verdict {
	return model.Judge(&record.History, r.subject.Properties(&r.plan))
}

// baseline is the run without faults, judged by all laws but that it is like
// itself.
func (r *runner) baseline() Result {
	if kept, ok := r.options.Baselines.find(r); ok {
		return kept
	}
	record, idle := r.run(nil, nil) // a baseline is a baseline
	result := r.result(record, idle, true, r.judge(record))
	r.options.Baselines.keep(r, result)
	return result
}

// beside runs the plan with its faults and compares with the fault-free run. When
// their ends differ, two more baselines tell what the steps determine: one with
// other latencies, and one whose subject sleeps until all has happened. What a
// controller shows only because it saw a state that came and went is no part of
// the end that it has to reach.
func (r *runner) beside(base *sim.Record) Result {
	record, idle := r.run(r.plan.Faults, r.options.Reseed)
	laws := r.subject.Properties(&r.plan)
	judge := func(baselines ...*model.History) model.Verdict {
		like := model.LikeBaseline(model.BaselineOptions{Baselines: baselines, Ignore: r.subject.Baseline.Ignore, Rename: r.subject.Baseline.Rename})
		return model.Judge(&record.History, append(slices.Clone(laws), like))
	}
	if r.subject.Baseline.Unjudged {
		return r.result(record, idle, false, model.Judge(&record.History, laws))
	}
	verdict := judge(&base.History)
	if verdict.Property == LikeBaseline {
		var ignored []string
		other := sim.Run(r.t, r.config(r.seed+1<<32, nil, &ignored))
		late := sim.Run(r.t, r.asleep(r.config(r.seed, nil, &ignored)))
		verdict = judge(&base.History, &other.History, &late.History)
	}
	return r.result(record, idle, false, verdict)
}

// LikeBaseline is the name of the property that faults leave no trace.
const LikeBaseline = "like-twin"

// config is the world of one run. Another seed than the plan's gives other
// latencies and jitter; the steps are the same.
func (r *runner) config(seed sim.Seed, rules []faults.Rule, idle *[]string) sim.Config {
	plan := r.plan
	plan.Faults = rules
	var users sync.Mutex // they may come to nothing at one instant
	config := newWorld(plan, r.subject, seed, func(step string) {
		users.Lock()
		defer users.Unlock()
		*idle = append(*idle, step)
	})
	config.EndRestless = slices.ContainsFunc(r.subject.Properties(&plan), func(p model.Property) bool { return p.Name == "quiet" })
	config.KeepTrace, config.MaxRequests = r.options.KeepTrace, r.options.MaxRequests
	config.Watchdog, config.OnHang = r.options.Watchdog, r.options.OnHang
	return config
}

// asleep starts what is under test when the safety phase is over.
func (r *runner) asleep(config sim.Config) sim.Config {
	underTest := r.plan.UnderTest()
	for i := range config.Processes {
		if p := &config.Processes[i]; slices.Contains(underTest, p.Name) {
			p.Start = max(p.Start, r.plan.Safety)
		}
	}
	return config
}

// Met says whether the verdict is the one that the plan expects of its
// subject. A plan without an expectation for the subject expects a pass.
func (r *Result) Met() bool {
	want, ok := r.Plan.Expect[r.Subject]
	if !ok {
		return r.Verdict.Kind == model.VerdictPass
	}
	return string(r.Verdict.Kind) == want.Verdict && (want.Property == "" || r.Verdict.Property == want.Property)
}
