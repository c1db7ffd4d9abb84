// Package gotest runs subjects in go test: many seeds, on all cores, in worker
// processes that are the test binary started again.
//
// A worker runs the same test up to the same call of Check and serves jobs from
// there, so the subject, which is made of functions, is there as well. What ends a
// process (a hang, a panic in a stray goroutine, os.Exit, a data race with -race)
// costs one worker and is the verdict of one seed.
package gotest
