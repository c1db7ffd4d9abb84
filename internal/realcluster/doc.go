// Package realcluster takes a controller through a scenario on a real API server, in
// real time: the users of the plan act through client-go, the controller runs as
// operating-system processes of its own, each behind a proxy on loopback that
// injects the plan's faults, and an observer follows the objects by watches of its
// own. What was recorded is judged by the same properties as a simulated run.
//
// What differs from the simulation: nothing is repeatable, since the clock, the
// network and the scheduler are real; decisions about faults are still keyed by
// seed and identity. A commit's place among the calls is known only to within the
// time that its watch event takes, and is taken to be the latest possible, which
// can excuse but not accuse. A refused connection looks like one that was reset.
// The metrics of the controller and the server's own linearizability are not
// judged.
//
// Everything here reads the real clock, in clock.go only.
package realcluster
