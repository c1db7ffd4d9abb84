package scenarios

import (
	"slices"
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
// A plan that was read or drawn is complete: fields left out of a file hold
// their defaults. A plan made in Go is completed by [Plan.Default].
type Plan struct {
	// Language is what the plan's steps and settings can say; nil: [Basic].
	Language *Language

	Name        string // a DNS subdomain, as Kubernetes names are
	Description string // what is shown and where it comes from
	// Generator is the version of the generator that drew the plan; empty when
	// somebody wrote it. It is for people: the plan says everything itself.
	Generator string
	// Seed is used when a run names none. Default 0, a seed like any other.
	Seed  sim.Seed
	World World
	// Settings are what the language adds to the world; nil when it adds nothing.
	Settings Settings
	// Site is what the file says about a subject of its own; nil when it is for
	// subjects that are known.
	Site *Site
	// Safety is how long faults are in force and users act. Default 2m. Settle
	// is how long the world then has to come to rest. Default 2m.
	Safety, Settle time.Duration
	// AtRest is when a process under test is restarted in a world that has come to rest,
	// after which it has nothing to change: the run is judged by [model.RestLasts], too.
	// 0: it is not.
	AtRest time.Duration

	Steps  []Step
	Faults []faults.Rule
	// Expect tells, by subject, how the run should end. A subject that is not
	// named has no expectation.
	Expect map[string]Expectation
}

// World is the make-up of the simulated cluster.
type World struct {
	// Namespaces exist from the start, beside those of every cluster.
	Namespaces []string
	APIServer  APIServer
	// Latency is the one-way latency of a packet. Default 1ms to 10ms.
	Latency faults.Span
	// Without names processes of the subject that are left out.
	Without []string
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

// Defaults of a plan.
const (
	DefaultSafety   = 2 * time.Minute
	DefaultSettle   = 2 * time.Minute
	DefaultUser     = "user"
	defaultReplicas = 1
)

// ProgramSettle is how long a plan that names programs lets the world come to rest: a
// work queue with client-go's default limiter waits up to 1000s after its last failure.
const ProgramSettle = 18 * time.Minute

func (p *Plan) defaultSettle() time.Duration {
	if p.Site != nil && len(p.Site.Processes) > 0 {
		return ProgramSettle
	}
	return DefaultSettle
}

// DefaultLatency is the one-way latency of a packet where a plan says nothing.
var DefaultLatency = faults.Span{Min: time.Millisecond, Max: 10 * time.Millisecond}

// Default gives every field that is at its zero value its default, and every
// step and rule without an ID one made from its content. It panics on nothing
// and is idempotent.
func (p *Plan) Default() {
	if p.Language == nil {
		p.Language = Basic()
	}
	if p.Settings == nil && p.Language.Settings != nil {
		p.Settings = p.Language.Settings.New()
	}
	if p.Settings != nil {
		p.Settings.Default()
	}
	if p.Safety == 0 {
		p.Safety = DefaultSafety
	}
	if p.Settle == 0 {
		p.Settle = p.defaultSettle()
	}
	if p.World.APIServer.Replicas == 0 {
		p.World.APIServer.Replicas = defaultReplicas
	}
	if p.World.Latency == (faults.Span{}) {
		p.World.Latency = DefaultLatency
	}
	for i := range p.Steps {
		p.Steps[i].setDefaults(p.Language.Catalog)
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

// Clone is a copy whose steps, faults, world and settings can be changed
// without changing the original's.
func (p *Plan) Clone() Plan {
	c := *p
	c.Steps, c.Faults = slices.Clone(p.Steps), slices.Clone(p.Faults)
	for i := range c.Steps {
		if a := c.Steps[i].Action; a != nil {
			c.Steps[i].Action = a.Clone()
		}
	}
	c.World.Namespaces, c.World.Without = slices.Clone(p.World.Namespaces), slices.Clone(p.World.Without)
	if p.Settings != nil {
		c.Settings = p.Settings.Clone()
	}
	return c
}

// UnderTest are the names of the processes that faults concern, one for each replica.
func (p *Plan) UnderTest() []string {
	names, _ := p.processes()
	return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(p.World.Without, name) })
}

// processes names those under test and the others, without the plan's users.
func (p *Plan) processes() (underTest, others []string) {
	if p.Language == nil || p.Language.Processes == nil {
		return []string{"controller"}, nil
	}
	return p.Language.Processes(p)
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

// Illegal says whether the plan has faults that Kubernetes does not permit.
func (p *Plan) Illegal() bool {
	return slices.ContainsFunc(p.Faults, func(r faults.Rule) bool {
		info, _ := faults.Lookup(r.Kind)
		return !info.Permitted
	})
}
