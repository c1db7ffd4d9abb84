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
	"testing"

	"github.com/seatrial/seatrial/internal/explain"
	"github.com/seatrial/seatrial/internal/report"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/search"
	"github.com/seatrial/seatrial/scenarios/swarm"
	"github.com/seatrial/seatrial/sim"
)

// ServeIfWorker turns the process into a worker when a [Pool] started it as
// one, and then does not return. The main function of a binary that uses a
// Pool calls it first; in a test binary, TestMain does.
//
// Jobs name subjects of the registry. Those that are not for this process are run by
// the engines.
func ServeIfWorker(registry *scenarios.Registry, engines ...Engine) {
	if !IsWorker() {
		return
	}
	// A terminal interrupts everybody in front of it. Whether this process ends
	// is for its pool to say: it would look as if the subject had ended it.
	signal.Ignore(os.Interrupt)
	// A seed's garbage is its whole world, and little outlives it: collecting
	// less often costs some tens of megabytes and saves a tenth of the time.
	debug.SetGCPercent(400)
	runtime.MemProfileRate = 0 // nobody asks for a profile of the heap, and sampling costs a fiftieth
	os.Args = os.Args[:1]      // package testing parses the command line
	// A bubble needs a *testing.T, which testing.Main hands out in an ordinary
	// binary too.
	testing.Main(
		func(pattern, name string) (bool, error) { return true, nil },
		[]testing.InternalTest{{Name: "worker", F: func(t *testing.T) { Serve(t, registry, engines...) }}},
		nil, nil)
}

// IsWorker says whether a [Pool] has started this process as a worker.
func IsWorker() bool { return os.Getenv(workerVariable) != "" }

// GuestVariable marks a test binary as the module of exact mode.
const GuestVariable = "SEATRIAL_GUEST"

// IsGuest says whether this process is a test binary that was started as a module.
func IsGuest() bool { return os.Getenv(GuestVariable) != "" }

// Serve runs the jobs of the pool that started this process until there are no
// more. A test that is itself the worker calls it, instead of [ServeIfWorker].
func Serve(t *testing.T, registry *scenarios.Registry, engines ...Engine) {
	serve(&work{t: t, registry: registry, engines: engines, sites: map[Site]scenarios.Subject{}}, os.Stdin, os.NewFile(3, "results"))
}

// serve runs jobs until there are no more.
func serve(work *work, jobs io.Reader, results io.Writer) {
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
		work.onHang = func(_ sim.Seed, stacks []byte) {
			encoder.Encode(hung(job, stacks))
			os.Exit(3)
		}
		if err := encoder.Encode(work.do(job)); err != nil {
			return
		}
	}
}

// hung is the outcome of a job that blocks virtual time.
func hung(job Job, stacks []byte) Outcome {
	const message = "a goroutine blocks virtual time: it waits for something outside the simulation, or computes without end"
	return Outcome{
		Job: job, Verdict: model.VerdictCrash, Property: noHang, Message: message, Signature: scenarios.SignatureOf(noHang, message),
		Detail: string(stacks),
	}
}

// work is what a worker has between jobs.
type work struct {
	t         *testing.T
	registry  *scenarios.Registry
	engines   []Engine
	onHang    func(sim.Seed, []byte) // tells the pool, and ends the process
	baselines scenarios.Baselines
	sites     map[Site]scenarios.Subject
	stories   int // of the last subject that was asked for one
}

// subject is what the job is about. That of a file is made once.
func (w *work) subject(job Job) (scenarios.Subject, error) {
	if job.Site == nil {
		subject, ok := w.registry.Find(job.Subject)
		if !ok {
			return subject, fmt.Errorf("unknown subject %q", job.Subject)
		}
		return subject, nil
	}
	if kept, ok := w.sites[*job.Site]; ok {
		return kept, nil
	}
	subject, err := w.registry.OfFile(job.Site.File, []byte(job.Site.Text))
	if err == nil {
		w.sites[*job.Site] = subject
	}
	return subject, err
}

// do runs one job in this process. A failure is run again, unless the job says once.
func (w *work) do(job Job) Outcome {
	if job.foreign() {
		engine, err := w.engine(job)
		if err != nil {
			return Outcome{Job: job, Error: err.Error()}
		}
		return engine.Run(Request{Job: job, OnHang: w.onHang})
	}
	subject, err := w.subject(job)
	if err != nil {
		return Outcome{Job: job, Error: err.Error()}
	}
	if known := subject.KnownAs(job.Signature); known != "" {
		return Outcome{Job: job, Known: known} // it is not looked into, and to draw its plan may end this process, too
	}
	options := scenarios.RunOptions{
		KeepTrace: job.Trace || job.Report, Watchdog: job.Watchdog, MaxRequests: job.MaxRequests,
		OnHang: w.onHang, Baselines: &w.baselines, Reseed: job.Reseed,
	}
	engine, err := w.engine(job)
	if err != nil && !job.PlanOnly {
		return Outcome{Job: job, Error: err.Error()}
	}
	if job.PlanOnly || engine != nil {
		plan, err := w.plan(job, subject, options)
		switch {
		case err != nil:
			return Outcome{Job: job, Error: err.Error()}
		case job.PlanOnly:
			o := Outcome{Job: job, Scenario: plan.Name, Illegal: plan.Illegal()}
			if job.Story > 0 {
				o.Stories = w.stories
			}
			o.WritePlan(plan)
			return o
		}
		return engine.Run(Request{Job: job, Subject: subject, Plan: plan, OnHang: w.onHang})
	}
	result, err := w.run(job, subject, options)
	if err != nil {
		return Outcome{Job: job, Error: err.Error()}
	}
	outcome := outcomeOf(job, subject, result)
	if job.Sketch {
		outcome.Sketch = search.SketchOf(&result.Record.History, result.Plan.UnderTest(), result.Plan.Safety).Judged(result.Verdict)
	}
	if job.Story > 0 {
		outcome.Stories = w.stories
	}
	if outcome.Verdict == model.VerdictPass || job.Once || outcome.Known != "" {
		outcome.keep(subject, result)
		return outcome
	}
	// The trace of a failure is wanted; keeping it does not change the run.
	options.KeepTrace, options.Baselines = true, nil
	for range job.Repetitions() {
		result, err = w.run(job, subject, options)
		if err != nil {
			return Outcome{Job: job, Error: err.Error()}
		}
		again := outcomeOf(job, subject, result)
		outcome.Runs++
		if again.Verdict == outcome.Verdict && again.Property == outcome.Property && again.Hash == outcome.Hash {
			outcome.Reproduced++
		}
	}
	outcome.keep(subject, result)
	return outcome
}

// run runs what the job says: its plan, or one drawn from its seed.
func (w *work) run(job Job, subject scenarios.Subject, o scenarios.RunOptions) (scenarios.Result, error) {
	if job.Plan == "" && !job.FaultFree && job.Story == 0 {
		if subject.World == nil {
			return scenarios.Result{}, errNoWorld(subject)
		}
		return swarm.Try(w.t, subject, sim.Seed(job.Seed), job.Extras, o), nil
	}
	plan, err := w.plan(job, subject, o)
	if err != nil {
		return scenarios.Result{}, err
	}
	return scenarios.Run(w.t, plan, subject, sim.Seed(job.Seed), o), nil
}

func errNoWorld(s scenarios.Subject) error {
	return fmt.Errorf("subject %s has nothing that seeds could draw: run it with a scenario file", s.Name)
}

// plan is what the job runs, with the job's seed as its own, so that written down
// it is the run. The error says what is wrong with the job's Plan.
func (w *work) plan(job Job, subject scenarios.Subject, o scenarios.RunOptions) (scenarios.Plan, error) {
	seed := sim.Seed(job.Seed)
	switch {
	case job.Plan != "":
		plan, err := scenarios.Parse(job.File, []byte(job.Plan), subject.Language)
		plan.Seed = seed
		if job.FaultFree {
			plan.Faults = nil
		}
		return plan, err
	case subject.World == nil:
		return scenarios.Plan{}, errNoWorld(subject)
	case job.Story > 0:
		plans := search.Plans(w.t, subject, search.Options{Seed: seed, Extras: job.Extras, Run: o})
		if w.stories = len(plans); job.Story > len(plans) {
			return scenarios.Plan{}, fmt.Errorf("subject %s has no story %d (want 1 to %d)", subject.Name, job.Story, len(plans))
		}
		return plans[job.Story-1], nil
	case job.FaultFree:
		return swarm.Steps(w.t, subject, seed, job.Extras, o), nil
	}
	plan, _ := swarm.Draw(w.t, subject, seed, job.Extras, o)
	return plan, nil
}

// WritePlan keeps the plan that was run. It panics when that cannot be written: it
// was valid.
func (o *Outcome) WritePlan(plan scenarios.Plan) {
	text, err := scenarios.Marshal(plan)
	if err != nil {
		panic(fmt.Sprintf("sweep: a plan that was run cannot be written: %v", err))
	}
	o.Plan = string(text)
}

func outcomeOf(job Job, subject scenarios.Subject, r scenarios.Result) Outcome {
	o := Outcome{
		Job: job, Scenario: r.Plan.Name, Verdict: r.Verdict.Kind, Property: r.Verdict.Property,
		Message: r.Verdict.Message, Hash: r.Record.Hash, Requests: r.Record.Requests,
		Virtual: r.Record.Virtual, Runs: 1, Reproduced: 1, Fired: make(map[string]int),
	}
	for kind, times := range r.Record.Fired {
		o.Fired[string(kind)] = times
	}
	o.Illegal, o.FaultFree, o.Idle = r.Plan.Illegal(), r.FaultFree, r.Idle
	if !r.FaultFree {
		o.Unfired = r.Unfired()
	}
	if o.Verdict != model.VerdictPass {
		o.Signature = scenarios.Signature(&r)
		o.Known = subject.KnownAs(o.Signature)
	}
	if job.Coverage {
		o.Covered = subject.Covered(&r.Record.History)
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

func collect(subject scenarios.Subject, r scenarios.Result) []byte {
	text, err := json.Marshal(report.Collect(r, subject))
	if err != nil {
		panic(fmt.Sprintf("sweep: what a report shows cannot be written: %v", err))
	}
	return text
}

// keep adds to the outcome what an artifact is made of.
func (o *Outcome) keep(subject scenarios.Subject, r scenarios.Result) {
	if o.Job.Calls || o.Job.Sketch && o.Job.Plan == "" || o.Verdict != model.VerdictPass || len(r.Record.Events) > 0 {
		o.WritePlan(r.Plan)
	}
	if len(r.Record.Events) == 0 {
		return
	}
	var events, log bytes.Buffer
	encoder := json.NewEncoder(&events)
	for _, e := range r.Record.Events {
		encoder.Encode(e) // into memory: cannot fail
	}
	for _, line := range r.Record.Log {
		fmt.Fprintf(&log, "%12s %s: %s\n", line.At, line.Process, line.Text)
	}
	o.Trace, o.Log = events.Bytes(), log.Bytes()
	if story := explain.Of(r.Record, r.Verdict); len(story.Steps) > 0 {
		o.Why = &story
	}
	if o.Job.Report || o.Verdict != model.VerdictPass && !o.Job.Once {
		o.Report = collect(subject, r)
	}
	if r.Verdict.Visualize != nil {
		var page bytes.Buffer
		if err := r.Verdict.Visualize(&page); err == nil {
			o.Porcupine = page.Bytes()
		}
	}
}
