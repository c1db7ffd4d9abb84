package sim

import (
	"time"

	"github.com/seatrial/seatrial/faults"
)

// How long a client waits for a time-out or a lost answer when the rule does
// not say: etcd's request time-out plus a round trip, rounded.
const defaultFailureDelay = 10 * time.Second

// fault notes in the trace that a rule took effect on a call.
func (w *world) fault(c *call, r *faults.Rule) {
	w.event(Event{Type: EventFault, Process: c.process.identity, Call: c.id, Detail: string(r.Kind) + " " + r.ID})
}

// failBeforeServer ends a call that never reaches the server.
func (w *world) failBeforeServer(c *call, r *faults.Rule) bool {
	soon := w.now() + w.latency(c.key, "failure") + c.fate.Slowdown
	switch {
	case r.Kind == faults.ConnectionRefused:
		w.agenda.add(soon, c.key, func() { w.fail(c, errRefused) })
	case r.Kind == faults.ConnectionReset:
		w.agenda.add(soon, c.key, func() { w.fail(c, errReset) })
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
		code, header, body := FaultAnswer(kind, r)
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
		w.agenda.add(w.now()+w.latency(c.key, "failure")+c.fate.Delay, c.key, func() { w.fail(c, errAnswerLost) })
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
	delay := c.fate.Delay
	if r.Delay.Max == 0 {
		delay = defaultFailureDelay
	}
	code, header, body := FaultAnswer(r.Kind, r)
	w.fromServer(c, delay+w.latency(c.key, "response"), func() {
		w.deliver(c, code, header, body, false)
	})
}

// closeLater ends an opened watch when a watch-closed rule hit it.
func (w *world) closeLater(c *call) {
	if r := c.fate.Rule; r != nil && r.Kind == faults.WatchClosed {
		w.agenda.add(w.now()+c.fate.Delay, c.key+" closed", func() { w.endStream(c, nil) })
	}
}

// plan puts the rules that act at given times on the agenda.
func (w *world) plan() {
	for _, r := range w.schedule.Timed() {
		w.agenda.add(r.From, "weather "+r.ID, func() {
			if !w.cleared {
				w.begin(r)
			}
		})
	}
}

func (w *world) begin(r *faults.Rule) {
	for _, p := range w.processes {
		if !r.Match.Matches(faults.Call{Process: p.Name, User: p.User}) {
			continue
		}
		if r.Kind == faults.Crash {
			if w.kill(p, r) {
				w.schedule.Happened(r)
			}
			continue
		}
		w.schedule.Happened(r)
		p.link.cut(r)
	}
}

// clearWeather ends all faults: nothing new is hit, links heal, and processes
// that were to come back are started now.
func (w *world) clearWeather() {
	w.cleared = true
	w.schedule.Clear()
	w.event(Event{Type: EventWeather, Detail: "cleared"})
	for _, p := range w.processes {
		p.link.healAll()
		if p.restart != nil {
			p.restart.cancelled = true
			w.start(p)
		}
	}
}
