package program_test

import (
	"context"
	"testing"

	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/program"
)

// Compiled and not run: a program takes a while to build, and other tests run some.
func ExampleBuild() {
	var (
		ctx      = context.Background()
		t        *testing.T
		cacheDir string
		user     sim.Process
	)
	binary, err := program.Build(ctx, program.Source{Module: "../operator", Package: "./cmd/manager"}, cacheDir)

	if err != nil {
		return
	}

	process := binary.Process("manager-1", program.Options{
		Args:     []string{"--leader-elect"},
		Env:      map[string]string{"WATCH_NAMESPACE": "default"},
		Liveness: []program.Probe{{Page: program.Page{Port: 8081}}},
		Metrics:  program.Page{Port: 8080},
	})
	_ = sim.Run(t, sim.Config{Seed: 7, Processes: []sim.Process{process, user}})
}
