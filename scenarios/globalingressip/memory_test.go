package globalingressip_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
	"github.com/seatrial/seatrial/sim"
)

// Goal: a sweep of any length fits into memory. Method: what is alive after some
// runs and after many more is counted; what every run left behind, be it one
// logger that waits for a sink, would show twenty times.
func TestNothingIsLeftOfARun(t *testing.T) {
	subject, _ := globalingressip.Registry().Find(globalingressip.Shipped)
	alive := func(from, to int) int64 {
		for seed := from; seed <= to; seed++ {
			scenarios.Run(t, draw(t, sim.Seed(seed), none), subject, sim.Seed(seed), scenarios.RunOptions{})
		}
		runtime.GC()
		runtime.GC() // what had a finalizer
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapObjects)
	}
	warm := alive(1, 40)
	assert.Less(t, alive(41, 60)-warm, int64(2000), "objects more than after the first forty runs")
}
