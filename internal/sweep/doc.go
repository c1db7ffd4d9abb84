// Package sweep runs many seeds in worker processes.
//
// A worker is the same binary started again. It exists because one world runs
// at a time in a process, because a subject that panics in a goroutine of its
// own ends its process, and because one that blocks virtual time can only be
// stopped with it: each of these costs one worker and becomes the verdict of
// one seed, and the sweep goes on.
//
// Neither verdicts nor their order depend on the number of workers or on which
// worker ran a seed: outcomes come in the order of the jobs.
package sweep
