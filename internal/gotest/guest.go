//go:build linux && amd64 && seatrial_hooks

package gotest

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"testing"
	_ "unsafe" // for go:linkname

	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/scenarios"
)

// These are in the files that the build lays over package runtime.

//go:linkname seedRuntime runtime.seatrialSeed
func seedRuntime(maps, selects, preemption uint64)

//go:linkname fork runtime.seatrialFork
func fork()

// serveGuest makes this process a module of exact mode: it warms up, says so, and comes
// back from fork once per run, in a process of its own each time.
func serveGuest(t *testing.T, registry *scenarios.Registry) {
	reseed := func(c sweep.Chance) { seedRuntime(c.Maps, c.Selects, c.Preemption) }
	reseed(sweep.Chance{}) // what came before may have had a second thread, and drawn when they met
	// One seed does not leave enough garbage to be worth collecting; the limit is for one
	// that does.
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(1 << 30)
	subject := registry.Subjects()[0]
	if programs := subject.Language.Programs; len(programs) > 0 {
		fmt.Fprintf(os.Stderr, "%s is a program of its own, and its runs are the same bit for bit without exact mode\n", programs[0])
		os.Exit(2)
	}
	sweep.WarmUpAlone(t, subject)
	if err := json.NewEncoder(os.Stdout).Encode(sweep.ThisGreeting()); err != nil {
		panic(fmt.Sprintf("gotest: writing to the host: %v", err))
	}
	fork()
	sweep.ServeGuest(t, registry, os.Stdin, os.Stdout, reseed)
}
