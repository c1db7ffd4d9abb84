package sim

import (
	"cmp"
	"slices"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
)

// overtaken is a write that is held on its way until others have changed its object.
type overtaken struct {
	call    *call
	changes int    // that are still to come
	late    *entry // when it is let go at the latest
}

// letOthersPass holds a write that a rule lets others overtake, and says whether it
// does. The connection it was sent on breaks after the rule's delay, if there is one:
// its sender does not know then what becomes of it.
func (w *world) letOthersPass(c *call) bool {
	r := c.decision.Rule
	if r == nil || r.Kind != faults.Overtaken || !faults.IsWrite(c.info.verb) {
		return false
	}
	o := &overtaken{call: c, changes: cmp.Or(r.Changes, 1)}
	o.late = w.queue.add(w.letGoAt(r), c.key, func() { w.letGo(o) })
	w.overtaken = append(w.overtaken, o)
	if c.decision.Delay > 0 {
		w.queue.add(w.now()+c.decision.Delay, c.key+" lost", func() { w.fail(c, errConnectionLost) })
	}
	return true
}

// passOvertaken counts a change of what held writes are about, and lets go those that
// have waited for no more than it.
func (w *world) passOvertaken(by *model.Commit) {
	for _, o := range slices.Clone(w.overtaken) {
		of := o.call.info
		if of.group != by.Group || of.resource != by.Resource || of.namespace != by.Namespace || of.name != by.Name {
			continue
		}
		if o.changes--; o.changes == 0 {
			w.letGo(o)
		}
	}
}

func (w *world) letGo(o *overtaken) {
	o.late.cancelled = true
	w.overtaken = slices.DeleteFunc(w.overtaken, func(other *overtaken) bool { return other == o })
	w.toServer(o.call, w.latency(o.call.key, "request")+o.call.decision.Slowdown)
}
