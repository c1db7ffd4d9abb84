// Package simulated puts a simulated API server behind an http.RoundTripper,
// on a clock that only moves when an answer waits for it: a request that a
// real server answers after three seconds is answered at once.
package simulated
