package sim

import (
	"context"
	"net/http"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
)

// Seed decides everything that is left to chance in a run.
type Seed uint64

// Config is one world: who lives in it, and what happens to them.
//
// A run has two phases. In the safety phase [0, Safety) faults are in force.
// Then faults are cleared: faults end, links heal, crashed processes that were
// to be restarted are up again, and once every user process has returned (at
// most Settle later) the liveness phase runs for Settle more.
type Config struct {
	Seed      Seed
	Server    Server
	Network   Network
	Faults    []faults.Rule
	Processes []Process
	// Servers are those that processes reach beside the API server.
	Servers []HTTPServer

	Safety time.Duration // default 2m
	Settle time.Duration // default 2m

	// EndRestless ends a run whose subjects go on writing the same few objects, several
	// times a second for a minute, after faults have ended: see
	// [model.History.Restless]. By default it is let go on.
	EndRestless bool

	// Reseed draws everything anew from a moment on; nil: nothing.
	Reseed *Reseed

	// KeepTrace keeps the events in the record; otherwise only their hash and
	// the history that the judge needs.
	KeepTrace bool
	// MaxRequests ends a run whose subject calls without end. Default 50,000.
	MaxRequests uint64
	// Watchdog is the wall-clock time a run may go without progress before it
	// is taken for hung. Default 20s. It is the only wall clock in the world.
	Watchdog time.Duration
	// OnHang is called, outside the bubble, when a run made no progress for
	// Watchdog: a goroutine of the subject blocks on something that is not of the
	// bubble, so virtual time cannot pass. A bubble cannot be ended from outside:
	// the function must end the process. stacks begins with the goroutines to
	// blame, with advice, and then has all of them. By default it prints them and
	// exits with status 3; a worker process reports the seed first.
	OnHang func(seed Seed, stacks []byte)
}

// Server says what kind of cluster the world has.
type Server struct {
	CRDs       []*apiextensionsv1.CustomResourceDefinition
	Namespaces []string // exist from the start, beside default and kube-system
	// Objects exist from the start, too, made in this order. Each says its
	// apiVersion and kind; a status is kept. The history has them as the server's
	// own doing.
	Objects   []runtime.Object
	Replicas  int  // API server front ends; default 1
	WatchList bool // serve watches with sendInitialEvents
	// CompactEvery discards history older than one interval, as kube-apiserver
	// does every 5m; 0: never.
	CompactEvery time.Duration
	// Without names what the API server shall not play itself of
	// kube-controller-manager, for subjects that are that part: any of
	// [BuiltInControllers].
	Without []string
}

// What the API server plays itself of kube-controller-manager, under the names
// that its flag --controllers knows, see [Server.Without].
const (
	GarbageCollector    = "garbage-collector-controller"
	NamespaceController = "namespace-controller"
	QuotaController     = "resourcequota-controller"
	ClaimProtection     = "persistentvolumeclaim-protection-controller"
	VolumeProtection    = "persistentvolume-protection-controller"
)

// BuiltInControllers lists them.
func BuiltInControllers() []string {
	return []string{GarbageCollector, NamespaceController, QuotaController, ClaimProtection, VolumeProtection}
}

// Network gives the ordinary one-way latency, drawn per packet in [Min, Max].
type Network struct {
	Latency faults.Span // default 1ms to 10ms
}

// Process is one program of the world: a controller that can crash and be
// started again, or a user.
type Process struct {
	Name string
	// User marks an actor that is not under test: faults do not concern it
	// unless they name it, it is never restarted, and the liveness phase does
	// not begin before it has returned. An error that it returns makes the run
	// inconclusive: what was to happen did not.
	User bool
	// Endless marks a user that goes on until it is stopped: the liveness phase
	// does not wait for it.
	Endless bool
	// StandIn marks a program that plays a part of the cluster which the API
	// server alone does not have, such as the kubelet. Like a user it is not under
	// test: faults do not concern it unless they name it, and the history counts
	// its calls as a user's, so no law about subjects looks at them. Like a subject
	// it goes on for the whole run and is started again when it ends. What it does
	// to itself makes the run inconclusive. Not together with User.
	StandIn bool
	// Start is when it is first started.
	Start time.Duration
	// Run is the program. It returns when ctx ends. A subject that returns
	// earlier is a problem ("exit") and is started again after 1s, doubling to 5m.
	Run func(ctx context.Context, env Env) error
	// Program: Run stands for a program of its own, such as a process of the
	// machine, and heeds Env.Signals. A pause then stops its timers, too, and it is
	// asked for a graceful end by a signal, where a function's context ends.
	Program bool
	// ServiceAccount, as namespace/name, is whom the program is to the API server:
	// it may do what roles and bindings in the cluster allow, and is answered 403
	// otherwise. Empty: it may do everything.
	ServiceAccount string
	// MayExit says whether returning err by itself is ordinary for this
	// program, such as the end of a leader whose lease was lost. Nil: never.
	MayExit func(err error) bool
}

// Env is what a program finds when it starts.
type Env struct {
	// REST reaches the API server through the simulated network. Its transport
	// dies with the process.
	REST *rest.Config
	// HTTP reaches the servers of the world by their names, [Config.Servers], over
	// the simulated network, and dies with the process. The Transport of REST does,
	// too, for programs that are given no more than that.
	HTTP *http.Client
	// Hosts are the names of those servers.
	Hosts []string
	// Log writes to the run's log, on virtual time.
	Log logr.Logger
	// Identity is unique per incarnation and the same in every run of the
	// seed, e.g. "controller-2" for the second incarnation.
	Identity    string
	Incarnation int // counted from 1
	// Started is when the incarnation was started, since the start of the run.
	Started time.Duration
	// Process is the name of the process, the same for all its incarnations.
	Process string
	// Chance is drawn by the seed for the incarnation: what its own generators begin
	// with, for a program that has some.
	Chance uint64
	// Skew is how much its wall clock is ahead of virtual time when it starts.
	Skew time.Duration
	// Signals are what the world does to a process with Process.Program.
	Signals *Signals
	// Output takes a line that the program printed into the run's log; nil: nobody
	// reads it.
	Output func(line string)
	// Problem notes something that the process did wrong and goes on after; its name
	// and the time are added.
	Problem func(p model.Problem)
	// Alive, which may be called from outside of the bubble, says that the program is
	// still at work although virtual time stands still.
	Alive func()
	// Metrics is a registry of the incarnation's own: a process-wide one would
	// carry counts from one incarnation, and one seed, to the next. What it
	// gathers when the run ends is in the history.
	Metrics *prometheus.Registry
	// Host does something to the host that the process runs on, such as its
	// packet filter: state that outlives the process. do is run at once and alone,
	// in the world's order, and tells what it changed; it may not wait for
	// anything. The error says that the process was killed before.
	Host func(what string, do func() []model.HostChange) error
	// Stored is what is stored under a name, nil for nothing, as the node knows it that
	// the process runs on: not a call of the process, and no fault is in its way. It is
	// read in the world's order and may not be changed. The error says that the process
	// was killed before.
	Stored func(resource schema.GroupResource, name types.NamespacedName) (runtime.Object, error)
	// Serve answers what the API server sends to https://HOST, until the process
	// ends: the admission webhooks of a controller, say. A webhook that is
	// configured by a Service has the host NAME.NAMESPACE.svc, whatever its port;
	// the Service must be there. Requests and answers take the network's time;
	// while the process is down or cut off they are refused, and the webhook's
	// failurePolicy decides. Of several handlers for one host the latest answers whose
	// process is there. One that is a [Socket] is connected to, as it says.
	Serve func(host string, handler http.Handler)
}
