package trial

import (
	"cmp"
	"slices"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/sim"
)

// setUp is the user who makes the cluster what it is before anything starts.
const setUp = "set-up"

// world makes the world that one run of the trial lives in.
func (tr *Trial) world(seed sim.Seed, steps []Step, weather []faults.Rule) sim.Config {
	known, err := newCatalogue(tr)
	if err != nil {
		panic("trial: a validated trial has a bad definition: " + err.Error())
	}
	config := sim.Config{
		Seed: seed, Server: tr.Server, Network: tr.Network, Faults: weather,
		Safety: tr.Safety, Settle: tr.Settle,
	}
	config.Server.CRDs = known.crds
	ready := tr.found(&config, known)
	for _, p := range tr.processes() {
		for _, name := range p.names() {
			config.Processes = append(config.Processes, sim.Process{
				Name: name, Start: max(p.Start, ready), MayExit: p.MayExit, Run: p.run, StandIn: p.StandIn,
			})
		}
	}
	for _, name := range users(steps) {
		own := slices.DeleteFunc(slices.Clone(steps), func(s Step) bool { return s.user() != name })
		slices.SortStableFunc(own, func(a, b Step) int { return cmp.Compare(a.At, b.At) })
		config.Processes = append(config.Processes, sim.Process{Name: name, User: true, Run: (&user{name, own, known}).run})
	}
	return config
}

// found lets a user make the objects of the cluster, and tells when they will
// be there. Definitions and namespaces are the server's own to make.
func (tr *Trial) found(config *sim.Config, known *catalogue) (ready time.Duration) {
	config.Server.Namespaces = slices.Clone(tr.Server.Namespaces)
	var objects []manifest
	for _, object := range tr.Cluster.objects {
		switch {
		case object.GetKind() == definitionKind:
		case object.GetKind() == "Namespace" && object.GetAPIVersion() == "v1" && len(object.GetLabels()) == 0:
			config.Server.Namespaces = append(config.Server.Namespaces, object.GetName())
		default:
			objects = append(objects, object)
		}
	}
	if len(objects) == 0 {
		return 0
	}
	steps := []Step{{User: setUp, Name: "set up the cluster", Apply: Manifests{objects: objects}}}
	config.Processes = append(config.Processes, sim.Process{Name: setUp, User: true, Run: (&user{setUp, steps, known}).run})
	// Each object costs two requests, there and back.
	roundTrip := 2 * max(config.Network.Latency.Max, 10*time.Millisecond)
	return time.Duration(len(objects))*2*roundTrip + roundTrip
}

// users are those of the steps, in order of name, so that a user's place does
// not depend on who acts first.
func users(steps []Step) []string {
	var names []string
	for i := range steps {
		if name := steps[i].user(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
