// Command differential sends the same random request sequences to the
// simulated API server and to a real kube-apiserver, and compares what they
// answer: status, headers, bodies and watch events, after what varies from run
// to run has been replaced by tokens.
//
//	go run . -for 10m [-seed N] [-requests N] [-known FILE] [-out DIR] [-find N]
//
// The first difference is shrunk and printed as a case, in the format of the
// recorded cases, with the real server's answers. Exit codes: 0 no difference,
// 1 a difference, 2 usage, 3 a server could not be run.
//
// The real server is built from the Go module proxy; see package realserver.
package main
