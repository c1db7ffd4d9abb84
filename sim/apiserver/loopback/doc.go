// Package loopback lets ordinary HTTP clients talk to a simulated API server
// on the clock of package time: people with curl and kubectl over a socket,
// tests over an in-process transport. Inside a testing/synctest bubble that
// clock is the bubble's.
package loopback
