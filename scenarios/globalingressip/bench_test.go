package globalingressip_test

import (
	"testing"
	"time"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
	"github.com/seatrial/seatrial/sim"
)

// BenchmarkReferencePlan is the price of one seed on one core: 8 services, 20
// user actions, 160 virtual seconds, swarm faults. The judge's share is reported
// beside it.
func BenchmarkReferencePlan(b *testing.B) {
	subject := globalingressip.Reference(globalingressip.Variants()[0])
	b.ReportAllocs()
	var virtual, judging time.Duration
	requests := 0
	for i := range b.N {
		plan := drawFor(b, subject, sim.Seed(i+1), none)
		r := scenarios.Run(new(testing.T), plan, subject, sim.Seed(i+1), scenarios.RunOptions{})
		if r.Verdict.Kind != model.VerdictPass {
			b.Fatalf("seed %d: %s %s: %s", i+1, r.Verdict.Kind, r.Verdict.Property, r.Verdict.Message)
		}
		virtual += r.Record.Virtual
		requests += r.Record.Requests
		begin := time.Now()
		model.Judge(&r.Record.History, subject.Properties(&plan))
		judging += time.Since(begin)
	}
	elapsed := b.Elapsed() - judging // the judge has run twice
	b.ReportMetric(float64(b.N)/elapsed.Seconds(), "seeds/s")
	b.ReportMetric(virtual.Seconds()/elapsed.Seconds(), "virtual-s/s")
	b.ReportMetric(float64(requests)/float64(b.N), "requests/seed")
	b.ReportMetric(100*judging.Seconds()/elapsed.Seconds(), "judge-%")
}
