package seatrial

import (
	"fmt"
	"os"

	"github.com/seatrial/seatrial/scenarios"
)

// ReadFile reads a trial from a scenario file: everything but functions, which the
// caller adds (Controller or Processes) where the file names no programs. The names of
// other files in it are relative to it. The format is described in docs/use/scenarios.md.
//
// The error is [scenarios.InvalidErrors], everything that is wrong in the order of
// lines, manifests and CEL expressions included, or says why the file could not
// be read.
func ReadFile(path string) (Trial, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Trial{}, fmt.Errorf("reading a scenario: %w", err)
	}
	return ReadText(path, text)
}

// ReadText is [ReadFile] of a text that is there already. file is what messages call
// it; the names of other files in it are relative to that.
func ReadText(file string, text []byte) (Trial, error) {
	plan, err := scenarios.Parse(file, text, nil)
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
		tr.Cluster, tr.Objects, tr.Except, tr.Ignore, tr.Rename, tr.Known = s.Cluster, s.Objects, s.Except, s.Ignore, s.Rename, s.Known
		tr.Properties, tr.site = s.Properties(), s
		if s.StandIns != nil {
			tr.StandIns = s.StandIns.Drawn()
		}
		for i := range s.Processes {
			tr.Processes = append(tr.Processes, binaryOf(&s.Processes[i]))
		}
	}
	return tr, nil
}
