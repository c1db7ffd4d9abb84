package globalingressip

import (
	"context"
	"fmt"
	"slices"
	"sync"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/seatrial/seatrial/controller"
	"github.com/seatrial/seatrial/controller/historical"
	"github.com/seatrial/seatrial/deploy"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/globalnet"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// Variant is one GlobalIngressIP controller.
type Variant struct {
	Name    string // globalingressip, or historical/ID
	Summary string // one line
	// Claims: the controller promises an IPAddress claim for every IP it
	// publishes. Submariner's controller makes none.
	Claims bool
	// Metrics: the controller has the metrics of docs/globalingressip/design.md.
	Metrics bool
	// Headless: the controller promises a global IP for everything that is ready
	// behind an exported headless service. The re-creations do not go there.
	Headless bool
	// Run is the whole controller. It returns when ctx ends.
	Run func(ctx context.Context, cfg *rest.Config, o controller.Options) error
	// MayExit says whether it is ordinary that Run returns err by itself, as a
	// leader does that lost its lease. Nil: it never is.
	MayExit func(err error) bool
}

// Shipped is the name of what ships, and Sibling that of the subject which has
// none of the historical bugs.
const (
	Shipped = "globalingressip"
	Sibling = "historical/sibling"
)

// Variants lists what ships, then the re-creations of what went wrong before, by
// ID, and last the sibling of those.
func Variants() []Variant {
	variants := []Variant{{
		Name: Shipped, Summary: "the GlobalIngressIP controller as it ships",
		Claims: true, Metrics: true, Headless: true, Run: controller.Run,
	}}
	for _, h := range append(historical.Subjects(), historical.Sibling()) {
		variants = append(variants, Variant{Name: "historical/" + h.ID, Summary: h.Summary, Run: h.Run})
	}
	return variants
}

// Subjects are the variants as subjects.
func Subjects() []scenarios.Subject {
	var subjects []scenarios.Subject
	for _, v := range Variants() {
		subjects = append(subjects, v.Subject())
	}
	return subjects
}

// Registry holds [Subjects].
var Registry = sync.OnceValue(func() *scenarios.Registry { return scenarios.NewRegistry(Subjects()...) })

// Language is what plans of this family can say.
var Language = sync.OnceValue(func() *scenarios.Language {
	catalog, err := scenarios.NewCatalog(definitions()...)
	if err != nil {
		panic(fmt.Sprintf("globalingressip: an embedded CustomResourceDefinition is malformed: %v", err))
	}
	return &scenarios.Language{
		Name: Shipped, Catalog: catalog,
		Processes: func(p *scenarios.Plan) (underTest, others []string) {
			return settings(p).subjects(), settings(p).consumers()
		},
		Settings: scenarios.NewSettingsType(settingsFields),
		Actions:  actions(),
		Validate: func(p *scenarios.Plan, report scenarios.Report) {
			validateOrder(p, report)
			validateExports(p, report)
		},
		Simplify: simplify,
	}
})

// definitions are the custom resources of every world.
func definitions() []*apiextensionsv1.CustomResourceDefinition {
	var out []*apiextensionsv1.CustomResourceDefinition
	for _, text := range deploy.CRDs() {
		var crd apiextensionsv1.CustomResourceDefinition
		if err := yaml.UnmarshalStrict(text, &crd); err != nil {
			panic(fmt.Sprintf("globalingressip: an embedded CustomResourceDefinition is malformed: %v", err))
		}
		out = append(out, &crd)
	}
	return out
}

// Subject is the variant as a subject.
func (v Variant) Subject() scenarios.Subject {
	return scenarios.Subject{
		Name: v.Name, Summary: v.Summary, Language: Language(),
		Deploy: v.deploy, Properties: v.properties,
		Inside: slices.Concat(globalnet.Metrics(globalnet.Options{}), globalnet.HostRules(), globalnet.Promptness(globalnet.Options{Headless: true}), globalnet.Told(), globalnet.Order(globalnet.Options{Headless: true})),
		World:  v.drawWorld, Traffic: drawTraffic, Survey: ordinaryDay, States: states, Owners: owners,
	}
}

// leaseNamespace is where the replicas of a subject elect their leader.
const leaseNamespace = "kube-system"

// deploy lists the replicas of the controller and those who watch what it does.
func (v Variant) deploy(p *scenarios.Plan) []sim.Process {
	var processes []sim.Process
	for _, name := range settings(p).subjects() {
		processes = append(processes, v.replica(name, settings(p)))
	}
	for _, name := range settings(p).consumers() {
		processes = append(processes, sim.Process{Name: name, User: true, Endless: true, Run: consume})
	}
	return processes
}

// replica is one replica of the controller, on a host of its own.
func (v Variant) replica(name string, s *Settings) sim.Process {
	filter := newPacketFilter()
	return sim.Process{
		Name:    name,
		Start:   s.Controller.Start,
		MayExit: v.mayExit,
		Run:     func(ctx context.Context, env sim.Env) error { return v.run(ctx, s, env, filter) },
	}
}

// options are what an incarnation of a replica is started with.
func (s *Settings) options(d deployment, env sim.Env, filter packetFilter) controller.Options {
	return controller.Options{
		CIDRs: d.CIDRs, MoveOutside: d.MoveOutside, Workers: s.Controller.Workers,
		LeaderElection:          s.Controller.LeaderElection,
		LeaderElectionNamespace: leaseNamespace,
		Identity:                env.Identity,
		Logger:                  env.Log,
		Registerer:              env.Metrics,
		DataPath:                filter.dataPath(env),
	}
}

// with is what can be asked of a subject that takes turns with another one: what
// both promise.
func (v Variant) with(other Variant) Variant {
	v.Claims, v.Metrics, v.Headless = v.Claims && other.Claims, v.Metrics && other.Metrics, v.Headless && other.Headless
	return v
}

// properties are the laws that a run is judged by: those of a GlobalIngressIP
// controller, what its consumers rely on, and those of any controller.
func (v Variant) properties(p *scenarios.Plan) []model.Property {
	deployed := settings(p)
	last := deployed.last()
	o := globalnet.Options{
		Pools: last.Pools, Former: deployed.former(), Since: last.since, Claims: v.Claims, Headless: v.Headless,
	}
	for _, name := range deployed.versions() {
		v = v.with(v.named(name))
		o.Claims, o.Headless = v.Claims, v.Headless
	}
	properties := slices.Concat(globalnet.Properties(o), globalnet.Consumers(o), model.Generic())
	if v.Claims {
		properties = append(properties, globalnet.Promptness(o)...)
		properties = append(properties, globalnet.Told()...)
		properties = append(properties, globalnet.Order(o)...)
	}
	if v.Metrics {
		properties = append(properties, globalnet.Metrics(o)...)
	}
	if v.Headless {
		properties = append(properties, globalnet.HostRules()...)
	}
	if p.Illegal() {
		return properties
	}
	return append(properties, model.WatchGuarantees()...)
}
