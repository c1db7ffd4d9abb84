// Package artifact keeps what a run left behind as one folder: a bug report
// that anyone can replay.
//
//	plan.yaml       a scenario file that reproduces the run on its own
//	verdict.json    how it ended, with seed, subject, hash and versions
//	trace.jsonl     every event, a line each
//	controller.log  what the processes logged, on virtual time
//	detail.txt      the stack or goroutine dump of a crash
//	report.html     the run as a picture
//	porcupine.html  the history without a legal order, when porcupine found one
//	README.md       what this is, how to replay it, and the versions it was made with
//
// A folder is written under a temporary name and renamed: it is there whole or
// not at all.
package artifact
