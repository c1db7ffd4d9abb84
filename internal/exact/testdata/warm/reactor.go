//go:build wasip1

package main

func main() {}

//go:wasmexport seatrial_warm
func warmReactor() { warm() }

//go:wasmexport seatrial_run
func runReactor() { run() }
