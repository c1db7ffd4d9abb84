// Package shrink makes a failing plan as small as it can be while it still
// fails in the same way, and then shows what the last of its faults does.
//
// [Shrink] tries smaller plans in worker processes, several at a time, and
// goes on from the first that ends with the same verdict and the same
// property. What counts as smaller is a [Size]: fewer steps and faults, then
// shorter windows, then less time, then fewer words. It stops when no single
// change that it knows makes the plan smaller: the result is locally minimal.
// That a smaller plan exists which only two changes at once reach is possible.
//
// Decisions about requests are keyed by the request and the rule, so taking a
// step or a rule out leaves what the others do as it was. That is why this
// works at all.
//
// Same plan, subject and seed: same result, whatever the number of workers.
package shrink
