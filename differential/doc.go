// Command differential sends the same random request sequences to the
// simulated API server and to a real kube-apiserver, and compares what they
// answer: status, headers, bodies and watch events, after what varies from run
// to run has been replaced by tokens.
//
//	go run . -for 10m [-seed N] [-first N] [-requests N] [-known FILE] [-out DIR] [-find N]
//
// The first difference is shrunk and printed as a case, in the format of the
// recorded cases, with the real server's answers. Exit codes: 0 no difference,
// 1 a difference, 2 usage, 3 a server could not be run. A case that was found
// once belongs into testdata/found, where a test replays it.
//
// Every difference is looked for a second time before it is reported. One that
// does not show again is printed and counted, and is no failure: the simulated
// server answers the same every time, so it is chance on the real one's side
// (an address given back that is given out again, for example). A request on
// which the real server breaks off, because its handler panics, ends the
// comparison of that sequence and is counted too.
//
// Sequence N of a seed is always the same; -seed S -first N -requests 1 runs it
// again. The real server is built from the Go module proxy; see package
// realserver.
package main
