//go:build !wasip1

package sweep

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/exact"
	"github.com/seatrial/seatrial/sim"
)

// opened is the module that this worker has compiled, with its digest. A pool
// uses one.
var opened struct {
	file, digest, kind string
	engine             exact.Engine
}

func open(e *Exact) error {
	if opened.file == e.Module {
		return nil
	}
	module, digest, err := exact.Load(e.Module)
	if err != nil {
		return err
	}
	engine, err := exact.Open(context.Background(), module, e.Cache)
	if err != nil {
		return fmt.Errorf("%s: %w", e.Module, err)
	}
	var greeting Greeting
	if err := json.Unmarshal(engine.Greeting(), &greeting); err != nil {
		return fmt.Errorf("%s is not a module of exact mode: build one with seatrial replay --exact", e.Module)
	}
	if want := ThisGreeting(); greeting != want {
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

// doExact runs one job in the module, a failure again job.Confirm times. Runs
// are the same only when every byte of their outcomes is.
func doExact(job Job, plan scenarios.Plan, onHang func(sim.Seed, []byte)) Outcome {
	if err := open(job.Exact); err != nil {
		return Outcome{Job: job, Error: err.Error()}
	}
	input, err := job.forGuest(plan)
	if err != nil {
		return Outcome{Job: job, Error: err.Error()}
	}
	first, err := runExact(job, input, onHang)
	if err != nil {
		return Outcome{Job: job, Error: err.Error()}
	}
	outcome := readExact(job, first)
	if outcome.Scenario == "" && outcome.Error == "" { // it died, or hung
		outcome.Scenario, outcome.Illegal, outcome.Runs, outcome.Reproduced = plan.Name, plan.Illegal(), 1, 1
		outcome.writePlan(plan)
	}
	outcome.Job.Exact = &Exact{Digest: opened.digest, Engine: job.Exact.Engine, Schedule: job.Exact.Schedule, Only: job.Exact.Only}
	if outcome.Error != "" || outcome.Verdict == model.VerdictPass {
		return outcome
	}
	for range job.repetitions() {
		again, err := runExact(job, input, onHang)
		outcome.Runs++
		if err == nil && again.ExitCode == first.ExitCode && bytes.Equal(again.Stdout, first.Stdout) && bytes.Equal(again.Stderr, first.Stderr) {
			outcome.Reproduced++
		}
	}
	return outcome
}

func runExact(job Job, input []byte, onHang func(sim.Seed, []byte)) (exact.Output, error) {
	patience := job.Watchdog
	if patience == 0 {
		patience = exactPatience
	}
	if opened.kind == exact.Wasm {
		defer runtime.GC() // by hand, see open
	}
	defer time.AfterFunc(patience, func() { onHang(sim.Seed(job.Seed), nil) }).Stop()
	return opened.engine.Run(context.Background(), exact.Input{Seed: sim.Seed(job.Seed), Stdin: input})
}

// readExact finds the outcome in the last line that a run printed; before it
// is what the subject prints. A run that printed none has died.
func readExact(job Job, out exact.Output) Outcome {
	var o Outcome
	printed := bytes.TrimSuffix(out.Stdout, []byte("\n"))
	last := printed[bytes.LastIndexByte(printed, '\n')+1:]
	if err := json.Unmarshal(last, &o); err == nil {
		o.Job = job
		if !job.Coverage {
			o.Covered = nil
		}
		return o
	}
	return died(job, string(out.Stderr))
}
