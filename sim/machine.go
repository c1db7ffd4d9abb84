package sim

import (
	"time"

	"github.com/seatrial/seatrial/model"
)

// touchMachine is what an incarnation finds as [Env.Machine]. The deed is done by
// the scheduler, in the world's order, or not at all when the process is killed
// before.
func (w *world) touchMachine(i *incarnation, what string, do func() []model.Deed) error {
	if i.dead() {
		time.Sleep(time.Second) // as for requests: a loop without a pause must not spin
		return errProcessGone
	}
	done := make(chan error, 1)
	w.inbox.put(item{kind: machineTouched, key: i.identity + " " + what, act: func() {
		if i.dead() {
			done <- errProcessGone
			return
		}
		for _, deed := range do() {
			w.note(i, deed)
		}
		done <- nil
	}})
	select {
	case err := <-done:
		return err
	case <-i.killed:
		return errProcessGone
	}
}

func (w *world) note(i *incarnation, deed model.Deed) {
	if w.frozen {
		return
	}
	detail := deed.Kind + " " + deed.Name + " " + deed.Value
	deed.Seq = w.event(Event{Type: EventMachine, Process: i.identity, Detail: detail})
	deed.At, deed.Process = w.now(), i.name()
	w.history.Deeds = append(w.history.Deeds, deed)
}
