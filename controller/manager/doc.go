// Package manager is what a replica of the controller is run by, whatever it does: the
// Lease that replicas compete for, the ports for probes and metrics, when a replica is
// ready, its recorder of Events, and a cache that a manager does not wait for.
package manager
