package scenarios

import (
	"slices"
	"time"

	"github.com/seatrial/seatrial/sim"
)

// SetUpUser makes the objects that a cluster has before anything starts.
const SetUpUser = "set-up"

// NewWorld turns a plan into the world that [sim.Run] lives through, with the
// subject's processes in it. The plan must be valid. The same arguments give a
// world in which the same happens.
func NewWorld(plan Plan, subject Subject, seed sim.Seed) sim.Config {
	return newWorld(plan, subject, seed, func(string) {})
}

func newWorld(plan Plan, subject Subject, seed sim.Seed, idle func(step string)) sim.Config {
	language := subject.language()
	plan.Language = language
	config := sim.Config{
		Seed: seed,
		Server: sim.Server{
			CRDs: language.Catalog.Definitions, Namespaces: slices.Clone(plan.World.Namespaces),
			Replicas:  plan.World.APIServer.Replicas,
			WatchList: plan.World.APIServer.WatchList, CompactEvery: plan.World.APIServer.CompactEvery,
			Without: slices.Clone(subject.Without),
		},
		Servers: subject.Servers,
		Network: sim.Network{Latency: plan.World.Latency},
		Faults:  plan.Faults,
		Safety:  plan.Safety,
		Settle:  plan.Settle,
	}
	ready := setUp(&config, &plan, subject.Cluster, language)
	for _, p := range subject.Deploy(&plan) {
		p.Start = max(p.Start, ready)
		config.Processes = append(config.Processes, p)
	}
	users := plan.Users()
	slices.Sort(users) // so that a user's place does not depend on who acts first
	for _, name := range users {
		u := &user{name: name, steps: stepsOf(name, plan.Steps), language: language, idle: idle}
		config.Processes = append(config.Processes, sim.Process{Name: name, User: true, Run: u.run})
	}
	if subject.StandIns != nil {
		addStandIns(&config, &plan, subject.StandIns)
	}
	return config
}

// addStandIns adds those that the plan does not leave out. That they can be had was
// found out when the subject was made.
func addStandIns(config *sim.Config, plan *Plan, standIns StandIns) {
	if err := standIns.AddTo(config); err != nil {
		panic("scenarios: the stand-ins of a subject cannot be used: " + err.Error())
	}
	config.Processes = slices.DeleteFunc(config.Processes, func(p sim.Process) bool {
		return p.StandIn && slices.Contains(plan.World.Without, p.Name)
	})
}

// setUp lets a user make the objects of the cluster, and tells when they will
// be there. Plain namespaces are the server's own to make.
func setUp(config *sim.Config, plan *Plan, cluster []Manifest, language *Language) (ready time.Duration) {
	var steps []Step
	for i := range cluster {
		if name, plain := plainNamespace(&cluster[i]); plain {
			config.Server.Namespaces = append(config.Server.Namespaces, name)
			continue
		}
		step := Step{User: SetUpUser, Action: &Apply{cluster[i]}}
		step.setDefaults(language.Catalog)
		steps = append(steps, step)
	}
	if len(steps) == 0 {
		return 0
	}
	u := &user{name: SetUpUser, steps: steps, language: language, idle: func(string) {}}
	config.Processes = append(config.Processes, sim.Process{Name: SetUpUser, User: true, Run: u.run})
	// Each object costs two requests, there and back.
	roundTrip := 2 * max(plan.World.Latency.Max, 10*time.Millisecond)
	return time.Duration(len(steps))*2*roundTrip + roundTrip
}

// plainNamespace is the name of a namespace that is nothing but that.
func plainNamespace(m *Manifest) (name string, plain bool) {
	meta, _ := m.Object["metadata"].(map[string]any)
	kind, _, name := m.Identity()
	return name, kind == "Namespace" && m.Object["apiVersion"] == "v1" && meta["labels"] == nil
}
