// Package sim is the world a controller lives in: a virtual clock, a network,
// processes and a simulated API server, all decided by one seed.
//
// [Run] takes a [Config], which is data and functions, and gives a [Record],
// which is data. Nothing here knows what a global IP is: any function that
// takes a *rest.Config can be put to sea.
//
// Determinism rests on three rules. Order comes from quiescence: requests wait
// until every goroutine is durably blocked, are sorted by identity,
// and then exactly one event is delivered before the world waits for
// quiescence again. Every decision about a request is a hash of (seed, stream,
// identity), never a draw from a shared stream. And one world runs at a time
// in a process, because client-go draws jitter from process-wide sources that
// are seeded anew for each run.
package sim
