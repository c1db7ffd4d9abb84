package seatrial

import (
	"context"
	"net/http"
	"time"

	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// Trial is a controller, the cluster that it runs in, and what users do there.
//
// The least that makes a test is Controller and Objects, with the
// CustomResourceDefinitions in Cluster if there are any. The zero value of every
// other field is ready for use. A Trial is not changed by running it.
type Trial struct {
	// Name is used in messages. Default: the name of the test, or "trial".
	Name string

	// Controller is what is under test, as a process called "controller".
	// Processes are more of them, or all. At least one has to be under test.
	Controller func(ctx context.Context, cfg *rest.Config) error
	// MayExit says whether it is ordinary that Controller returns err by itself
	// and is started again, as most programs do that cannot reach the API server
	// at first. Nil: only the end of a leader that lost its lease.
	MayExit   func(err error) bool
	Processes []Process

	// Cluster is what exists before anything starts: definitions of custom
	// resources, namespaces, any objects.
	Cluster Manifests
	// Objects are what users work with. Each seed draws when each is applied,
	// which of them are deleted and which of those are made anew. An object that
	// is there twice is applied in its first form and later in its second, which
	// makes an update.
	Objects Manifests
	// Steps are what users do besides, or instead, at times of your choosing.
	Steps []Step

	// Properties are laws of this controller's own, beside the generic ones.
	Properties []Property
	// Except names generic properties that do not hold for this controller by
	// design, e.g. "quiet" for one that writes a heartbeat.
	Except []string
	// Ignore lists what may end differently than without faults: "RESOURCE" or
	// "RESOURCE: PATH", such as "jobs.batch: status.failed".
	Ignore []string
	// Rename lists fields, as Ignore does, whose values may end as others than without
	// faults, one to one: which address an object has may depend on timing, and that
	// two have the same may not.
	Rename []string
	// Known failures are counted and told apart, and not looked into again.
	Known []Known

	// Faults are what goes wrong. Nil: each seed draws it.
	Faults []faults.Rule
	// Safety is how long faults are in force; steps lie in it. Default 2m. Settle
	// is how long the world then has to come to rest, at least 2m. Default 18m:
	// a work queue with client-go's default limiter waits up to 1000s after its
	// last failure.
	Safety, Settle time.Duration

	// Server says more about the cluster: API server replicas (default: one or
	// two, by the seed), WatchList, compaction, namespaces. Definitions in it are
	// added to those of Cluster.
	Server sim.Server
	// StandIns are parts of a cluster that the API server alone has not, such as the
	// kubelet and the Deployment controller: cluster.Drawn(cluster.Options{...}) of package
	// sim/cluster has them, as slow and as faulty as the seed wants. Nil: none.
	StandIns scenarios.StandIns
	// Servers are those beside the API server that processes reach by name: a cloud's
	// API, a database. See [Server].
	Servers []HTTPServer
	// Network is the ordinary latency. Default 1ms to 10ms.
	Network sim.Network

	site *scenarios.Site // of a file
}

// Process is one program beside others: an operator, its peer, a stand-in for the
// kubelet.
type Process struct {
	Name string
	// Run is the program; it returns when ctx ends. Env, instead, is given what a
	// run knows about the process, such as an identity for leader election.
	Run func(ctx context.Context, cfg *rest.Config) error
	Env func(ctx context.Context, env sim.Env) error
	// Binary, in the place of Run, is a program of its own; see [Program].
	Binary *Binary
	// Replicas are called NAME-1, NAME-2 and so on when there is more than one.
	Replicas int
	// Start is when it is first started; never before the cluster is set up.
	Start time.Duration
	// Stand-ins play a part of the cluster that the simulation does not have,
	// such as the kubelet: see [sim.Process].
	StandIn bool
	// ServiceAccount, NAMESPACE/NAME, is whom it is to the API server: it may do what
	// the roles and bindings in the cluster allow, and is answered 403 otherwise, which
	// is a violation of the law permitted. Empty: it may do everything.
	ServiceAccount string
	// MayExit says whether returning err by itself is ordinary; nil: only the
	// end of a leader that lost its lease.
	MayExit func(err error) bool
}

// What a trial is made of, under the names that tests use.
type (
	// Manifests are Kubernetes objects as files hold them.
	Manifests = scenarios.Manifests
	// SchemeKind says of a kind of [Scheme] what its Go type does not.
	SchemeKind = scenarios.SchemeKind
	// Step is one action of a user at a time.
	Step = scenarios.Step
	// Known is a failure that is known already, by its signature.
	Known = scenarios.Known
	// Property is a law that a run is judged by.
	Property = model.Property
	// State is the cluster after a commit, as laws see it.
	State = model.State
	// Transition is one commit, as laws of changes see it.
	Transition = model.Transition
	// History is all that clients and the API server saw of a run.
	History = model.History
	// HTTPServer is a server beside the API server.
	HTTPServer = sim.HTTPServer
	// Result is one run, judged.
	Result = scenarios.Result
	// RunOptions are what a run can be asked for.
	RunOptions = scenarios.RunOptions
)

// Manifests of a trial: from text, from files, from Go values, from a scheme.
var (
	YAML    = scenarios.YAML
	Files   = scenarios.Files
	Objects = scenarios.Objects
	Scheme  = scenarios.Scheme
	// ModuleFiles are files of a module that go.mod requires.
	ModuleFiles = scenarios.ModuleFiles
)

// Laws of a controller's own.
var (
	// Always is a law that holds after every commit.
	Always = model.Always
	// Eventually is a law that holds at the end of a run.
	Eventually = model.Eventually
	// Sometimes is a law of what is to be seen at least once in a search of [Check].
	Sometimes = model.Sometimes
	// EveryChange is a law about each commit.
	EveryChange = model.EveryChange
	// Linearizable is a porcupine model over the clients' history.
	Linearizable = model.Linearizable
)

// Server is an HTTP server that processes reach by its name, over the simulated
// network: a function by a client whose Transport is that of its *rest.Config, or by
// [sim.Env.HTTP]; a program as any other, over HTTP or HTTPS. handler makes it, with its
// state as it is when a run begins; it is asked one thing at a time and may wait for
// nothing.
//
// Faults are drawn for what is asked of it as for calls of the API server, its calls are
// in trace, history and report, and rules name it by its host. When the handler has a
// method State() any, laws see what that returns at the end, in a [Property] whose Check
// asks [History.ServerState].
func Server(host string, handler func() http.Handler) HTTPServer {
	return HTTPServer{Host: host, New: handler}
}

// RestartsAreFine is a MayExit for programs that leave it to their kubelet to
// start them again, whatever went wrong.
func RestartsAreFine(error) bool { return true }

func (p *Process) run(ctx context.Context, env sim.Env) error {
	if p.Env != nil {
		return p.Env(ctx, env)
	}
	return p.Run(ctx, env.REST)
}

// names of its replicas.
func (p *Process) names() []string {
	return scenarios.ReplicaNames(p.Name, p.Replicas)
}

// processes lists all programs but the users.
func (tr *Trial) processes() []Process {
	var all []Process
	if tr.Controller != nil {
		all = append(all, Process{Name: "controller", Run: tr.Controller, MayExit: tr.MayExit})
	}
	return append(all, tr.Processes...)
}

const (
	defaultSafety = 2 * time.Minute
	defaultSettle = 18 * time.Minute

	// leastSettle leaves room for one retry: whoever has sent a request on a connection that
	// died when faults ended is told after a minute, and has every right to write then.
	leastSettle = 2 * time.Minute
)

func (tr Trial) withDefaults() Trial {
	if tr.Name == "" {
		tr.Name = "trial"
	}
	if tr.Safety == 0 {
		tr.Safety = defaultSafety
	}
	if tr.Settle == 0 {
		tr.Settle = defaultSettle
	}
	return tr
}
