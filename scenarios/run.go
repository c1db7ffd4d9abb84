package scenarios

import (
	"slices"
	"testing"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/globalnet"
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
	// OnHang is [sim.Config]'s: it is called when Watchdog is over, and must end
	// the process.
	OnHang func(seed sim.Seed, stacks []byte)
	// MaxRequests ends a run whose subject calls without end, with the verdict
	// crash (no-hang). Default: that of [sim.Config]. A smaller one changes how
	// runs end that have more requests, and no others.
	MaxRequests uint64
}

// Result is one run, judged.
type Result struct {
	Plan    Plan
	Subject string
	Seed    sim.Seed
	Record  *sim.Record
	Verdict model.Verdict
}

// Run puts a subject through a plan and judges what happened. The plan must be
// valid. Same plan, subject and seed: same result.
//
// t is needed by the virtual clock and never fails; what the subject did wrong
// is in the result. Only one Run may be under way in a process.
func Run(t *testing.T, plan Plan, subject Subject, seed sim.Seed, o RunOptions) Result {
	config := NewWorld(plan, subject, seed)
	config.KeepTrace, config.MaxRequests = o.KeepTrace, o.MaxRequests
	config.Watchdog, config.OnHang = o.Watchdog, o.OnHang
	record := sim.Run(t, config)
	return Result{
		Plan: plan, Subject: subject.Name, Seed: seed, Record: record,
		Verdict: model.Judge(&record.History, Properties(plan, subject)),
	}
}

// Properties are the laws that a run of the subject in the plan's world is
// judged by: those of a GlobalIngressIP controller, what its consumers rely on,
// and those of any controller. With faults that Kubernetes does not permit the
// watches are not what Kubernetes guarantees, so that is not asked.
func Properties(plan Plan, subject Subject) []model.Property {
	o := globalnet.Options{CIDRs: plan.World.CIDRs, Claims: subject.Claims, Headless: subject.Headless}
	properties := slices.Concat(globalnet.Properties(o), globalnet.Consumers(), model.Generic())
	if subject.Claims {
		properties = append(properties, globalnet.Promptness(o)...)
	}
	if subject.Metrics {
		properties = append(properties, globalnet.Metrics(o)...)
	}
	if subject.Headless {
		properties = append(properties, globalnet.HostRules()...)
	}
	if plan.Illegal() {
		return properties
	}
	return append(properties, model.WatchGuarantees()...)
}

// Illegal says whether the plan has faults that Kubernetes does not permit.
func (p *Plan) Illegal() bool {
	return slices.ContainsFunc(p.Faults, func(r faults.Rule) bool {
		info, _ := faults.Lookup(r.Kind)
		return !info.Permitted
	})
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
