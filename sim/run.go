package sim

import (
	"fmt"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
)

// Run lives through one world and returns what happened. The same config gives
// the same record, as far as the API server can see.
//
// It needs a *testing.T because [synctest.Test] does, but never fails it: what
// the subject does wrong is in the record. It panics when the config cannot be
// used (a malformed CRD, two servers of one name, a fault rule without a known kind or an ID of its own)
// and when the harness itself is broken. Only one Run may be under way in a process.
func Run(t *testing.T, config Config) *Record {
	config = config.withDefaults()
	config.checkServers()
	replaceHandlers()
	chance, restore := takeChance()
	defer restore()
	w := &world{
		config:    config,
		schedule:  faults.NewSchedule(config.Faults),
		trace:     newTrace(config.KeepTrace),
		log:       &runLog{keep: config.KeepTrace},
		progress:  new(atomic.Uint64),
		chance:    chance,
		nth:       make(map[string]int),
		listeners: make(map[string][]listener),
	}
	w.eventRules, w.hostRules = w.schedule.HasEventRules(), w.schedule.HasHostRules()
	report := func(r any) {
		w.problem(model.Problem{Kind: model.Panicked, Message: fmt.Sprint(r), Detail: string(debug.Stack())})
	}
	onPanic.Store(&report)
	defer onPanic.Store(nil)
	defer watch(config, w.progress)()
	w.inBubble(t)
	return w.record()
}

// inBubble runs the world. A subject that leaves goroutines behind makes the
// bubble panic at its end; that is a finding, not a failure of the harness.
func (w *world) inBubble(t *testing.T) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		if !strings.Contains(fmt.Sprint(r), "blocked goroutines remain") {
			panic(r)
		}
		message, detail := describeLeak(string(stacks()))
		w.problems = append(w.problems, model.Problem{Kind: model.Leaked, At: w.history.Ended, Message: message, Detail: detail})
	}()
	synctest.Test(t, func(*testing.T) { w.live() })
}

// startSkew keeps replicas that are started together from doing everything at
// the same instants ever after: where two processes wake by timers of their own
// at one instant, which of them draws its jitter first is left to chance.
const startSkew = 137 * time.Microsecond

// live is the whole run, in the bubble's first goroutine.
func (w *world) live() {
	w.acting.Lock()
	defer w.acting.Unlock()
	w.epoch = time.Now()
	w.log.epoch = w.epoch
	w.pending = newPending()
	w.alarm = time.NewTimer(0)
	w.setUp()
	w.startServers()
	w.replicas = newReplicas(w.config.Server.Replicas)
	for i, p := range w.config.Processes {
		running := &process{Process: p, identity: p.account()}
		if !p.User {
			running.skew = startSkew * time.Duration(i)
		}
		running.link = &link{world: w, owner: running}
		running.others = make(map[string]*link, len(w.config.Servers))
		for _, s := range w.config.Servers {
			running.others[s.Host] = &link{world: w, owner: running, host: s.Host}
		}
		w.processes = append(w.processes, running)
		w.queue.add(p.Start+running.skew, "process "+p.Name, func() { w.start(running) })
	}
	w.plan()

	w.runUntil(w.config.Safety, never)
	w.clearFaults()
	w.restless = &restless{begin: w.now()}
	w.runUntil(w.config.Safety+w.config.Settle, func() bool { return w.isRestless() || w.usersAreDone() })
	if w.history.Cleared = w.now(); w.isRestless() {
		w.history.Cleared = w.restless.begin
	}
	w.planReports()
	w.runUntil(w.history.Cleared+w.config.Settle, w.isRestless)
	w.history.Ended = w.now()
	if w.isRestless() {
		w.history.Restless = w.restless.over
	}
	w.gatherMetrics()
	w.keepStates()
	w.freeze()
	w.stopAll()
}

func never() bool { return false }

func (w *world) isRestless() bool { return w.config.EndRestless && w.restless.over != nil }

func (w *world) usersAreDone() bool {
	for _, p := range w.processes {
		if p.User && !p.Endless && (p.started == 0 || len(p.living) > 0) {
			return false
		}
	}
	return true
}

func (w *world) freeze() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.frozen = true
}

// How long stopped processes have, in virtual time, to unwind. A manager waits
// 30s for its runnables.
const unwindTime = 2 * time.Minute

// lastBreath is how long goroutines have that a process left behind without
// waiting for them: one that only sleeps for a moment has not leaked.
const lastBreath = 10 * time.Second

// stopAll kills every process and lets its goroutines unwind.
func (w *world) stopAll() {
	for _, p := range w.processes {
		if p.restart != nil {
			p.restart.cancelled = true
		}
		if p.current != nil {
			w.end(p.current)
			p.current = nil
		}
	}
	w.runUntil(w.now()+unwindTime, func() bool {
		for _, p := range w.processes {
			if len(p.living) > 0 {
				return false
			}
		}
		return true
	})
	w.runUntil(w.now()+lastBreath, never)
	w.reportUnstopped()
}

// reportUnstopped names the processes whose function ignores the end of its context.
func (w *world) reportUnstopped() {
	for _, p := range w.processes {
		for _, i := range p.living {
			w.problems = append(w.problems, model.Problem{
				Kind: model.Leaked, Process: p.Name, StandIn: p.StandIn, At: w.history.Ended,
				Message: fmt.Sprintf("%s did not return within %s after its context ended", i.identity, unwindTime),
			})
		}
	}
}

func (w *world) record() *Record {
	w.history.Problems = w.problems
	return &Record{
		Seed: w.config.Seed, Hash: w.trace.sum(), Requests: int(w.requests), Virtual: w.history.Ended,
		History: w.history, Fired: w.schedule.FiredKinds(), Struck: w.schedule.FiredRules(), Events: w.trace.events, Log: w.log.lines,
	}
}

func (c Config) withDefaults() Config {
	if c.Safety == 0 {
		c.Safety = 2 * time.Minute
	}
	if c.Settle == 0 {
		c.Settle = 2 * time.Minute
	}
	if c.MaxRequests == 0 {
		c.MaxRequests = 50_000
	}
	if c.Watchdog == 0 {
		c.Watchdog = 20 * time.Second
	}
	if c.OnHang == nil {
		c.OnHang = exitOnHang
	}
	if c.Network.Latency == (faults.Span{}) {
		c.Network.Latency = faults.Span{Min: time.Millisecond, Max: 10 * time.Millisecond}
	}
	c.Server.Replicas = max(1, c.Server.Replicas)
	return c
}
