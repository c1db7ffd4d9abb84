// Package scenarios says what happens in a run: plans, how they are written,
// drawn from seeds, turned into worlds and judged.
//
// A [Plan] is data: the world's make-up, user actions and faults, each with its
// time. It can always be written as YAML ([Marshal]) and read back ([Parse])
// without a difference, so a failing seed is a file that anyone can read, edit
// and run. [Generate] draws a plan from a seed; [Library] holds the ones
// written by hand; [Run] puts a [Subject] through one.
//
// Nothing here decides what happens to a single request. The plan's rules do,
// each keyed by its own ID and by the request, so that taking a step or a rule
// out of a plan leaves all other decisions as they were.
//
// [Check] takes a subject through the plans of many seeds in `go test`, and keeps
// those that fail.
package scenarios
