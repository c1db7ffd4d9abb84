package sim

import (
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/sim/apiserver"
)

// What a server says when it ends a watch with an ERROR event.
var (
	errWatchBroken  = apierrors.NewInternalError(errors.New("etcdserver: no leader"))
	errWatchExpired = apierrors.NewResourceExpired("The resourceVersion for the provided watch is too old.")
)

// decideWatch asks the schedule for its decision about a watch that has been opened,
// and plans its end when a rule hits it.
func (w *world) decideWatch(c *call) {
	if len(w.config.Faults) == 0 {
		return
	}
	decision := w.schedule.DecideWatch(w.asRulesSee(c), w.drawFor(c.key))
	if decision.Rule == nil {
		return
	}
	w.fault(c, decision.Rule)
	var why error
	switch decision.Rule.Kind {
	case faults.WatchError:
		why = errWatchBroken
	case faults.WatchExpired:
		why = errWatchExpired
	}
	w.queue.add(w.now()+decision.Delay, c.key+" closed", func() {
		if why == nil || c.over {
			w.endStream(c, nil)
			return
		}
		w.stopServing(c)
		(&answer{call: c}).Send(apiserver.ErrorFrame(c.contentType, why))
		(&answer{call: c}).Close()
	})
}

// decideEvent asks the schedule for its decision about one event of a watch: how late
// it is, and how often it comes.
func (w *world) decideEvent(c *call, f apiserver.Frame, key string) (late time.Duration, times int) {
	if !w.eventRules || f.Type == errorFrame || isInitialEnd(f) {
		return 0, 1
	}
	bookmark := f.Type == "BOOKMARK"
	nth := 0
	if !bookmark {
		nth = c.perObject[f.Namespace+"/"+f.Name]
	}
	event := w.asRulesSee(c)
	event.Namespace, event.Name, event.Nth = f.Namespace, f.Name, nth
	decision := w.schedule.DecideEvent(event, bookmark, w.drawFor(key))
	if decision.Rule == nil {
		return 0, 1
	}
	w.fault(c, decision.Rule)
	switch decision.Rule.Kind {
	case faults.WatchDelayed:
		return decision.Delay, 1
	case faults.EventRepeated:
		return 0, 2
	}
	return 0, 0 // withheld or lost
}
