package host

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/seatrial/seatrial/internal/exact"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// opened is the module that this worker has compiled, with its digest. A pool
// uses one.
var opened struct {
	file, digest, kind string
	engine             exact.Engine
}

func open(e *sweep.Exact) error {
	if opened.file == e.Module && opened.engine != nil {
		return nil
	}
	module, digest, err := exact.Load(e.Module)
	if err != nil {
		return err
	}
	var start exact.Start
	if e.Guest != nil {
		start = exact.Start{Args: e.Guest.Args, Env: e.Guest.Env, Dir: e.Guest.Dir}
	}
	engine, err := exact.Open(context.Background(), module, e.Cache, start)
	if err != nil {
		return fmt.Errorf("%s: %w", e.Module, err)
	}
	var greeting sweep.Greeting
	if err := json.Unmarshal(lastLine(engine.Greeting()), &greeting); err != nil {
		return fmt.Errorf("%s is not a module of exact mode: build one with seatrial replay --exact", e.Module)
	}
	if want := sweep.ThisGreeting(); greeting != want {
		return fmt.Errorf("%s was built from another version of seatrial: it speaks protocol %d with generator %q, this program %d with %q; use the seatrial of that version, or leave out --module to build the module anew",
			e.Module, greeting.Protocol, greeting.Generator, want.Protocol, want.Generator)
	}
	opened.file, opened.digest, opened.kind, opened.engine = e.Module, digest, exact.KindOf(module), engine
	if opened.kind == exact.Wasm {
		// Nothing can interrupt machine code. The collector would wait for it, and
		// the watchdog with it: so it has to have a thread of its own, and garbage
		// is collected between runs.
		runtime.GOMAXPROCS(max(2, runtime.GOMAXPROCS(0)))
		debug.SetGCPercent(-1)
		debug.FreeOSMemory()
	}
	return nil
}

// exactPatience is how long, in real time, an exact run may take by default.
const exactPatience = 2 * time.Minute

// Engine is the [sweep.Engine] of exact mode. A failure is run again [sweep.Job.Confirm]
// times: runs are the same only when every byte of their outcomes is.
type Engine struct{}

// Takes implements [sweep.Engine].
func (Engine) Takes(job sweep.Job) bool { return job.Exact != nil }

// Run implements [sweep.Engine].
func (Engine) Run(r sweep.Request) sweep.Outcome {
	outcome, err := run(r)
	if err != nil {
		return sweep.Outcome{Job: r.Job, Error: err.Error()}
	}
	return outcome
}

func run(r sweep.Request) (sweep.Outcome, error) {
	job := r.Job
	if err := open(job.Exact); err != nil {
		return sweep.Outcome{}, err
	}
	drawn, err := draw(r)
	if err != nil || drawn.Error != "" || drawn.Plan == "" || job.PlanOnly {
		drawn.Runs, drawn.Reproduced = 1, 1
		return drawn, err
	}
	input, err := job.ForGuest(drawn.Plan)
	if err != nil {
		return sweep.Outcome{}, err
	}
	first, err := runOnce(r, input)
	if err != nil {
		return sweep.Outcome{}, err
	}
	outcome := read(job, first)
	if outcome.Scenario == "" && outcome.Error == "" { // it died, or hung
		outcome.Scenario, outcome.Illegal, outcome.Runs, outcome.Reproduced = drawn.Scenario, drawn.Illegal, 1, 1
		outcome.Plan, outcome.Known = drawn.Plan, r.Subject.KnownAs(outcome.Signature)
		if job.Exact.Guest != nil { // which alone knows
			r.Job.Plan, r.Job.File, r.Job.Signature = drawn.Plan, "plan.yaml", outcome.Signature
			again, err := draw(r)
			if err != nil {
				return sweep.Outcome{}, err
			}
			outcome.Known = again.Known
		}
	}
	outcome.FaultFree = outcome.FaultFree || drawn.FaultFree
	outcome.Job.Exact = &sweep.Exact{Digest: opened.digest, Engine: job.Exact.Engine, Schedule: job.Exact.Schedule, Only: job.Exact.Only}
	if outcome.Error != "" || outcome.Verdict == model.VerdictPass {
		return outcome, nil
	}
	for range job.Repetitions() {
		again, err := runOnce(r, input)
		outcome.Runs++
		if err == nil && again.ExitCode == first.ExitCode && bytes.Equal(again.Stdout, first.Stdout) && bytes.Equal(again.Stderr, first.Stderr) {
			outcome.Reproduced++
		}
	}
	return outcome, nil
}

// draw finds out the job's plan, which only a guest knows whose subject it is. One that
// dies without faults, when they are to be drawn, is run without any.
func draw(r sweep.Request) (sweep.Outcome, error) {
	if r.Job.Exact.Guest == nil {
		o := sweep.Outcome{Job: r.Job, Scenario: r.Plan.Name, Illegal: r.Plan.Illegal()}
		o.WritePlan(r.Plan)
		return o, nil
	}
	ask := r.Job
	for {
		input, err := ask.PlanFromGuest()
		if err != nil {
			return sweep.Outcome{}, err
		}
		out, err := runOnce(r, input)
		if err != nil {
			return sweep.Outcome{}, err
		}
		o := read(r.Job, out)
		o.FaultFree = ask.FaultFree
		if o.Plan != "" || o.Error != "" || ask.FaultFree {
			return o, nil
		}
		ask.FaultFree = true
	}
}

func runOnce(r sweep.Request, input []byte) (exact.Output, error) {
	patience := r.Job.Watchdog
	if patience == 0 {
		patience = exactPatience
	}
	if opened.kind == exact.Wasm {
		defer runtime.GC() // by hand, see open
	}
	defer time.AfterFunc(patience, func() { r.OnHang(sim.Seed(r.Job.Seed), nil) }).Stop()
	return opened.engine.Run(context.Background(), exact.Input{Seed: sim.Seed(r.Job.Seed), Stdin: input})
}

// read finds the outcome in the last line that a run printed; before it is what the
// subject prints. A run that printed none has died.
func read(job sweep.Job, out exact.Output) sweep.Outcome {
	var o sweep.Outcome
	if err := json.Unmarshal(lastLine(out.Stdout), &o); err == nil {
		o.Job = job
		if !job.Coverage {
			o.Covered = nil
		}
		return o
	}
	return sweep.Died(job, string(out.Stderr))
}

func lastLine(printed []byte) []byte {
	printed = bytes.TrimSuffix(printed, []byte("\n"))
	return printed[bytes.LastIndexByte(printed, '\n')+1:]
}
