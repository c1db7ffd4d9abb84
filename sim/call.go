package sim

import (
	"bytes"
	"net/http"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim/apiserver"
)

// call is one request on its way: sent by a process, decided by the fault schedule,
// carried by the link, answered by the server. Only the scheduler touches it
// once it is sent.
type call struct {
	world    *world
	process  *incarnation
	request  *http.Request
	body     []byte
	info     requestInfo
	identity string // what info says, in words
	reply    chan reply

	id       uint64
	nth      int
	key      string // process, identity and n-th: what every decision about it is keyed by
	decision faults.Decision

	server  *httpServer // nil: it is for an API server
	replica int         // the API server it is sent to
	arrived bool

	over        bool   // answered, failed or given up: nothing more reaches the caller
	dropped     bool   // the request never arrives
	dials       bool   // it waits for a connection to be made
	stopServer  func() // ends what the server still does for it
	stream      *streamBody
	slow        bool          // the stream is the body of an answer that trickles in
	contentType string        // of a watch
	watch       int           // index into the history's watches, once there is a stream
	lastPacket  time.Duration // when the latest packet from the server is due: they do not overtake
	packets     int
	perObject   map[string]int // frames so far per object, which keys their latency
}

// send is run when a request leaves its process.
func (w *world) send(c *call) {
	if c.process.dead() || c.over {
		return
	}
	w.number(c)
	if c.server == nil {
		if c.replica = w.reach(c.process.of); w.replicas.down[c.replica] > 0 {
			w.queue.add(w.now()+w.latency(c.key, "failure"), c.key, func() { w.fail(c, errRefused) })
			return
		}
	}
	w.decide(c)
	for _, rule := range c.decision.Slowed {
		w.fault(c, rule)
	}
	if rule := c.decision.Rule; rule != nil {
		w.fault(c, rule)
		if w.failBeforeServer(c, rule) {
			return
		}
	}
	if w.letOthersPass(c) {
		return
	}
	w.toServer(c, w.latency(c.key, "request")+c.decision.Slowdown+w.held(c, faults.ToServer))
}

// number gives the call its identity and its place in the history.
func (w *world) number(c *call) {
	w.requests++
	c.id = w.requests
	counter := c.process.name() + " " + c.identity
	w.nth[counter]++
	c.nth = w.nth[counter]
	count := " #" + strconv.Itoa(c.nth)
	c.key = counter + count
	c.process.underway[c.id] = c

	seq := w.event(Event{
		Type: EventSent, Process: c.process.identity, Call: c.id,
		Identity: c.identity + count, Digest: digest(c.body),
	})
	w.history.Calls = append(w.history.Calls, model.Call{
		ID: c.id, Process: c.process.name(), Incarnation: c.process.number, User: c.process.of.spared(), StandIn: c.process.of.StandIn,
		Host: c.host(), Verb: c.info.verb, Group: c.info.group, Version: c.info.version,
		Resource: c.info.resource, Subresource: c.info.subresource,
		Namespace: c.info.namespace, Name: c.info.name, Query: c.request.URL.RawQuery,
		CallSeq: seq, Called: w.now(), Outcome: model.Unknown,
		RequestType: c.request.Header.Get("Content-Type"), Request: c.body,
	})
}

// decide asks the schedule for the call's decision.
func (w *world) decide(c *call) {
	if len(w.config.Faults) == 0 {
		return
	}
	c.decision = w.schedule.Decide(w.asRulesSee(c), w.drawFor(c.key))
}

// asRulesSee is the call as rules see it now.
func (w *world) asRulesSee(c *call) faults.Call {
	return faults.Call{
		Process: c.process.name(), User: c.process.of.spared(),
		Verb: c.info.verb, Resource: c.info.fullResource(),
		Namespace: c.info.namespace, Name: c.info.name,
		Nth: c.nth, At: w.now(),
	}
}

// drawFor draws what rules leave to chance about what has this identity.
func (w *world) drawFor(identity string) faults.Draw {
	return func(ruleID, purpose string) float64 {
		return Draw(w.seedNow(), "fault", ruleID, purpose, identity)
	}
}

// arrive is run when a request reaches the server.
func (w *world) arrive(c *call) {
	c.arrived = true
	if c.over && c.info.verb == "watch" {
		return // nobody is left to stop it
	}
	reached := &w.history.Calls[c.id-1]
	reached.Server, reached.Arrived = c.replica+1, w.now()
	if c.server != nil {
		reached.Server = 1
	}
	rule := c.decision.Rule
	if rule != nil && w.answerInstead(c, rule) {
		return
	}
	if c.server != nil {
		c.server.serve(c)
	} else {
		w.serve(c)
	}
	if crashesAfter(rule) && !w.cleared && c.process == c.process.of.current {
		w.kill(c.process.of, rule)
	}
}

// serve has the API server execute a request that has arrived.
func (w *world) serve(c *call) {
	w.serving = c
	c.stopServer = w.server.Handle(c.replica, &apiserver.Request{
		ID: c.id, User: c.process.name(), Identity: c.process.of.identity, Method: c.request.Method, URL: c.request.URL,
		Header: c.request.Header, Body: c.body,
	}, &answer{call: c})
	w.serving = nil
}

// finish takes a call out of the set that is under way.
func (w *world) finish(c *call) {
	c.over = true
	delete(c.process.underway, c.id)
}

// answer carries the server's answer back to the caller.
type answer struct{ call *call }

var _ apiserver.ResponseWriter = (*answer)(nil)

// Respond implements [apiserver.ResponseWriter].
func (a *answer) Respond(code int, header http.Header, body []byte, stream bool) {
	c := a.call
	c.world.event(Event{Type: EventArrived, Process: c.process.identity, Call: c.id, Code: code, Digest: digest(body)})
	if rule := c.decision.Rule; rule != nil && c.world.loseAnswer(c, rule) {
		return
	}
	latency := c.world.latency(c.key, "response") + c.world.held(c, faults.FromServer)
	c.world.fromServer(c, latency, func() {
		c.world.deliver(c, code, header, body, stream)
	})
}

// Send implements [apiserver.ResponseWriter].
func (a *answer) Send(f apiserver.Frame) {
	c := a.call
	if c.over {
		return
	}
	if c.perObject == nil {
		c.perObject = make(map[string]int)
	}
	object := f.Namespace + "/" + f.Name
	c.perObject[object]++
	key := c.key + " " + object + " #" + strconv.Itoa(c.perObject[object])
	late, times := c.world.decideEvent(c, f, key)
	for range times {
		c.world.fromServer(c, c.world.latency(key, "frame")+late, func() { c.world.deliverFrame(c, f) })
	}
}

// Close implements [apiserver.ResponseWriter]: the server ends a watch.
func (a *answer) Close() {
	c := a.call
	if c.over {
		return
	}
	c.world.fromServer(c, c.world.latency(c.key, "close"), func() { c.world.endStream(c, nil) })
}

// deliver is run when an answer reaches its process.
func (w *world) deliver(c *call, code int, header http.Header, body []byte, stream bool) {
	if c.over {
		return
	}
	if rule := c.decision.Rule; rule != nil && rule.Kind == faults.SlowBody && !stream {
		w.deliverSlowly(c, code, header, body)
		return
	}
	w.returned(c, code, nil, header, body)
	response := newResponse(c.request, code, header, nil, int64(len(body)))
	if stream {
		c.contentType = header.Get("Content-Type")
		c.stream = newStreamBody(c)
		c.watch = len(w.history.Watches)
		w.history.Watches = append(w.history.Watches, model.Watch{CallID: c.id})
		response.Body, response.ContentLength = c.stream, -1
		w.decideWatch(c)
	} else {
		response.Body = plainBody(body)
		w.finish(c)
	}
	c.reply <- reply{response: response}
}

// fail is run when a call ends without an answer.
func (w *world) fail(c *call, err error) {
	if c.over {
		return
	}
	switch {
	case c.slow:
		w.breakBody(c, err)
		return
	case c.stream != nil:
		w.endStream(c, err)
		return
	}
	w.returned(c, 0, err, nil, nil)
	w.stopServing(c)
	w.finish(c)
	c.reply <- reply{err: err}
}

// returned notes at the client's edge what the caller is about to be told.
func (w *world) returned(c *call, code int, err error, header http.Header, body []byte) {
	w.told(c, code, err, header, body)
	w.chance.wakes(c.process.of, w.seedNow(), c.key)
}

func (w *world) told(c *call, code int, err error, header http.Header, body []byte) {
	e := Event{Type: EventReturned, Process: c.process.identity, Call: c.id, Code: code, Digest: digest(body)}
	h := &w.history.Calls[c.id-1]
	h.Code, h.Response, h.ResponseType = code, body, header.Get("Content-Type")
	h.Outcome = outcomeOf(code, err)
	if err != nil {
		e.Detail, h.Error = err.Error(), err.Error()
	}
	h.ReturnSeq, h.Returned = w.event(e), w.now()
	if w.restless != nil && !h.User && h.Outcome == model.OK && h.Writes() && !h.Housekeeping() {
		w.restless.note(h, h.Returned)
	}
}

// initialEventsEnd marks the bookmark after the initial events of a watch, in
// JSON and in protobuf alike.
var initialEventsEnd = []byte(metav1.InitialEventsAnnotationKey)

// errorFrame is the type of a frame with a status in it: the end of a watch.
const errorFrame = "ERROR"

func isInitialEnd(f apiserver.Frame) bool {
	return f.Type == "BOOKMARK" && bytes.Contains(f.Data, initialEventsEnd)
}

func (w *world) deliverFrame(c *call, f apiserver.Frame) {
	if c.over || c.stream == nil { // the answer that opens the stream was lost
		return
	}
	seq := w.event(Event{
		Type: EventFrame, Process: c.process.identity, Call: c.id, Identity: f.Namespace + "/" + f.Name,
		Revision: f.ResourceVersion, Detail: f.Type, Digest: digest(f.Data),
	})
	watch := &w.history.Watches[c.watch]
	watch.Frames = append(watch.Frames, model.Frame{
		Seq: seq, At: w.now(), Type: f.Type, Revision: f.ResourceVersion, Namespace: f.Namespace, Name: f.Name,
		InitialEnd: isInitialEnd(f), Data: f.Data,
	})
	if f.Type == errorFrame && !c.process.of.spared() {
		w.disturbed(w.now() + streamLost)
	}
	c.stream.push(f.Data)
}

// endStream ends a watch as the process sees it; nil is an ordinary end.
func (w *world) endStream(c *call, err error) {
	if c.over {
		return
	}
	e := Event{Type: EventEnded, Process: c.process.identity, Call: c.id}
	if err != nil {
		e.Detail = err.Error()
	}
	w.event(e)
	w.chance.wakes(c.process.of, w.seedNow(), c.key+" ended")
	w.stopServing(c)
	w.finish(c)
	if c.stream == nil { // the server closed before its first answer had arrived
		c.reply <- reply{err: errConnectionLost}
		return
	}
	c.stream.finish(endOfStream(err))
}

// cancel is run when a process gives up a call or closes a watch.
func (w *world) cancel(c *call) {
	if c.over {
		return
	}
	if c.id == 0 {
		c.over = true // given up in the instant in which it was made: never sent
		return
	}
	w.event(Event{Type: EventCancelled, Process: c.process.identity, Call: c.id})
	w.finish(c)
	// The server learns of it one packet later; what it has begun it completes.
	w.queue.add(w.now()+w.latency(c.key, "cancel"), c.key, func() { w.stopServing(c) })
}

func (w *world) stopServing(c *call) {
	if c.stopServer != nil {
		c.stopServer()
		c.stopServer = nil
	}
}
