// Package sweep runs many seeds in worker processes.
//
// A worker is the same binary started again. It exists because one world runs
// at a time in a process, because a subject that panics in a goroutine of its
// own ends its process, and because one that blocks virtual time can only be
// stopped with it: each of these costs one worker and becomes the verdict of
// one seed, and the sweep goes on.
//
// Verdicts do not depend on the number of workers or on which worker ran a
// seed; only the order in which they come in does.
package sweep
