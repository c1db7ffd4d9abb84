package sweep

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/report"
	"github.com/seatrial/seatrial/sim"
)

// ServeIfWorker turns the process into a worker when a [Pool] started it as
// one, and then does not return. The main function of a binary that uses a
// Pool calls it first; in a test binary, TestMain does.
//
// Jobs may name the given subjects beside those that come with this module.
func ServeIfWorker(subjects ...scenarios.Subject) {
	if os.Getenv(workerVariable) == "" {
		return
	}
	// A terminal interrupts everybody in front of it. Whether this process ends
	// is for its pool to say: it would look as if the subject had ended it.
	signal.Ignore(os.Interrupt)
	results := os.NewFile(3, "results")
	// A seed's garbage is its whole world, and little outlives it: collecting
	// less often costs some tens of megabytes and saves a tenth of the time.
	debug.SetGCPercent(400)
	runtime.MemProfileRate = 0 // nobody asks for a profile of the heap, and sampling costs a fiftieth
	os.Args = os.Args[:1]      // package testing parses the command line
	// A bubble needs a *testing.T, which testing.Main hands out in an ordinary
	// binary too.
	testing.Main(
		func(pattern, name string) (bool, error) { return true, nil },
		[]testing.InternalTest{{Name: "worker", F: func(t *testing.T) { serve(t, subjects, os.Stdin, results) }}},
		nil, nil)
}

// serve runs jobs until there are no more.
func serve(t *testing.T, subjects []scenarios.Subject, jobs io.Reader, results io.Writer) {
	lines := bufio.NewReader(jobs)
	encoder := json.NewEncoder(results)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return // the pool closed our input, or is gone
		}
		var job Job
		if err := json.Unmarshal(line, &job); err != nil {
			panic(fmt.Sprintf("sweep: a job cannot be read: %v", err))
		}
		onHang := func(_ sim.Seed, stacks []byte) {
			encoder.Encode(hung(job, stacks))
			os.Exit(3)
		}
		if err := encoder.Encode(do(t, job, subjects, onHang)); err != nil {
			return
		}
	}
}

// hung is the outcome of a job that blocks virtual time.
func hung(job Job, stacks []byte) Outcome {
	return Outcome{
		Job: job, Verdict: model.VerdictCrash, Property: noHang,
		Message: "a goroutine blocks virtual time: it waits for something outside the simulation, or computes without end",
		Detail:  string(stacks),
	}
}

// do runs one job in this process. A failure is run again, unless the job says once.
func do(t *testing.T, job Job, subjects []scenarios.Subject, onHang func(sim.Seed, []byte)) Outcome {
	if job.Exact != nil {
		return doExact(job, onHang)
	}
	plan, subject, err := job.resolve(subjects)
	if err != nil {
		return Outcome{Job: job, Error: err.Error()}
	}
	options := scenarios.RunOptions{KeepTrace: job.Trace || job.Report, Watchdog: job.Watchdog, OnHang: onHang, MaxRequests: job.MaxRequests}
	result := scenarios.Run(t, plan, subject, sim.Seed(job.Seed), options)
	outcome := outcomeOf(job, result)
	if outcome.Verdict == model.VerdictPass || job.Once {
		outcome.keep(result)
		return outcome
	}
	// The trace of a failure is wanted; keeping it does not change the run.
	options.KeepTrace = true
	for range job.repetitions() {
		result = scenarios.Run(t, plan, subject, sim.Seed(job.Seed), options)
		again := outcomeOf(job, result)
		outcome.Runs++
		if again.Verdict == outcome.Verdict && again.Property == outcome.Property && again.Hash == outcome.Hash {
			outcome.Reproduced++
		}
	}
	outcome.keep(result)
	return outcome
}

func (j Job) resolve(subjects []scenarios.Subject) (scenarios.Plan, scenarios.Subject, error) {
	all := append(scenarios.Subjects(), subjects...)
	i := slices.IndexFunc(all, func(s scenarios.Subject) bool { return s.Name == j.Subject })
	if i < 0 {
		return scenarios.Plan{}, scenarios.Subject{}, fmt.Errorf("unknown subject %q", j.Subject)
	}
	plan, err := j.ReadPlan()
	return plan, all[i], err
}

// ReadPlan is what the job runs, with the job's seed as its own, so that
// written down it is the run. The error says what is wrong with the job's Plan.
func (j Job) ReadPlan() (scenarios.Plan, error) {
	if j.Plan == "" {
		return scenarios.GenerateWith(sim.Seed(j.Seed), j.Extras), nil
	}
	plan, err := scenarios.Parse(j.File, []byte(j.Plan))
	plan.Seed = sim.Seed(j.Seed)
	return plan, err
}

// complete fills in what a worker that died could not say.
func (o *Outcome) complete() {
	plan, err := o.Job.ReadPlan()
	if err != nil {
		panic(fmt.Sprintf("sweep: a plan that was run cannot be read: %v", err))
	}
	o.Scenario, o.Illegal = plan.Name, plan.Illegal()
	o.writePlan(plan)
}

func (o *Outcome) writePlan(plan scenarios.Plan) {
	text, err := scenarios.Marshal(plan)
	if err != nil {
		panic(fmt.Sprintf("sweep: a plan that was run cannot be written: %v", err))
	}
	o.Plan = string(text)
}

func outcomeOf(job Job, r scenarios.Result) Outcome {
	o := Outcome{
		Job: job, Scenario: r.Plan.Name, Verdict: r.Verdict.Kind, Property: r.Verdict.Property,
		Message: r.Verdict.Message, Hash: r.Record.Hash, Requests: r.Record.Requests,
		Virtual: r.Record.Virtual, Runs: 1, Reproduced: 1, Fired: make(map[string]int),
	}
	for kind, times := range r.Record.Fired {
		o.Fired[string(kind)] = times
	}
	o.Illegal = r.Plan.Illegal()
	if job.Coverage {
		o.Covered = scenarios.Covered(&r.Record.History)
	}
	if job.Calls {
		o.Calls = scenarios.SubjectCalls(&r.Record.History)
	}
	if c := r.Verdict.Culprit; c != (model.Culprit{}) {
		o.Culprit = &Culprit{Seq: c.Seq, At: c.At, Call: c.CallID, Revision: c.Revision, Text: c.Text}
	}
	for _, p := range r.Record.History.Problems {
		o.Detail += fmt.Sprintf("%s %s: %s\n%s\n", p.Kind, p.Process, p.Message, p.Detail)
	}
	return o
}

func collect(r scenarios.Result) []byte {
	text, err := json.Marshal(report.Collect(r))
	if err != nil {
		panic(fmt.Sprintf("sweep: what a report shows cannot be written: %v", err))
	}
	return text
}

// keep adds to the outcome what an artefact is made of.
func (o *Outcome) keep(r scenarios.Result) {
	if len(r.Record.Events) == 0 {
		return
	}
	o.writePlan(r.Plan)
	var events, log bytes.Buffer
	encoder := json.NewEncoder(&events)
	for _, e := range r.Record.Events {
		encoder.Encode(e) // into memory: cannot fail
	}
	for _, line := range r.Record.Log {
		fmt.Fprintf(&log, "%12s %s: %s\n", line.At, line.Process, line.Text)
	}
	o.Trace, o.Log = events.Bytes(), log.Bytes()
	if o.Job.Report || o.Verdict != model.VerdictPass && !o.Job.Once {
		o.Report = collect(r)
	}
	if r.Verdict.Visualize != nil {
		var page bytes.Buffer
		if err := r.Verdict.Visualize(&page); err == nil {
			o.Porcupine = page.Bytes()
		}
	}
}
