package sim

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim/apiserver"
)

// world is one run. All of it but the pending requests, the log and the problems belongs
// to the scheduler, which is the bubble's first goroutine, and while that rests to
// whoever holds acting.
type world struct {
	acting sync.Mutex // held by the scheduler but when it rests

	config   Config
	epoch    time.Time // of virtual time
	server   *apiserver.Server
	schedule *faults.Schedule
	queue    eventQueue
	alarm    *time.Timer // wakes the scheduler; of the bubble
	pending  *pending
	trace    *trace
	log      *runLog
	progress *atomic.Uint64 // read by the watchdog
	chance   *chance

	servers    map[string]*httpServer // other than the API server, by host
	replicas   replicas
	ends       []*ending // of what is in force and ends with the faults
	processes  []*process
	requests   uint64
	nth        map[string]int        // calls so far, per process and identity
	listeners  map[string][]listener // by host, in the order in which they came
	serving    *call                 // the call the server is executing
	overtaken  []*overtaken          // writes that wait for others to change their objects
	cleared    bool
	eventRules bool // some rule is about events of watches
	hostRules  bool // some rule is about what processes do to their hosts
	frozen     bool // the run is over; what still happens is not recorded
	history    model.History
	restless   *restless // since faults have ended; nil before

	mu       sync.Mutex
	problems []model.Problem
}

// maxEventsPerInstant bounds what may happen without virtual time passing: a
// subject that loops without a pause would keep a seed from ever ending.
const maxEventsPerInstant = 100_000

func (w *world) now() time.Duration { return time.Since(w.epoch) }

// runUntil lets the world go on until the virtual time is end, or done says so.
func (w *world) runUntil(end time.Duration, done func() bool) {
	var instant time.Duration
	delivered := 0
	for {
		w.rest(synctest.Wait)
		w.progress.Add(1)
		for _, request := range w.pending.take() {
			request.act()
		}
		now := w.now()
		if now != instant {
			instant, delivered = now, 0
		}
		next := w.queue.next()
		switch {
		case done() || w.stuck(delivered):
			return
		case next != nil && next.at <= now && now <= end:
			delivered++
			w.queue.take().happen()
		case now >= end:
			return
		case next != nil && next.at < end:
			w.sleep(next.at - now)
		default:
			w.sleep(end - now)
		}
	}
}

// sleep lets virtual time pass, at most d, less when a process wants something.
func (w *world) sleep(d time.Duration) {
	w.alarm.Reset(d)
	w.rest(func() {
		select {
		case <-w.alarm.C:
		case <-w.pending.wake:
			w.alarm.Stop()
		}
	})
}

// rest waits without holding the world.
func (w *world) rest(wait func()) {
	w.acting.Unlock()
	wait()
	w.acting.Lock()
}

func (w *world) stuck(delivered int) bool {
	switch {
	case delivered > maxEventsPerInstant:
		w.problem(model.Problem{Kind: model.Hung, Message: fmt.Sprintf("over %d events without virtual time passing: a loop without a pause", maxEventsPerInstant)})
	case w.requests > w.config.MaxRequests && !w.frozen:
		busiest := w.busiest()
		w.problem(model.Problem{
			Kind: model.Hung, Process: busiest.Name, StandIn: busiest.StandIn,
			Message: fmt.Sprintf("over %d requests in one run: an endless loop of calls", w.config.MaxRequests),
		})
	default:
		return false
	}
	return true
}

// busiest is the process that made most calls, the first of several. There is one
// whenever there was a call.
func (w *world) busiest() *process {
	calls := map[string]int{}
	for i := range w.history.Calls {
		calls[w.history.Calls[i].Process]++
	}
	most := w.processes[0]
	for _, p := range w.processes {
		if calls[p.Name] > calls[most.Name] {
			most = p
		}
	}
	return most
}

// event adds to the trace and returns the event's number.
func (w *world) event(e Event) uint64 {
	if w.frozen {
		return 0
	}
	return w.trace.add(w.now(), e)
}

// problem may be called from any goroutine of the bubble.
func (w *world) problem(p model.Problem) {
	p.At = w.now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.frozen {
		w.problems = append(w.problems, p)
	}
}

// commit takes an entry of the server's revision log into the history.
func (w *world) commit(c apiserver.Commit) {
	if w.frozen {
		return
	}
	entry := model.Commit{
		Revision: c.Revision, At: w.now(), CallID: c.RequestID,
		Group: c.Resource.Group, Version: c.Resource.Version, Resource: c.Resource.Resource,
		Namespace: c.Namespace, Name: c.Name, UID: string(c.UID), Old: c.Old, New: c.New,
	}
	event := Event{Type: EventCommitted, Call: c.RequestID, Revision: c.Revision, Identity: c.Resource.Resource + " " + c.Namespace + "/" + c.Name}
	if by := w.serving; by != nil && by.id == c.RequestID {
		entry.Process, entry.User, event.Process = by.process.name(), by.process.of.spared(), by.process.identity
	} else if n := c.RequestID; n > 0 && n <= uint64(len(w.history.Calls)) {
		call := &w.history.Calls[n-1] // it waited for a webhook in between
		entry.Process, entry.User, event.Process = call.Process, call.User, fmt.Sprintf("%s-%d", call.Process, call.Incarnation)
	}
	entry.Seq = w.event(event)
	w.history.Commits = append(w.history.Commits, entry)
	w.passOvertaken(&entry)
}

// latency is the time one packet takes, drawn by its identity.
func (w *world) latency(key, packet string) time.Duration {
	span := w.config.Network.Latency
	return span.Min + time.Duration(Draw(w.seedNow(), "latency", packet, key)*float64(span.Max-span.Min))
}

// clock is the server's clock: its timers are entries of the event queue.
type clock struct{ world *world }

// Now implements [apiserver.Clock].
func (c clock) Now() time.Time { return time.Now() }

// AfterFunc implements [apiserver.Clock].
func (c clock) AfterFunc(d time.Duration, f func()) func() {
	e := c.world.queue.add(c.world.now()+d, "server", f)
	return func() { e.cancelled = true }
}
