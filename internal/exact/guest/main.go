//go:build wasip1 || (linux && amd64 && seatrial_hooks)

// Command guest is the inside of exact mode: everything that a seed decides,
// run by package exact, one fresh instance per seed. It is built for wasip1, as a
// reactor: the host calls warm once, keeps the memory that this leaves behind, and
// begins every seed with a copy of it. And it is built for linux/amd64, as a
// program that forks when it is warm.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"testing"

	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
)

func warm() {
	// One seed does not leave enough garbage to be worth collecting; the limit
	// is for one that does.
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(1 << 30)
	sweep.WarmUp(new(testing.T), globalingressip.Registry())
	if err := json.NewEncoder(os.Stdout).Encode(sweep.ThisGreeting()); err != nil {
		panic(fmt.Sprintf("guest: writing to the host: %v", err))
	}
}

// run reads one job from standard input and writes its outcome to standard output.
func run() {
	sweep.ServeGuest(new(testing.T), globalingressip.Registry(), os.Stdin, os.Stdout, reseed)
}
