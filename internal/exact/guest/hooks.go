//go:build seatrial_hooks && (wasip1 || (linux && amd64))

package main

import (
	_ "unsafe" // for go:linkname

	"github.com/seatrial/seatrial/internal/sweep"
)

// seedRuntime is in the file that the build lays over package runtime.
//
//go:linkname seedRuntime runtime.seatrialSeed
func seedRuntime(maps, selects, preemption uint64)

func reseed(c sweep.Chance) { seedRuntime(c.Maps, c.Selects, c.Preemption) }
