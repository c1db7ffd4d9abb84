// Package seatrial tells whether a Kubernetes controller survives a bad day.
//
//	func TestSite(t *testing.T) {
//		seatrial.Check(t, seatrial.Trial{
//			Controller: run, // func(ctx context.Context, cfg *rest.Config) error
//			Cluster:    seatrial.Files("config/crd/*.yaml"),
//			Objects:    seatrial.YAML(site),
//		})
//	}
//
// The whole controller runs on a virtual clock against a simulated API server,
// without a line of it changed. Each seed draws what users do and what goes wrong:
// time-outs, lost answers, crashes, partitions, caches that lag, aimed at the calls
// that this controller makes. It is judged by what holds of any controller, first
// of all by its baseline: the same steps without a fault, which a run with faults
// has to end like. What is particular to a controller is added as laws: [Always],
// [Eventually], [EveryChange], [Linearizable], or as CEL expressions in a file
// ([ReadFile]).
//
// A failing seed is made smaller, saved below testdata/seatrial as a scenario file
// and run first the next time; its folder has the trace, the log on virtual time
// and a report to look at. Everything is decided by the seed: the same trial and
// seed give the same run.
//
// [Check] runs many seeds, [CheckEveryCall] one fault at each call. Both run in
// processes of their own, the test binary started again, on all cores: see Check.
package seatrial
