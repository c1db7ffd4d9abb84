package sim

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/sim/apiserver"
)

// errNobodyListens is a connection to a host where no process listens.
var errNobodyListens = &connectError{}

type connectError struct{}

func (*connectError) Error() string { return "connect: " + syscall.ECONNREFUSED.Error() }
func (*connectError) Unwrap() error { return syscall.ECONNREFUSED }

var errConnectionReset = errors.New("read: " + syscall.ECONNRESET.Error())

// webhookCall is a call of the API server on its way: to the process that listens at its
// host, or to the server of the world that has the host, and the answer back.
type webhookCall struct {
	apiserver.WebhookCall
	world    *world
	key      string
	nth      int
	ctx      context.Context // ends when the API server no longer waits
	decision faults.Decision
	answered func(apiserver.WebhookAnswer)
}

// callWebhook carries a call over the network. A process that is down refuses; one that
// is killed on the way resets the connection; rules that name the host decide about it.
func (w *world) callWebhook(call apiserver.WebhookCall, answered func(apiserver.WebhookAnswer)) (cancel func()) {
	w.nth[call.Identity]++
	nth := w.nth[call.Identity]
	ctx, hangUp := context.WithCancel(context.Background())
	h := &webhookCall{WebhookCall: call, world: w, key: "webhook " + call.Identity + " #" + strconv.Itoa(nth), nth: nth, ctx: ctx, answered: answered}
	w.event(Event{Type: EventWebhook, Call: call.RequestID, Identity: h.identity(), Digest: digest(call.Body), Detail: call.Host})
	h.decide()
	h.send()
	return hangUp
}

func (h *webhookCall) identity() string { return h.key[len("webhook "):] }

// decide asks the schedule for the call's decision. Only a rule that names the host is
// about it.
func (h *webhookCall) decide() {
	w := h.world
	if len(w.config.Faults) == 0 {
		return
	}
	asked := faults.Call{Webhook: true, Verb: "create", Resource: h.Host, Name: h.URL.Path, Nth: h.nth, At: w.now()}
	if l := w.listenerAt(h.Host); l != nil {
		asked.Process = l.process.name()
	}
	h.decision = w.schedule.Decide(asked, w.drawFor(h.key))
	struck := h.decision.Slowed
	if h.decision.Rule != nil {
		struck = append(slices.Clone(struck), h.decision.Rule)
	}
	for _, r := range struck {
		w.disturbed(w.now() + r.Delay.Max + h.Timeout)
		w.event(Event{Type: EventFault, Call: h.RequestID, Identity: h.identity(), Detail: string(r.Kind) + " " + r.ID})
	}
}

// kind is what the rule that decided does; empty: there is none.
func (h *webhookCall) kind() faults.Kind {
	if h.decision.Rule == nil {
		return ""
	}
	return h.decision.Rule.Kind
}

func (h *webhookCall) send() {
	w := h.world
	switch h.kind() {
	case faults.ConnectionRefused:
		h.respond(apiserver.WebhookAnswer{Err: errNobodyListens}, 0)
	case faults.ConnectionReset:
		h.respond(apiserver.WebhookAnswer{Err: errConnectionReset}, 0)
	case faults.BlackHole: // the API server gives up by itself
	default:
		w.queue.add(w.now()+w.latency(h.key, "request")+h.decision.Slowdown+h.held(faults.ToServer), h.key, h.arrive)
	}
}

// held is how much longer the call, or its answer, is on its way; see [world.held].
func (h *webhookCall) held(d faults.Direction) time.Duration {
	if r := h.decision.Rule; r == nil || r.Kind != faults.Hold || (r.Direction == faults.FromServer) != (d == faults.FromServer) {
		return 0
	}
	return max(0, min(h.decision.Rule.Until, h.world.config.Safety)-h.world.now())
}

// arrive is run when the call has reached its host.
func (h *webhookCall) arrive() {
	w := h.world
	if h.ctx.Err() != nil {
		return
	}
	switch kind := h.kind(); kind {
	case faults.TooManyRequests, faults.InternalError, faults.ServiceUnavailable, faults.GatewayTimeout:
		code, _, _ := FaultAnswer(kind, h.decision.Rule)
		h.respond(apiserver.WebhookAnswer{
			Code: code, Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, Body: []byte(http.StatusText(code) + "\n"),
		}, 0)
		return
	case faults.TimeoutDropped: // the API server gives up by itself
		return
	}
	if s := w.servers[h.Host]; s != nil {
		recorder := s.answer(w, h.request())
		h.reply(nil, apiserver.WebhookAnswer{Code: recorder.Code, Header: recorder.Header(), Body: recorder.Body.Bytes()})
		return
	}
	l := w.listenerAt(h.Host)
	if l == nil {
		h.respond(apiserver.WebhookAnswer{Err: errNobodyListens}, 0)
		return
	}
	if h.crashes(faults.BeforeCall, l) {
		h.respond(apiserver.WebhookAnswer{Err: errConnectionReset}, 0)
		return
	}
	w.chance.reseed(w.seedNow(), h.key)
	go h.serve(*l)
}

// crashes kills the process that is asked, when the rule says so.
func (h *webhookCall) crashes(when faults.When, l *listener) bool {
	r := h.decision.Rule
	if r == nil || r.Kind != faults.Crash || r.When != when || h.world.cleared || l == nil || l.process != l.process.of.current {
		return false
	}
	return h.world.kill(l.process.of, r)
}

// reply is run when the process, or the server of the world, has answered.
func (h *webhookCall) reply(l *listener, a apiserver.WebhookAnswer) {
	switch {
	case h.kind() == faults.TimeoutApplied: // the API server gives up by itself
	case h.kind() == faults.ResponseLost, h.crashes(faults.AfterCall, l):
		h.respond(apiserver.WebhookAnswer{Err: errConnectionReset}, 0)
	case h.kind() == faults.SlowBody:
		h.respond(a, h.decision.Delay)
	default:
		h.respond(a, h.held(faults.FromServer))
	}
}

// respond carries the answer back.
func (h *webhookCall) respond(a apiserver.WebhookAnswer, later time.Duration) {
	w := h.world
	w.queue.add(w.now()+w.latency(h.key, "response")+later, h.key, func() {
		if h.ctx.Err() == nil {
			w.event(Event{Type: EventWebhookAnswered, Call: h.RequestID, Identity: h.identity(), Code: a.Code, Digest: digest(a.Body), Detail: errorText(a.Err)})
			h.answered(a)
		}
	})
}

// request is the call as a handler finds it.
func (h *webhookCall) request() *http.Request {
	r, err := http.NewRequestWithContext(h.ctx, http.MethodPost, h.URL.String(), bytes.NewReader(h.Body))
	if err != nil {
		panic("sim: the address of a webhook was parsed before: " + err.Error())
	}
	r.Header = h.Header.Clone()
	return r
}

// serve runs the handler in the process and hands the answer to the scheduler.
func (h *webhookCall) serve(l listener) {
	w := h.world
	done := make(chan apiserver.WebhookAnswer, 1)
	go func() {
		request := h.request()
		if socket, ok := l.handler.(Socket); ok {
			done <- overSocket(socket, request, h.CABundle)
			return
		}
		request.RequestURI = h.URL.RequestURI()
		var got bufferedResponse
		err := w.guard(l.process, func() error {
			l.handler.ServeHTTP(&got, request)
			return nil
		})
		done <- apiserver.WebhookAnswer{Code: got.status(), Header: got.header, Body: got.body.Bytes(), Err: err}
	}()
	var answer apiserver.WebhookAnswer
	select {
	case answer = <-done:
	case <-l.process.killed:
		answer = apiserver.WebhookAnswer{Err: errConnectionReset}
	case <-h.ctx.Done():
		return
	}
	w.pending.put(item{kind: callSent, key: h.key, act: func() { h.reply(&l, answer) }})
}
