// Package swarm is the one generator of plans: it draws from a seed what users do
// and what goes wrong, for any subject.
//
// It is a swarm: each seed draws its own sizes, users' habits, make-up of the
// cluster and choice of faults, so that the seeds together cover far more than
// any one mixture would. Only faults that Kubernetes permits are drawn, unless
// others are asked for.
//
// What is drawn depends on what the subject does: its calls and what it makes are
// looked at in a fault-free run first. That run is the baseline of the seed where
// the subject has one, and otherwise an ordinary day of the subject's family, the
// same for all seeds ([Survey]). The same seed always gives the same plan, for one
// [Version] of the generator.
package swarm
