package seatrial

import (
	"github.com/seatrial/seatrial/scenarios"
)

// ReadFile reads a trial from a scenario file: everything but the functions, which
// the caller adds (Controller or Processes). The names of other files in it are
// relative to it. The format is described in docs/scenarios.md.
//
// The error is [scenarios.InvalidErrors], everything that is wrong in the order of
// lines, manifests and CEL expressions included, or says why the file could not
// be read.
func ReadFile(path string) (Trial, error) {
	plan, err := scenarios.ParseFile(path, nil)
	if err != nil {
		return Trial{}, err
	}
	tr := Trial{
		Name: plan.Name, Steps: plan.Steps, Faults: plan.Faults, Safety: plan.Safety, Settle: defaultSettle,
	}
	if plan.Settle != scenarios.DefaultSettle {
		tr.Settle = plan.Settle
	}
	tr.Server.Namespaces, tr.Server.WatchList = plan.World.Namespaces, plan.World.APIServer.WatchList
	tr.Server.CompactEvery = plan.World.APIServer.CompactEvery
	if n := plan.World.APIServer.Replicas; n > 1 {
		tr.Server.Replicas = n
	}
	tr.Network.Latency = plan.World.Latency
	if s := plan.Site; s != nil {
		tr.Cluster, tr.Objects, tr.Except, tr.Ignore, tr.Known = s.Cluster, s.Objects, s.Except, s.Ignore, s.Known
		tr.Properties, tr.site = s.Properties(), s
	}
	return tr, nil
}
