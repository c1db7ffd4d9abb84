package sweep

import (
	"fmt"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/internal/explain"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/search"
	"github.com/seatrial/seatrial/sim"
)

// Job is one seed to be run, as the pool sends it to a worker.
type Job struct {
	// Seed of the run. Without a Plan it also decides the plan.
	Seed uint64 `json:"seed"`
	// Plan is a scenario file's content; empty: the plan drawn from Seed.
	Plan string `json:"plan,omitempty"`
	// FaultFree leaves out the faults of the plan.
	FaultFree bool `json:"faultFree,omitempty"`
	// PlanOnly draws the plan, which is in the outcome, and does not run it.
	PlanOnly bool `json:"planOnly,omitempty"`
	// Signature, with PlanOnly, is that of a failure which ended its worker: the outcome
	// says whether it is known.
	Signature string `json:"signature,omitempty"`
	// File names where Plan came from, for messages.
	File    string `json:"file,omitempty"`
	Subject string `json:"subject"`
	// Package is that of the test binary which has the subject, as the go command
	// takes it; empty: a program of seatrial's own. Mutexes: it was built so that
	// waiting for a mutex lets virtual time pass. Workers need neither.
	Package string `json:"package,omitempty"`
	Mutexes bool   `json:"mutexes,omitempty"`
	// Site is the scenario file whose own the subject is, programs and all; nil: the
	// subject is one of the registry's.
	Site *Site `json:"site,omitempty"`
	// Trace keeps the events and the log in the outcome.
	Trace bool `json:"trace,omitempty"`
	// Report collects what a page about the run shows, also when it passes.
	Report bool `json:"report,omitempty"`
	// Reseed draws everything anew from a moment on; see [scenarios.RunOptions].
	Reseed *sim.Reseed `json:"reseed,omitempty"`
	// Confirm is how often a failure is run again before it is reported.
	Confirm int `json:"confirm,omitempty"`
	// Once reports a failure as it is, without running it again. Then its
	// events and log are there only with Trace.
	Once bool `json:"once,omitempty"`
	// Extras are drawn, too, when the plan is generated.
	Extras scenarios.Extras `json:"extras,omitzero"`
	// Coverage keeps in the outcome what the run met.
	Coverage bool `json:"coverage,omitempty"`
	// Calls keeps in the outcome what the subject called.
	Calls bool `json:"calls,omitempty"`
	// Story, without a Plan, asks for this one of the subject's stories instead of the
	// plan drawn from Seed, from 1, without faults; see [search.Plans]. 0: none.
	Story int `json:"story,omitempty"`
	// Sketch keeps in the outcome what a search has to know of the run.
	Sketch bool `json:"sketch,omitempty"`
	// Replay is the command that shows the run again, for a Plan that is in no
	// file; empty: what follows from File and Seed.
	Replay string `json:"replay,omitempty"`
	// Real asks for a run on a real API server, where time is not virtual and nothing
	// has a hash; nil: a simulated one.
	Real *Real `json:"real,omitempty"`
	// Watchdog is how long, in real time, the run may go without progress;
	// 0: the default.
	Watchdog time.Duration `json:"watchdog,omitempty"`
	// MaxRequests ends the run of a subject that calls without end; 0: the default.
	MaxRequests uint64 `json:"maxRequests,omitempty"`
	// Exact asks for a run that is fixed bit for bit; nil: a native one.
	Exact *Exact `json:"exact,omitempty"`
}

// Site is a scenario file that brings its subject along.
type Site struct {
	// File names it, absolute: the names of other files in it are relative to it.
	File string `json:"file"`
	Text string `json:"text"`
}

// Exact says how a job is run in exact mode.
type Exact struct {
	// Module is the file of the module, Cache the folder for what is made of it.
	Module string `json:"module,omitempty"`
	Cache  string `json:"cache,omitempty"`
	// Engine is what kind of module it is: exact.Fork; empty: exact.Wasm.
	Engine string `json:"engine,omitempty"`
	// Schedule chooses one of the interleavings of a seed: map order, select
	// choices and preemption. Seeds differ in theirs, too.
	Schedule uint64 `json:"schedule,omitempty"`
	// Only limits Schedule to one of these sources; the others stay as in
	// schedule 0.
	Only string `json:"only,omitempty"`
	// Digest names the module's content.
	Digest string `json:"digest,omitempty"`
	// Guest is how the module is started when it is a test binary, which has a subject that
	// workers do not have; nil: it is one of seatrial's own.
	Guest *Guest `json:"guest,omitempty"`
}

// Guest is a test binary that is run up to its call of Check, and forks there for each
// run.
type Guest struct {
	Args []string `json:"args,omitempty"`
	Env  []string `json:"env,omitempty"`
	Dir  string   `json:"dir,omitempty"`
}

// foreign: only the module knows the subject.
func (j Job) foreign() bool { return j.Exact != nil && j.Exact.Guest != nil }

// Real says how a job is run on a real API server.
type Real struct {
	Kubeconfig string `json:"kubeconfig"`
	// Speed divides the times at which users act and faults change; 0 stands for 1.
	Speed int `json:"speed,omitempty"`
	// Settle is how long the world has at most to come to rest; 0: as the plan says.
	Settle time.Duration `json:"settle,omitempty"`
	// Law names the one that is asked about; empty: any. It is not run at all when only a
	// simulation sees whether that holds.
	Law string `json:"law,omitempty"`
	// Logs is a folder that keeps what the subject's processes print; empty: nothing is.
	Logs string `json:"logs,omitempty"`
}

// Repetitions is how often a failure is run again.
func (j Job) Repetitions() int {
	if j.Once {
		return 0
	}
	return max(1, j.Confirm)
}

// Outcome is what became of a job.
type Outcome struct {
	Job      Job               `json:"job"`
	Scenario string            `json:"scenario"`
	Verdict  model.VerdictKind `json:"verdict"`
	Property string            `json:"property"` // empty on pass
	Message  string            `json:"message,omitempty"`
	Culprit  *Culprit          `json:"culprit,omitempty"`
	// Why is the story of a failure; nil when no trace was kept.
	Why      *explain.Story `json:"why,omitempty"`
	Hash     string         `json:"hash"`
	Requests int            `json:"requests"`
	Virtual  time.Duration  `json:"virtual"`
	// Runs is how often the job was run, Reproduced in how many of them verdict,
	// property and hash were those of the first.
	Runs       int            `json:"runs"`
	Reproduced int            `json:"reproduced"`
	Fired      map[string]int `json:"fired,omitempty"` // fault kind → times
	// Illegal: the plan has faults that Kubernetes does not permit.
	Illegal bool `json:"illegal,omitempty"`
	// FaultFree: it failed without the plan's faults already.
	FaultFree bool `json:"faultFree,omitempty"`
	// Signature is the same for failures that most likely are one bug: see
	// [scenarios.Signature].
	Signature string `json:"signature,omitempty"`
	// Known is the reason for which a failure is not looked into; see [scenarios.Known].
	Known string `json:"known,omitempty"`
	// Idle are the steps that found nothing to do, Unfired the rules that never
	// took effect, by their IDs.
	Idle    []string `json:"idle,omitempty"`
	Unfired []string `json:"unfired,omitempty"`
	// Covered is what the run met, when the job asked for it: [scenarios.Subject.Covered].
	Covered []string `json:"covered,omitempty"`
	// Calls of the subject, when the job asked for them.
	Calls []faults.Call `json:"calls,omitempty"`
	// Leftovers says what of the run could not be removed from a real cluster.
	Leftovers string `json:"leftovers,omitempty"`
	// Stories is how many the subject has, when the job was one of them; Sketch is there
	// when the job asked for it and the run came to its end.
	Stories int            `json:"stories,omitempty"`
	Sketch  *search.Sketch `json:"sketch,omitempty"`
	// Detail is a stack, a goroutine dump or a worker's last words.
	Detail string `json:"detail,omitempty"`
	// Artifacts of a failure or of a job with Trace.
	Plan      string `json:"plan,omitempty"`
	Trace     []byte `json:"trace,omitempty"`     // JSON lines, an event each
	Log       []byte `json:"log,omitempty"`       // text lines on virtual time
	Porcupine []byte `json:"porcupine,omitempty"` // HTML, when porcupine found the violation
	Report    []byte `json:"report,omitempty"`    // JSON of a [report.Data]
	// Error is set when the job could not be run at all (a bad plan or subject).
	Error string `json:"error,omitempty"`
}

// HowOften is in how many of how many runs it ended alike: 3/3.
func (o *Outcome) HowOften() string { return fmt.Sprintf("%d/%d", o.Reproduced, o.Runs) }

// Culprit is the event that broke the law.
type Culprit struct {
	Seq      uint64        `json:"seq"`
	At       time.Duration `json:"at"`
	Call     uint64        `json:"call,omitempty"`
	Revision uint64        `json:"revision,omitempty"`
	Text     string        `json:"text"`
}
