// Package apiserver is a simulated kube-apiserver: Kubernetes HTTP in front of
// one revision log, without sockets, threads or a clock of its own.
//
// The server is a state machine. Its host (the simulation's scheduler, or a
// loopback listener on the real clock) calls [Server.Handle] and the functions
// given to [Clock.AfterFunc] one at a time, never concurrently; the server
// starts no goroutine, never blocks, and reads time from its [Clock] only. So the same
// calls in the same order give the same answers, byte for byte.
//
// A request goes through the files in this order: path.go and groups.go find
// out what it is about, builtin.go or custom.go which handler is meant,
// options.go, decode.go and negotiate.go what is asked; create.go, update.go,
// patch.go, apply.go and delete.go work out the new state with the rules of
// package kinds; log.go commits it; cache.go and watch.go tell the watchers.
// Reads end in get.go and list.go, all answers in response.go and encode.go.
//
// API servers in front of the log differ only in their watch caches, which are
// positions in the log: a lagging or frozen cache ([Server.SetLag]) shows an
// older state, found by undoing what came later. Quorum reads and writes use
// the log itself and are linearizable.
//
// What looks random (uids, generated names, audit ids) is a hash of
// [Config].Seed and of the identity of what it belongs to, so that taking one
// object out of a run changes nothing for the others.
//
// docs/inside/fidelity.md tells what is simulated, how that is proven, and what is
// not modelled.
package apiserver
