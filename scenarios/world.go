package scenarios

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"github.com/seatrial/seatrial/controller"
	"github.com/seatrial/seatrial/deploy"
	"github.com/seatrial/seatrial/sim"
)

// leaseNamespace is where the replicas of a subject elect their leader.
const leaseNamespace = "kube-system"

// NewWorld turns a plan into the world that [sim.Run] lives through, with the
// subject as its controller. The plan must be valid. The same arguments give a
// world in which the same happens.
func NewWorld(plan Plan, subject Subject, seed sim.Seed) sim.Config {
	config := sim.Config{
		Seed: seed,
		Server: sim.Server{
			CRDs: crds(), Namespaces: plan.World.Namespaces,
			Replicas:  plan.World.APIServer.Replicas,
			WatchList: plan.World.APIServer.WatchList, CompactEvery: plan.World.APIServer.CompactEvery,
		},
		Network: sim.Network{Latency: plan.World.Latency},
		Faults:  plan.Faults,
		Safety:  plan.Safety,
		Settle:  plan.Settle,
	}
	for _, name := range plan.World.Subjects() {
		config.Processes = append(config.Processes, subject.process(name, &plan.World))
	}
	users := plan.Users()
	slices.Sort(users) // so that a user's place does not depend on who acts first
	for _, name := range users {
		config.Processes = append(config.Processes, sim.Process{Name: name, User: true, Run: newUser(name, plan.Steps).run})
	}
	for _, name := range plan.World.consumers() {
		config.Processes = append(config.Processes, sim.Process{Name: name, User: true, Endless: true, Run: consume})
	}
	return config
}

// process is one replica of the subject.
func (s Subject) process(name string, w *World) sim.Process {
	filter := newPacketFilter()
	return sim.Process{
		Name:    name,
		MayExit: s.MayExit,
		Run: func(ctx context.Context, env sim.Env) error {
			return s.Run(ctx, env.REST, controller.Options{
				CIDRs: w.CIDRs, Workers: w.Controller.Workers,
				LeaderElection:          w.Controller.LeaderElection,
				LeaderElectionNamespace: leaseNamespace,
				Identity:                env.Identity,
				Logger:                  env.Log,
				Registerer:              env.Metrics,
				DataPath:                filter.dataPath(env),
			})
		},
	}
}

// crds are the custom resources of every world. They are read once: the API
// server does not change them, and compiling them is costly.
var crds = sync.OnceValue(func() []*apiextensionsv1.CustomResourceDefinition {
	var out []*apiextensionsv1.CustomResourceDefinition
	for _, text := range deploy.CRDs() {
		var crd apiextensionsv1.CustomResourceDefinition
		if err := yaml.UnmarshalStrict(text, &crd); err != nil {
			panic(fmt.Sprintf("scenarios: an embedded CustomResourceDefinition is malformed: %v", err))
		}
		out = append(out, &crd)
	}
	return out
})

// stepsOf are one user's steps in the order in which they are performed.
func stepsOf(name string, steps []Step) []Step {
	var own []Step
	for _, s := range steps {
		if s.User == name {
			own = append(own, s)
		}
	}
	slices.SortStableFunc(own, func(a, b Step) int { return cmp.Compare(a.At, b.At) })
	return own
}
