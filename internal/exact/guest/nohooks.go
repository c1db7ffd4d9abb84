//go:build wasip1 && !seatrial_hooks

package main

import "github.com/seatrial/seatrial/internal/sweep"

// reseed is for a plain build, which only shows that the package compiles: a
// module that is run has hooks in its runtime.
func reseed(sweep.Chance) { panic("guest: built without -tags seatrial_hooks") }
