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
	return w.letGoAt(r) - w.now()
}

// letGoAt is when what a rule holds is let go: at the end of its window, at the latest
// when faults are cleared.
func (w *world) letGoAt(r *faults.Rule) time.Duration {
	at := w.config.Safety
	if r.Until > 0 {
		at = min(at, r.Until)
	}
	return max(at, w.now())
}
