package sim

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
)

// errTerminated is the cause with which the context of a process ends that was asked
// to end and is not a program of its own.
var errTerminated = errors.New("sim: process terminated")

// defaultGrace is terminationGracePeriodSeconds of a pod that does not set it.
const defaultGrace = 30 * time.Second

// signal lets a living process that is a program of its own hear of something.
func (p *process) signal(s Signal) {
	if p.Program && p.current != nil {
		p.current.signals.put(s)
	}
}

// terminate asks a process to end, as a kubelet does: its network goes on, and only when
// its grace is over is it killed. The result is false when it is down already.
func (w *world) terminate(p *process, r *faults.Rule) bool {
	i := p.current
	if i == nil || i.terminated != nil {
		return false
	}
	i.terminated = r
	w.event(Event{Type: EventTerminated, Process: i.identity, Detail: r.ID})
	grace := defaultGrace
	if r.Delay.Max > 0 {
		grace = r.DelayOf(w.drawFor(i.identity))
	}
	since, before := w.now(), len(w.history.Disturbances)
	w.disturbed(since + grace)
	w.queue.add(w.now()+grace, "process "+p.Name+" grace", func() {
		if p.current != i {
			return
		}
		if grace >= defaultGrace && w.undisturbed(since, before) {
			w.problem(model.Problem{Kind: model.Hung, Process: p.Name, Message: fmt.Sprintf("did not end within %s of SIGTERM, though nothing else went wrong, and was killed", grace)})
		}
		w.kill(p, r)
	})
	if p.Program {
		p.signal(Signal{Kind: SignalTerminate})
	} else {
		i.cancel(errTerminated)
	}
	return true
}

// undisturbed says that nothing has stood in anybody's way since then but the
// disturbance with the number that is given.
func (w *world) undisturbed(since time.Duration, but int) bool {
	for i, d := range w.history.Disturbances {
		if i != but && d.Until > since {
			return false
		}
	}
	return true
}

// setClock lets the wall clock of a program be off while a rule is in force. In the
// trace it is a window like others.
func (w *world) setClock(p *process, r *faults.Rule) {
	if !p.Program {
		return
	}
	p.clock = r.DelayOf(w.drawFor(p.Name))
	p.signal(Signal{Kind: SignalClock, Skew: p.clock})
	w.until(r, func() {
		p.clock = 0
		p.signal(Signal{Kind: SignalClock})
	})
}

// reportTime is how long before the end of a run programs are asked for what is to be in
// the history.
const reportTime = 5 * time.Second

// planReports has programs of their own asked for reports, if there are any.
func (w *world) planReports() {
	if slices.ContainsFunc(w.processes, func(p *process) bool { return p.Program }) {
		w.queue.add(w.history.Cleared+max(w.config.Settle-reportTime, 0), "reports", w.askForReports)
	}
}

// askForReports lets programs of their own know that the run ends soon.
func (w *world) askForReports() {
	for _, p := range w.processes {
		p.signal(Signal{Kind: SignalReport})
	}
}
