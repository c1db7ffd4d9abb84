package sim

import (
	"fmt"
	"time"

	"github.com/seatrial/seatrial/faults"
)

// How long a client waits for a time-out or a lost answer when the rule does
// not say: etcd's request time-out plus a round trip, rounded.
const defaultFailureDelay = 10 * time.Second

// fault notes in the trace that a rule took effect on a call.
func (w *world) fault(c *call, r *faults.Rule) {
	w.disturbedCall(c, r)
	w.event(Event{Type: EventFault, Process: c.process.identity, Call: c.id, Detail: string(r.Kind) + " " + r.ID})
}

// failBeforeServer ends a call that never reaches the server.
func (w *world) failBeforeServer(c *call, r *faults.Rule) bool {
	soon := w.now() + w.latency(c.key, "failure") + c.decision.Slowdown
	switch {
	case r.Kind == faults.ConnectionRefused:
		w.queue.add(soon, c.key, func() { w.fail(c, errRefused) })
	case r.Kind == faults.ConnectionReset:
		w.queue.add(soon, c.key, func() { w.fail(c, errReset) })
	case r.Kind == faults.BlackHole:
		w.queue.add(w.now()+connectionLostAfter, c.key, func() { w.fail(c, errConnectionLost) })
	case r.Kind == faults.Crash && r.When == faults.BeforeCall:
		w.kill(c.process.of, r)
	default:
		return false
	}
	return true
}

// answerInstead answers in the server's place, when the request has arrived,
// without the request being executed.
func (w *world) answerInstead(c *call, r *faults.Rule) bool {
	kind := r.Kind
	if c.info.verb == "watch" && (kind == faults.TimeoutApplied || kind == faults.TimeoutDropped) {
		kind = faults.GatewayTimeout // the time-out filter leaves long-running requests alone
	}
	switch kind {
	case faults.TooManyRequests, faults.InternalError, faults.ServiceUnavailable, faults.GatewayTimeout:
		code, header, body := c.faultAnswer(kind, r)
		(&answer{call: c}).Respond(code, header, body, false)
	case faults.TimeoutDropped:
		w.timeOut(c, r)
	default:
		return false
	}
	return true
}

// loseAnswer replaces the answer to a request that was executed.
func (w *world) loseAnswer(c *call, r *faults.Rule) bool {
	switch {
	case r.Kind == faults.TimeoutApplied && c.info.verb != "watch":
		w.timeOut(c, r)
	case r.Kind == faults.ResponseLost:
		w.queue.add(w.now()+w.latency(c.key, "failure")+c.decision.Delay, c.key, func() { w.fail(c, errAnswerLost) })
	default:
		return false
	}
	return true
}

func crashesAfter(r *faults.Rule) bool {
	return r != nil && r.Kind == faults.Crash && r.When == faults.AfterCall
}

// timeOut answers as the time-out filter of a real server does, after the
// time the rule gives.
func (w *world) timeOut(c *call, r *faults.Rule) {
	delay := c.decision.Delay
	if r.Delay.Max == 0 {
		delay = defaultFailureDelay
	}
	code, header, body := c.faultAnswer(r.Kind, r)
	w.fromServer(c, delay+w.latency(c.key, "response"), func() {
		w.deliver(c, code, header, body, false)
	})
}

// plan puts the rules that act at given times on the event queue. What is in force
// from the start is so before anybody calls.
func (w *world) plan() {
	for _, r := range w.schedule.Timed() {
		if r.From == 0 && r.Kind != faults.Crash {
			w.begin(r)
			continue
		}
		w.queue.add(r.From, "weather "+r.ID, func() {
			if !w.cleared {
				w.begin(r)
			}
		})
	}
}

func (w *world) begin(r *faults.Rule) {
	if r.Kind != faults.Terminate { // which lasts as long as its grace
		w.disturbedBy(r)
	}
	switch r.Kind {
	case faults.CacheLag:
		w.lagCaches(r)
	case faults.HistoryForgotten:
		w.forgetHistory(r)
	case faults.ReplicaDown:
		w.takeDown(r)
	case faults.GCLag:
		w.lagControllers(r)
	default:
		for _, p := range w.processes {
			of := r.Match
			of.Resources = nil // they say which servers a partition is from
			if of.Matches(faults.Call{Process: p.Name, User: p.spared()}) {
				w.inject(p, r)
			}
		}
	}
}

// inject begins what a rule does to one process.
func (w *world) inject(p *process, r *faults.Rule) {
	happens := true
	switch r.Kind {
	case faults.Crash:
		happens = w.kill(p, r)
	case faults.CrashLoop:
		happens = false // counted at each kill
		if p.current != nil {
			w.killLater(p.current, r)
		}
	case faults.FailOver:
		happens = w.failOver(p, r)
	case faults.Terminate:
		happens = w.terminate(p, r)
	case faults.ClockSkew:
		happens = p.Program
		w.setClock(p, r)
	default:
		w.cutLinks(p, r)
	}
	if happens {
		w.schedule.Happened(r)
	}
}

// planCrash plans the end of an incarnation that starts within a crash loop.
func (w *world) planCrash(i *incarnation) {
	for _, r := range w.schedule.Timed() {
		call := faults.Call{Process: i.name(), User: i.of.spared()}
		if r.Kind == faults.CrashLoop && r.InForce(w.now()) && !w.cleared && r.Match.Matches(call) {
			w.killLater(i, r)
		}
	}
}

func (w *world) killLater(i *incarnation, r *faults.Rule) {
	w.queue.add(w.now()+r.DelayOf(w.drawFor(i.identity)), "weather "+r.ID+" "+i.identity, func() {
		if i.of.current == i && r.InForce(w.now()) && !w.cleared && w.kill(i.of, r) {
			w.schedule.Happened(r)
		}
	})
}

// ending is the end of something that a rule began.
type ending struct {
	end  func()
	over bool
}

// until runs end when the rule's window is over, or when faults are cleared.
func (w *world) until(r *faults.Rule, end func()) {
	w.event(Event{Type: EventSchedule, Detail: fmt.Sprintf("%s %s begins", r.Kind, r.ID)})
	e := &ending{}
	e.end = func() {
		if !e.over {
			e.over = true
			w.event(Event{Type: EventSchedule, Detail: fmt.Sprintf("%s %s ends", r.Kind, r.ID)})
			end()
		}
	}
	w.ends = append(w.ends, e)
	if r.Until > 0 {
		w.queue.add(r.Until, "weather "+r.ID+" ends", e.end)
	}
}

// clearFaults ends all faults: nothing new is hit, links heal, and processes
// that were to come back are started now.
func (w *world) clearFaults() {
	w.cleared = true
	w.schedule.Clear()
	w.event(Event{Type: EventSchedule, Detail: "cleared"})
	for _, e := range w.ends {
		e.end()
	}
	for _, p := range w.processes {
		w.leaveBlackHoles(p)
		w.eachLink(p, (*link).healAll)
		if p.restart != nil {
			p.restart.cancelled = true
			p.restart = w.queue.add(w.now()+p.skew, "process "+p.Name, func() { w.start(p) })
		}
	}
}

// leaveBlackHoles declares connections dead on which a request was swallowed: no
// fault outlasts the safety phase.
func (w *world) leaveBlackHoles(p *process) {
	for _, i := range p.living {
		for _, c := range i.callsUnderway() {
			if r := c.decision.Rule; r != nil && r.Kind == faults.BlackHole {
				w.queue.add(w.now(), c.key+" lost", func() { w.fail(c, errConnectionLost) })
			}
		}
	}
}
