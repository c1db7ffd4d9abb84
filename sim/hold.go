package sim

import (
	"time"

	"github.com/seatrial/seatrial/faults"
)

// held is how much longer a request, or its answer, is on its way because a
// rule holds it until its window ends.
func (w *world) held(c *call, d faults.Direction) time.Duration {
	r := c.decision.Rule
	if r == nil || r.Kind != faults.Hold || (r.Direction == faults.FromServer) != (d == faults.FromServer) {
		return 0
	}
	return max(0, min(r.Until, w.config.Safety)-w.now())
}
