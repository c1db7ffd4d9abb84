package scenarios

import (
	"net/netip"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/sim"
)

// APIVersion and Kind head every scenario file.
const (
	APIVersion = "seatrial.dev/v1alpha1"
	Kind       = "Scenario"
)

// Plan is one scenario: a world, what users do in it and what goes wrong, and
// when. All times are virtual and counted from the start of the run.
//
// A plan from [Parse], [Generate] or [Library] is complete: fields left out of
// a file hold their defaults. A plan made in Go is completed by [Plan.Default].
type Plan struct {
	Name        string // a DNS subdomain, as Kubernetes names are
	Description string // what is shown and where it comes from
	// Seed is used when a run names none. Default 0, a seed like any other.
	Seed  sim.Seed
	World World
	// Safety is how long faults are in force and users act. Default 2m. Settle
	// is how long the world then has to come to rest. Default 2m.
	Safety, Settle time.Duration

	Steps  []Step
	Faults []faults.Rule
	// Expect tells, by subject, how the run should end. A subject that is not
	// named has no expectation.
	Expect map[string]Expectation
}

// World is the make-up of the simulated cluster.
type World struct {
	// CIDRs are the pools of global IPs. IPv4, /30 or larger, without overlap.
	// Default 242.0.0.0/24.
	CIDRs []netip.Prefix
	// Namespaces exist from the start, beside those of every cluster.
	Namespaces []string
	Controller Controller
	APIServer  APIServer
	// Consumers watch GlobalIngressIPs as remote clusters would. Default none,
	// at most 5.
	Consumers int
	// Latency is the one-way latency of a packet. Default 1ms to 10ms.
	Latency faults.Span
}

// Controller says how the subject is deployed.
type Controller struct {
	Replicas       int // default 1, at most 5
	Workers        int // reconciles at a time; default 1, at most 64
	LeaderElection bool
}

// APIServer says how the cluster's API server is deployed.
type APIServer struct {
	Replicas int // front ends, each with its own watch cache; default 1, at most 5
	// WatchList: serve watches that begin with the current state (KEP-3157).
	WatchList bool
	// CompactEvery discards history that is older; 0: never. The real one does
	// it every 5m.
	CompactEvery time.Duration
}

// Expectation is how a run should end.
type Expectation struct {
	Verdict  string // pass, safety, liveness, crash or inconclusive
	Property string // the one that is violated; empty: any
}

// Verdicts lists what a run can end with.
func Verdicts() []string {
	return []string{"pass", "safety", "liveness", "crash", "inconclusive"}
}

// defaults of a plan.
const (
	defaultSafety   = 2 * time.Minute
	defaultSettle   = 2 * time.Minute
	defaultReplicas = 1
	defaultWorkers  = 1
	defaultUser     = "user"
)

var (
	defaultCIDR    = netip.MustParsePrefix("242.0.0.0/24")
	defaultLatency = faults.Span{Min: time.Millisecond, Max: 10 * time.Millisecond}
)

// Default gives every field that is at its zero value its default, and every
// step and rule without an ID one made from its content. It panics on nothing
// and is idempotent.
func (p *Plan) Default() {
	if p.Safety == 0 {
		p.Safety = defaultSafety
	}
	if p.Settle == 0 {
		p.Settle = defaultSettle
	}
	p.World.setDefaults()
	for i := range p.Steps {
		p.Steps[i].setDefaults()
	}
	for i := range p.Faults {
		if r := &p.Faults[i]; r.Probability == 0 {
			r.Probability = 1
		}
		if r := &p.Faults[i]; r.ID == "" {
			r.ID = ruleID(*r)
		}
	}
}

func (w *World) setDefaults() {
	if w.CIDRs == nil {
		w.CIDRs = []netip.Prefix{defaultCIDR}
	}
	if w.Controller.Replicas == 0 {
		w.Controller.Replicas = defaultReplicas
	}
	if w.Controller.Workers == 0 {
		w.Controller.Workers = defaultWorkers
	}
	if w.APIServer.Replicas == 0 {
		w.APIServer.Replicas = defaultReplicas
	}
	if w.Latency == (faults.Span{}) {
		w.Latency = defaultLatency
	}
}

// Subjects are the names of the processes under test.
func (w *World) Subjects() []string {
	if w.Controller.Replicas <= 1 {
		return []string{"controller"}
	}
	names := make([]string, w.Controller.Replicas)
	for i := range names {
		names[i] = "controller-" + string(rune('1'+i))
	}
	return names
}

// consumers are the names of the processes that watch GlobalIngressIPs.
func (w *World) consumers() []string {
	var names []string
	for i := range w.Consumers {
		names = append(names, "consumer-"+string(rune('1'+i)))
	}
	return names
}

// Users are the names of the plan's user processes, in order of appearance.
func (p *Plan) Users() []string {
	var names []string
	seen := map[string]bool{}
	for _, s := range p.Steps {
		if !seen[s.User] {
			seen[s.User] = true
			names = append(names, s.User)
		}
	}
	return names
}
