package sim

import (
	"math"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
)

// streamLost is how long a client may take to notice that an open watch is dead, and
// to open another.
const streamLost = connectionLostAfter + 15*time.Second

// disturbed notes in the history that something stands in the way until then.
func (w *world) disturbed(until time.Duration) {
	w.history.Disturbances = append(w.history.Disturbances, model.Disturbance{From: w.now(), Until: until})
}

// disturbedBy notes what a rule does to the world or a process for as long as its
// window is open.
func (w *world) disturbedBy(r *faults.Rule) {
	until := r.Until
	if until == 0 {
		until = w.config.Safety
	}
	w.disturbed(max(until, w.now()) + r.Delay.Max)
}

// disturbedCall notes that a rule has hit a call, or an event of a watch.
func (w *world) disturbedCall(c *call, r *faults.Rule) {
	info, _ := faults.Lookup(r.Kind)
	switch {
	case !info.Permitted:
		w.disturbed(math.MaxInt64) // what was lost is never heard of again
	case r.Kind == faults.BookmarksWithheld:
	case r.Kind == faults.Hold || r.Kind == faults.Overtaken:
		w.disturbed(w.letGoAt(r) + r.Delay.Max)
	case info.Scope != faults.ScopeEvent && c.info.verb == "watch":
		w.disturbed(w.now() + r.Delay.Max + streamLost)
	default:
		w.disturbed(w.now() + r.Delay.Max)
	}
}
