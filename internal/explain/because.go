package explain

import "github.com/seatrial/seatrial/sim"

// Reason is what a process had been handed when it made a call.
type Reason struct {
	// Seq is the event: an answer, a watch event, the end of a watch or a start.
	Seq uint64
	// Direct: it was handed over in the instant in which the call was made.
	// Otherwise a timer made it, and Seq is what was last heard of the same object.
	Direct bool
}

// Because gives the reason of each call, by its ID. A call before which its process
// was handed nothing, as all of a process whose start is not in the trace, has none;
// nor has one by a timer whose object was not heard of before.
func Because(r *sim.Record) map[uint64]Reason {
	x := newRun(r)
	out := make(map[uint64]Reason, len(x.Calls))
	for i := range x.Calls {
		c := &x.Calls[i]
		past := x.before(identity(c), c.CallSeq)
		if len(past) == 0 {
			continue
		}
		if last := past[len(past)-1]; last.at == c.Called {
			out[c.ID] = Reason{last.seq, true}
			continue
		}
		names := concerns{keyOf(c.Namespace, c.Name): true}
		const far = 400 // what lies further back is not what it is about
		for n := len(past) - 1; n >= 0 && n >= len(past)-far && c.Name != ""; n-- {
			if names.input(past[n]) {
				out[c.ID] = Reason{past[n].seq, false}
				break
			}
		}
	}
	return out
}
