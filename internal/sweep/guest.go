package sweep

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"testing"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/swarm"
	"github.com/seatrial/seatrial/sim"
)

// Greeting is what a module of exact mode says of itself when it is warm.
type Greeting struct {
	Protocol  int    `json:"protocol"`  // of jobs and outcomes
	Generator string `json:"generator"` // of random decisions
}

// ThisGreeting is that of the running program. A module with another one
// cannot take its jobs.
func ThisGreeting() Greeting { return Greeting{Protocol: 2, Generator: swarm.Version} }

// WarmUp runs an ordinary day of the registry's first subject, so that what every
// run of a process needs and no seed decides (schemes, schemas, type caches) is
// there. For the module of exact mode, which keeps the state that this leaves.
func WarmUp(t *testing.T, registry *scenarios.Registry) {
	subject, plan := registry.Subjects()[0].Survey()
	scenarios.Run(t, plan, subject, plan.Seed, scenarios.RunOptions{KeepTrace: true})
}

// WarmUpAlone is [WarmUp] without the subject, which may end its process: users do what
// they do on an ordinary day, and nobody answers.
func WarmUpAlone(t *testing.T, subject scenarios.Subject) {
	_, plan := subject.Survey()
	subject.Deploy = func(*scenarios.Plan) []sim.Process { return nil }
	subject.Properties, subject.Baseline = func(*scenarios.Plan) []model.Property { return nil }, nil
	scenarios.Run(t, plan, subject, plan.Seed, scenarios.RunOptions{KeepTrace: true})
}

// ServeGuest runs one job inside a module of exact mode and writes its outcome.
// Before it begins, it hands over what is to decide about maps, select choices
// and preemption.
func ServeGuest(t *testing.T, registry *scenarios.Registry, input io.Reader, results io.Writer, reseed func(Chance)) {
	var job Job
	lines := json.NewDecoder(input)
	if err := lines.Decode(&job); err != nil {
		panic(fmt.Sprintf("sweep: a job cannot be read: %v", err))
	}
	encoder := json.NewEncoder(results)
	onHang := func(_ sim.Seed, stacks []byte) {
		encoder.Encode(hung(job, stacks))
		os.Exit(3)
	}
	subject, ok := registry.Find(job.Subject)
	if !ok {
		encoder.Encode(Outcome{Job: job, Error: fmt.Sprintf("unknown subject %q", job.Subject)})
		return
	}
	if job.PlanOnly {
		reseed(job.chance())
		encoder.Encode((&work{t: t, registry: registry, onHang: onHang}).do(job))
		return
	}
	plan, err := scenarios.Parse(job.File, []byte(job.Plan), subject.Language)
	if err != nil {
		encoder.Encode(Outcome{Job: job, Error: err.Error()})
		return
	}
	plan.Seed = sim.Seed(job.Seed)
	reseed(job.chance())
	// The trace is always kept: whether it is must not make a difference.
	result := scenarios.Run(t, plan, subject, sim.Seed(job.Seed), scenarios.RunOptions{KeepTrace: true, MaxRequests: job.MaxRequests, OnHang: onHang})
	var wanted detail
	if err := lines.Decode(&wanted); err != nil {
		panic(fmt.Sprintf("sweep: what is wanted of an outcome cannot be read: %v", err))
	}
	job.Report, job.Coverage = wanted == wantReport, true // the host drops what nobody wants
	outcome := outcomeOf(job, subject, result)
	if wanted != wantVerdict || outcome.Verdict != model.VerdictPass {
		outcome.keep(subject, result)
	}
	encoder.Encode(outcome) // the host sees when it is cut off
}

// detail is what is wanted of an outcome beside the verdict. A guest reads it when
// the run is over. All details have one length, so that a run's memory does not
// depend on them: maps with pointers for keys are ordered by addresses.
type detail string

const (
	wantVerdict detail = "verdict"
	wantTrace   detail = "trace.."
	wantReport  detail = "report."
)

// ForGuest is what a module gets of a job: what decides about the run and
// nothing else, in one form, however the job was put. plan is as [scenarios.Marshal]
// writes it.
func (j Job) ForGuest(plan string) ([]byte, error) {
	wanted := wantVerdict
	switch {
	case j.Report:
		wanted = wantReport
	case j.Trace:
		wanted = wantTrace
	}
	job, err := json.Marshal(Job{
		Seed: j.Seed, Plan: plan, File: "plan.yaml", Subject: j.Subject, MaxRequests: j.MaxRequests,
		Exact: &Exact{Schedule: j.Exact.Schedule, Only: j.Exact.Only},
	})
	return fmt.Appendf(job, "\n%q\n", wanted), err
}

// PlanFromGuest is what a module gets that is to say what a job's plan is: drawn from its
// seed, or its own, read and written anew.
func (j Job) PlanFromGuest() ([]byte, error) {
	return json.Marshal(Job{
		Seed: j.Seed, Plan: j.Plan, File: j.File, Subject: j.Subject, Extras: j.Extras, FaultFree: j.FaultFree, PlanOnly: true, Signature: j.Signature,
		Exact: &Exact{Schedule: j.Exact.Schedule, Only: j.Exact.Only},
	})
}

// Chance is what decides about everything inside a process that a native run
// leaves to the machine.
type Chance struct {
	Maps       uint64 // where iterations begin
	Selects    uint64 // which ready case is taken
	Preemption uint64 // how often and where goroutines are interrupted
}

// Sources of [Chance], for [Exact.Only].
const (
	OnlyMaps       = "maps"
	OnlySelects    = "selects"
	OnlyPreemption = "preemption"
)

func (j Job) chance() Chance {
	draw := func(source string) uint64 {
		schedule := uint64(0)
		if j.Exact.Only == "" || j.Exact.Only == source {
			schedule = j.Exact.Schedule
		}
		return sim.Stream(sim.Seed(j.Seed), "exact "+source+" "+strconv.FormatUint(schedule, 10)).Uint64()
	}
	return Chance{Maps: draw(OnlyMaps), Selects: draw(OnlySelects), Preemption: draw(OnlyPreemption)}
}
