//go:build linux && amd64 && seatrial_hooks

package main

import (
	_ "unsafe" // for go:linkname

	"github.com/seatrial/seatrial/internal/sweep"
)

func main() {
	reseed(sweep.Chance{}) // initialisation may have had a second thread, and drawn when they met
	warm()
	fork()
	run()
}

// fork is in the file that the build lays over package runtime.
//
//go:linkname fork runtime.seatrialFork
func fork()
