package cluster_test

import (
	"fmt"

	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/cluster"
)

func ExampleOptions() {
	config := sim.Config{Seed: 7}
	options := cluster.Options{
		Kubelet:        &cluster.Kubelet{Nodes: 3},
		Deployments:    &cluster.Controller{},
		EndpointSlices: &cluster.Controller{},
	}
	options.Draw(7)               // how slow each is, and how often it fails, by a seed; optional
	err := options.AddTo(&config) // processes, and the objects that must be there before
	fmt.Println(len(config.Processes) > 0, err)
	// Output: true <nil>
}
