//go:build linux && amd64

package program

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"syscall"
	"time"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// sinceEpoch is the virtual time as programs count it: since 2000-01-01, when the
// time of a bubble begins.
func sinceEpoch(t time.Time) time.Duration { return time.Duration(t.UnixNano() - 946684800*1e9) }

// agent stands for a process in the simulated world. It is a goroutine of the bubble.
//
// While the process computes, the agent waits for it in a system call, which does not
// count as durably blocked: virtual time stands still exactly so long. When all that
// is in the process waits, the agent takes what it wrote, and then waits itself, as a
// goroutine of the bubble does, for the first of three things to happen: an answer
// arrives, a timer of the process or a probe is due, the world has a word for it.
// It hands that on, and the process computes again.
type agent struct {
	binary *Binary
	o      Options
	env    sim.Env
	life   *life

	poll    poller
	buffer  [64 << 10]byte // for what is read
	conns   []*conn        // open ones, in the order in which they were made
	made    int            // connections so far
	answers chan delivery
	alarm   *time.Timer

	listeners []listener
	visitors  chan visitor
	probes    []*probe
	volumes   []*volume
	nextMount time.Time // when the volumes are looked at
	began     time.Time
	skew      time.Duration // of the process's wall clock
	stopped   bool          // the process is, as by SIGSTOP
	signals   uint64        // for its next turn
	output    output
	spent     time.Duration // processor time at the last look after a silent process
	silent    time.Duration // real time for which it has said nothing
}

// run lives through one incarnation of a process.
func (b *Binary) run(ctx context.Context, env sim.Env, o Options) error {
	z, err := zygoteOf(b.Path, o.Args, o.environment(env))
	if err != nil {
		return ofTheMachine(err)
	}
	files, err := newFiles(o)
	if err != nil {
		return ofTheMachine(err)
	}
	defer files.remove()
	a := &agent{binary: b, o: o, env: env, answers: make(chan delivery), visitors: make(chan visitor), began: time.Now(), skew: env.Skew}
	a.output.print = env.Output
	if a.poll, err = newPoller(); err != nil {
		return ofTheMachine(err)
	}
	defer a.poll.close()
	if err := ctx.Err(); err != nil {
		return errStopped
	}
	if err := a.mount(ctx, files); err != nil {
		return err
	}
	a.began = time.Now()
	a.life, err = z.begin(birth{now: sinceEpoch(time.Now()), skew: env.Skew, seeds: seedsOf(env.Chance), root: files.root})
	if err != nil {
		return a.explainStart(err)
	}
	defer a.life.forget()
	a.probes = newProbes(o.Liveness, a.began)
	a.offerWebhooks()
	callers, cancel := context.WithCancel(ctx)
	defer cancel()
	err = a.live(callers)
	for _, c := range a.conns {
		c.close(a)
	}
	status, waitErr := a.life.end()
	a.output.take(a.life.printed())
	a.output.end()
	if !errors.Is(err, errGone) {
		return errors.Join(err, waitErr)
	}
	return a.ended(status)
}

// explainStart: a program that fails while its packages are initialised does so in
// every life.
func (a *agent) explainStart(err error) error {
	var never *neverBegan
	if !errors.As(err, &never) {
		return ofTheMachine(err)
	}
	a.output.take([]byte(never.said + "\n"))
	a.output.end()
	end := a.output.fatal()
	if end == nil {
		end = &sim.EndError{Kind: model.Exited, Message: err.Error()}
	}
	end.Final = true
	return end
}

// seedsOf draws what a life's generators begin with: maps, selects, preemption,
// sources of math/rand.
func seedsOf(chance uint64) (seeds [4]uint64) {
	for i := range seeds {
		h := fnv.New64a()
		fmt.Fprint(h, chance, i)
		seeds[i] = h.Sum64()
	}
	return seeds
}

// live goes from turn to turn until the process ends or is to end.
func (a *agent) live(ctx context.Context) error {
	for {
		until, err := a.turn(ctx)
		a.output.take(a.life.printed())
		a.reportPanics()
		if err != nil {
			return err
		}
		if a.output.size > maxOutput {
			return hang(fmt.Sprintf("printed over %d MiB in one life", maxOutput>>20))
		}
		unfinished, err := a.takeBytes(ctx)
		if err != nil {
			return err
		}
		if !unfinished {
			if err := a.rest(ctx, until); err != nil {
				return err
			}
		}
		a.life.goOn(sinceEpoch(time.Now()), a.skew, a.signals)
		a.signals = 0
	}
}

// errStopped: the world has killed the process.
var errStopped = errors.New("killed")

// turn waits until everything in the process waits, and answers what it asks
// meanwhile. The result is when it wants to go on.
func (a *agent) turn(ctx context.Context) (until time.Duration, err error) {
	a.silent, a.spent = 0, 0
	for {
		m, err := a.life.hear(a.lookAfter)
		if err != nil {
			return 0, err
		}
		if m.kind == 'i' {
			return time.Duration(m.until), nil
		}
		a.life.answer(a.asked(m))
	}
}

// patienceWaiting is how long, in real time, a process may wait for the machine in one
// turn, without taking processor time.
const patienceWaiting = 60 * time.Second

// lookAfter is called, in real time, while the process says nothing.
func (a *agent) lookAfter() error {
	if a.env.Alive != nil {
		a.env.Alive()
	}
	cpu := a.life.cpu()
	if a.silent == 0 {
		a.spent = cpu
	}
	a.silent += lookAfter
	why := ""
	switch {
	case cpu-a.spent >= a.o.patience():
		why = fmt.Sprintf("computed for %s without coming to rest: a loop without end", a.o.patience())
	case a.silent >= patienceWaiting && cpu-a.spent < a.o.patience()/10:
		why = fmt.Sprintf("waited for the machine for %s, in a system call that is not under control: a pipe, a terminal, a socket that package net did not make", patienceWaiting)
	default:
		return nil
	}
	if err := a.life.kill(); err != nil {
		return err
	}
	return hang(why)
}

// rest waits, durably, until there is something for the process to do.
func (a *agent) rest(ctx context.Context, until time.Duration) error {
	for {
		if ctx.Err() != nil {
			return errStopped
		}
		if a.heed() {
			return nil
		}
		now := sinceEpoch(time.Now())
		if !a.stopped && until >= 0 && until <= now {
			return nil // not even a look at what else there is: that might race
		}
		changed, err := a.remount()
		if err != nil || changed && !a.stopped {
			return err
		}
		asked, err := a.askProbes()
		if asked || err != nil {
			return err
		}
		var answers <-chan delivery
		var visitors <-chan visitor
		if !a.stopped {
			answers, visitors = a.answers, a.visitors
		}
		select {
		case d := <-answers:
			a.deliver(d)
			return nil
		case v := <-visitors:
			a.welcome(v)
			return nil
		case <-a.wakeAt(until):
		case <-a.env.Signals.Arrived():
		case <-ctx.Done():
		}
	}
}

// wakeAt is a timer for the first of the process's own and the probes'.
func (a *agent) wakeAt(until time.Duration) <-chan time.Time {
	due := time.Duration(-1)
	if !a.stopped {
		due = until
	}
	if at, ok := a.nextProbe(); ok && (due < 0 || at < due) {
		due = at
	}
	if at := sinceEpoch(a.nextMount); len(a.volumes) > 0 && (due < 0 || at < due) {
		due = at
	}
	if a.alarm != nil {
		a.alarm.Stop()
	}
	if due < 0 {
		return nil
	}
	wait := max(due-sinceEpoch(time.Now()), 0)
	if a.alarm == nil {
		a.alarm = time.NewTimer(wait)
	} else {
		a.alarm.Reset(wait)
	}
	return a.alarm.C
}

// heed takes what the world has to say. The result says that the process has to hear
// of it now.
func (a *agent) heed() bool {
	now := false
	for _, s := range a.env.Signals.Take() {
		switch s.Kind {
		case sim.SignalTerminate:
			a.signals |= 1 << syscall.SIGTERM
			now = true
		case sim.SignalStop:
			a.stopped = true
		case sim.SignalContinue:
			now, a.stopped = now || a.stopped, false
		case sim.SignalClock:
			a.skew, now = s.Skew, true
		case sim.SignalReport:
			now = a.askMetrics() || now
		}
	}
	return now && !a.stopped
}

// maxOutput bounds what one life may print.
const maxOutput = 64 << 20
