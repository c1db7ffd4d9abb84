//go:build linux && amd64 && seatrial_hooks

package main

import _ "unsafe" // for go:linkname

func main() {
	warm()
	fork()
	run()
}

// fork is in the file that the build lays over package runtime.
//
//go:linkname fork runtime.seatrialFork
func fork()
