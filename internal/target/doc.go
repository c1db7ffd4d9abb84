// Package target places faults where they hurt instead of drawing them: it runs a
// plan without faults, looks at what the subject called, and derives one plan
// for each call, with one fault at that very call.
//
// Where a swarm finds what mixtures of weather do, an aimed sweep answers for
// every single step of a controller whether it survives a crash, an error or a
// lost answer there. It is complete for the calls of one run of one plan, and
// says nothing about calls that this run did not make.
package target
