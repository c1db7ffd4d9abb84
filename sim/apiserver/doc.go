// Package apiserver is a simulated kube-apiserver: Kubernetes HTTP in front of
// one revision log, without sockets, threads or a clock of its own.
//
// The server is a state machine. Its host (the simulation's scheduler, or a
// loopback listener on the real clock) calls [Server.Handle] and the functions
// given to [Clock.AfterFunc] one at a time, never concurrently; the server
// starts no goroutine, never blocks, and reads time from its [Clock] only. So the same
// calls in the same order give the same answers, byte for byte.
package apiserver
