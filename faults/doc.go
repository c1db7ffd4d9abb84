// Package faults says what can go wrong between a controller and the API
// server: kinds of fault, rules that aim them at calls, links and processes,
// and the schedule that decides, call by call, what happens.
//
// A rule is data (it is what a scenario file holds); a decision is a pure
// function of the rule, the call's identity and the seed. Nothing here keeps a
// clock or a random stream, so taking one rule out of a schedule leaves every
// other rule's decisions as they were: shrinking depends on it.
//
// Each kind states whether Kubernetes permits it and where that is written;
// the default generator draws only permitted ones.
package faults
