package sim

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim/apiserver"
)

// errKilled is the cause with which a killed incarnation's context ends.
var errKilled = errors.New("sim: process killed")

// process is the running side of a Process: its incarnations one after
// another, and its link.
type process struct {
	Process
	link    *link            // to the API server
	others  map[string]*link // to the other servers, by host
	skew    time.Duration    // what it starts later than others that start at the same time
	clock   time.Duration    // what its wall clock shows more than virtual time
	replica int              // the API server it is connected to, counted from 0
	pinned  bool             // a fail-over chose the replica, for later incarnations too
	started int              // incarnations so far
	exits   int              // of those, how many ended by themselves
	current *incarnation     // nil while it is down
	living  []*incarnation   // started and not yet returned, killed ones included
	restart *entry           // when it will be started again

	// identity is that of [Process.ServiceAccount]; nil: none.
	identity user.Info
}

// spared tells whether faults concern the process only when they name it.
func (p *process) spared() bool { return p.User || p.StandIn }

// account is whom the program is to the API server. A service account that is
// not namespace/name is the caller's mistake and panics.
func (p *Process) account() user.Info {
	if p.ServiceAccount == "" {
		return nil
	}
	namespace, name, ok := splitAccount(p.ServiceAccount)
	if !ok {
		panic(fmt.Sprintf("sim: process %s: service account %q: want namespace/name", p.Name, p.ServiceAccount))
	}
	return apiserver.ServiceAccount(namespace, name)
}

// IsServiceAccount tells whether text can be a [Process.ServiceAccount]: namespace/name, or
// nothing.
func IsServiceAccount(text string) bool {
	_, _, ok := splitAccount(text)
	return ok || text == ""
}

func splitAccount(account string) (namespace, name string, ok bool) {
	namespace, name, ok = strings.Cut(account, "/")
	return namespace, name, ok && namespace != "" && name != "" && !strings.Contains(name, "/")
}

// incarnation is one life of a process.
type incarnation struct {
	of       *process
	number   int
	identity string
	cancel   context.CancelCauseFunc
	killed   chan struct{}
	signals  *Signals
	// terminated is the rule that asked it to end; nil: none has.
	terminated *faults.Rule
	metrics    *prometheus.Registry
	underway   map[uint64]*call

	mu      sync.Mutex // guards what follows
	asked   int        // what the server has, in the instant askedAt
	askedAt time.Duration
}

func (i *incarnation) name() string { return i.of.Name }

func (i *incarnation) dead() bool {
	select {
	case <-i.killed:
		return true
	default:
		return false
	}
}

// callsUnderway lists calls that wait for an answer and open watches, oldest first.
func (i *incarnation) callsUnderway() []*call {
	calls := make([]*call, 0, len(i.underway))
	for _, c := range i.underway {
		calls = append(calls, c)
	}
	slices.SortFunc(calls, func(a, b *call) int { return int(a.id) - int(b.id) })
	return calls
}

// start begins a new incarnation.
func (w *world) start(p *process) {
	if w.frozen {
		return
	}
	p.started++
	if !p.User {
		w.disturbed(w.now())
	}
	w.eachLink(p, func(l *link) { l.dead = l.dead || l.partitions() > 0 }) // a new process has to dial
	p.restart = nil
	ctx, cancel := context.WithCancelCause(context.Background())
	i := &incarnation{
		of: p, number: p.started, identity: fmt.Sprintf("%s-%d", p.Name, p.started),
		cancel: cancel, killed: make(chan struct{}), signals: newSignals(), underway: make(map[uint64]*call),
	}
	p.current = i
	p.living = append(p.living, i)
	w.connect(i)
	w.event(Event{Type: EventStarted, Process: i.identity})
	w.chance.wakes(p, w.seedNow(), i.identity)
	w.planCrash(i)
	i.metrics = prometheus.NewRegistry()
	env := Env{
		REST: &rest.Config{
			Host: "http://" + apiServerHost, Transport: &transport{world: w, process: i},
			// managedFields take their manager from the user agent, whose
			// default holds the name of the binary.
			UserAgent: p.Name,
			// The simulated network is the only thing that slows a client down.
			QPS: -1,
		},
		HTTP: &http.Client{Transport: byName{&transport{world: w, process: i}}}, Hosts: w.hosts(),
		Log: w.log.logger(i), Output: w.log.output(i), Identity: i.identity, Process: p.Name,
		Chance: hashOf(w.config.Seed, "program", i.identity), Skew: p.clock, Signals: i.signals,
		Alive: func() { w.progress.Add(1) },
		Problem: func(problem model.Problem) {
			problem.Process, problem.StandIn = p.Name, p.StandIn
			w.problem(problem)
		},
		Incarnation: i.number, Started: w.now(), Metrics: i.metrics,
		Host: func(what string, do func() []model.HostChange) error { return w.changeHost(i, what, do) },
		Stored: func(resource schema.GroupResource, name types.NamespacedName) (runtime.Object, error) {
			return w.stored(i, resource, name)
		},
		Serve: func(host string, handler http.Handler) { w.listen(i, host, handler) },
	}
	go func() {
		err := w.guard(i, func() error { return p.Run(ctx, env) })
		w.pending.put(item{kind: processReturned, key: i.identity, act: func() { w.processReturned(i, err) }})
	}()
}

// guard turns a panic in the program's own goroutine into a problem. Panics in
// goroutines that the program starts end the operating-system process.
func (w *world) guard(i *incarnation, run func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
			w.problem(model.Problem{Kind: model.Panicked, Process: i.name(), StandIn: i.of.StandIn, Message: fmt.Sprint(r), Detail: string(debug.Stack())})
		}
	}()
	return run()
}

func (w *world) processReturned(i *incarnation, err error) {
	p := i.of
	p.living = slices.DeleteFunc(p.living, func(other *incarnation) bool { return other == i })
	if i.dead() || w.frozen {
		return
	}
	e := Event{Type: EventStopped, Process: i.identity}
	if err != nil {
		e.Detail = err.Error()
	}
	w.event(e)
	w.end(i)
	p.current = nil
	if p.User {
		if err != nil {
			w.problem(model.Problem{Kind: model.Failing, Process: p.Name, Message: err.Error()})
		}
		return
	}
	var ended *EndError
	switch {
	case errors.As(err, &ended):
		w.problem(model.Problem{Kind: ended.Kind, Process: p.Name, StandIn: p.StandIn, Message: ended.Message, Detail: ended.Detail})
		if ended.Final {
			return
		}
	case i.terminated != nil:
		w.startAgain(p, i.terminated)
		return
	case p.MayExit == nil || !p.MayExit(err):
		w.problem(model.Problem{Kind: model.Exited, Process: p.Name, StandIn: p.StandIn, Message: fmt.Sprintf("the process ended by itself: %v", err)})
	}
	p.exits++
	w.disturbed(w.now() + restartDelay(p.exits))
	p.restart = w.queue.add(w.now()+restartDelay(p.exits), "process "+p.Name, func() { w.start(p) })
}

// restartDelay is the pause before a process that ended by itself is started
// again: 1s doubling to 5m, in the manner of a kubelet, which begins at 10s.
func restartDelay(exits int) time.Duration {
	return min(time.Second<<min(exits-1, 9), 5*time.Minute)
}

// kill ends an incarnation at once. What it had sent may still arrive, by a
// draw per request: packets already in the network are not called back.
// The result is false when the process was down already.
func (w *world) kill(p *process, r *faults.Rule) bool {
	i := p.current
	if i == nil {
		return false
	}
	w.event(Event{Type: EventCrashed, Process: i.identity, Detail: r.ID})
	w.end(i)
	p.current = nil
	w.startAgain(p, r)
	return true
}

// startAgain starts a process that a rule ended when the rule says, if at all.
func (w *world) startAgain(p *process, r *faults.Rule) {
	w.disturbed(w.now() + max(r.RestartAfter, 0))
	if r.RestartAfter < 0 {
		w.disturbed(math.MaxInt64) // nobody may be left
	} else {
		p.restart = w.queue.add(w.now()+r.RestartAfter+p.skew, "process "+p.Name, func() { w.start(p) })
	}
}

// end cuts an incarnation off from the world.
func (w *world) end(i *incarnation) {
	for _, c := range i.callsUnderway() {
		w.finish(c)
		if c.stopServer != nil {
			w.stopServing(c)
		} else {
			c.dropped = Draw(w.seedNow(), "in flight at the end", c.key) < 0.5
		}
	}
	close(i.killed)
	i.cancel(errKilled)
}
