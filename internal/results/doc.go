// Package results keeps what a sweep found in a folder, so that it can be
// stopped, gone on with, shared between machines and summed up.
//
//	sweep.json      what is being swept, and with which version
//	outcomes.jsonl  a line for every run, in the order of the runs
//	ended.json      how many runs an aimed sweep had, once it has ended
//	NAME/           the artifact of every failure
//	index.html      the failures, grouped
//
// The journal is what counts. A line is written after the artifact that it
// names, and lines are in the order of the runs; so whatever ends a sweep, what
// was done is known, and the next one begins with the run after the last line.
// Half a line, as a kill leaves it, is cut off.
//
// One sweep at a time may write to a folder; the lock goes with the process.
// Shards write to folders of their own, and [Merge] puts them together.
package results
