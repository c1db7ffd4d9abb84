package globalingressip

import (
	"net/netip"
	"slices"

	"github.com/seatrial/seatrial/scenarios"
)

// simplify gives back to the world what is usual, one thing at a time, and takes
// words out of the actions of this family: see [scenarios.Language].
func simplify(p *scenarios.Plan) []func(*scenarios.Plan) {
	changes := []func(*scenarios.Plan){
		func(p *scenarios.Plan) { p.Settings = &Settings{} },
		func(p *scenarios.Plan) { settings(p).CIDRs = nil },
		func(p *scenarios.Plan) { settings(p).CIDRs = settings(p).CIDRs[:1] },
		func(p *scenarios.Plan) {
			settings(p).CIDRs = []netip.Prefix{netip.MustParsePrefix("242.0.0.0/30")}
		},
		oneReplica,
		func(p *scenarios.Plan) { settings(p).Controller.LeaderElection = false },
		func(p *scenarios.Plan) { settings(p).Controller.Workers = 1 },
		func(p *scenarios.Plan) { settings(p).Consumers = 0 },
		func(p *scenarios.Plan) { settings(p).Rollouts = nil },
	}
	for i := range settings(p).Rollouts {
		changes = append(changes, func(p *scenarios.Plan) { settings(p).Rollouts = slices.Delete(settings(p).Rollouts, i, i+1) })
	}
	for i := range p.Steps {
		for _, words := range fewerWords() {
			changes = append(changes, func(p *scenarios.Plan) {
				p.Steps[i].ID = ""
				words(p.Steps[i].Action)
			})
		}
	}
	return changes
}

// oneReplica leaves the controller alone; what was aimed at a replica is aimed
// at it.
func oneReplica(p *scenarios.Plan) {
	s := settings(p)
	s.Controller = Controller{Replicas: 1, Workers: s.Controller.Workers}
	for i := range p.Faults {
		if !slices.Contains(p.Users(), p.Faults[i].Process) {
			p.Faults[i].Process = ""
		}
	}
}

func fewerWords() []func(scenarios.Action) {
	return []func(scenarios.Action){
		func(a scenarios.Action) {
			if c, ok := a.(*CreateService); ok {
				*c = CreateService{ObjectRef: c.ObjectRef}
			}
		},
		func(a scenarios.Action) {
			if u, ok := a.(*UpdateService); ok && u.Ports != nil {
				u.Selector = nil
			}
		},
		func(a scenarios.Action) {
			if u, ok := a.(*UpdateService); ok && u.Ports != nil {
				u.Ports = []Port{{Port: 81}}
			}
		},
		func(a scenarios.Action) {
			if u, ok := a.(*UpdateService); ok && u.Selector != nil {
				u.Ports, u.Selector = nil, map[string]string{"app": "x"}
			}
		},
	}
}
