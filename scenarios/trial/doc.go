// Package trial puts anybody's controller to sea, in a few lines of test code
// and without a line of the controller changed.
//
// A [Trial] says what is under test (functions that take a *rest.Config), in
// what cluster, and what users do there. [Check] takes it through many seeds.
// Each seed draws the users' timing and the weather: time-outs, lost answers,
// crashes, partitions, aimed at the calls that this controller makes. The
// controller is judged by what holds of any controller, first of all by its
// twin: the same story in fair weather, which it has to end like.
// [CheckEveryCall] puts one fault at each call instead.
//
// What is particular to a controller is added as properties: [model.Always],
// [model.Eventually], [model.EveryChange], [model.Linearizable], or as CEL
// expressions in a file ([ReadFile]).
//
// Everything is decided by the seed. Nothing here knows any controller, and the
// package imports neither ours nor controller-runtime.
package trial
