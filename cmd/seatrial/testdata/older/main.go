//go:build wasip1

// Command older is what a module of an older seatrial looks like to this one.
package main

import "fmt"

func main() {}

//go:wasmexport seatrial_warm
func warm() { fmt.Println(`{"protocol":0,"generator":"x-exp-pcg/older/1"}`) }

//go:wasmexport seatrial_run
func run() { panic("a module of another version was given a job") }
