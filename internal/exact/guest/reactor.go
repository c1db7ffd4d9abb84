//go:build wasip1

package main

// main is not called: a reactor is entered by its exports.
func main() {}

//go:wasmexport seatrial_warm
func warmReactor() { warm() }

//go:wasmexport seatrial_run
func runReactor() { run() }
