//go:build linux && amd64 && seatrial_hooks

package main

import _ "unsafe" // for go:linkname

func main() {
	warm()
	fork()
	run()
}

//go:linkname fork runtime.seatrialFork
func fork()
