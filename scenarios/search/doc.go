// Package search decides which faults are tried next, and says what has been tried.
//
// It begins with one run without faults, the baseline, and makes probes: lists of faults
// for a run of the same steps. The broad stage has one outcome befall as many calls or
// commits as one run has room for: most of what single faults show is shown so, in few
// runs. The systematic stage strikes each distinct call by each
// outcome that a client may meet, and each distinct commit that the processes under test
// read by the three patterns of Sieve (Sun et al., OSDI 2022): it is seen late, it is
// never seen because the one after it hides it, and it is not known any more after a
// restart at an API server that is behind. The recursive stage strikes calls that only a
// fault has brought about, beside that fault.
//
// The search does not run anything. Whoever uses it takes probes one after the other
// ([Search.Next]) and tells what came of each ([Search.Tell]). The sequence depends on the
// baseline and on what was told, in the order of the probes: no clock, no random choice.
//
// What it does not know: faults in the middle of a call that is made only under
// latencies other than the baseline's, and mixtures of independent faults. For those there
// is the swarm.
package search
