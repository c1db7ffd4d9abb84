package sim

import (
	"time"

	"github.com/seatrial/seatrial/model"
)

// changeHost is what an incarnation finds as [Env.Host]. The change is done by
// the scheduler, in the world's order, or not at all when the process is killed
// before.
func (w *world) changeHost(i *incarnation, what string, do func() []model.HostChange) error {
	if i.dead() {
		time.Sleep(time.Second) // as for requests: a loop without a pause must not spin
		return errProcessGone
	}
	done := make(chan error, 1)
	w.pending.put(item{kind: hostChanged, key: i.identity + " " + what, act: func() {
		if i.dead() {
			done <- errProcessGone
			return
		}
		for _, change := range do() {
			w.note(i, change)
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

func (w *world) note(i *incarnation, change model.HostChange) {
	if w.frozen {
		return
	}
	detail := change.Kind + " " + change.Name + " " + change.Value
	change.Seq = w.event(Event{Type: EventHost, Process: i.identity, Detail: detail})
	change.At, change.Process = w.now(), i.name()
	w.history.HostChanges = append(w.history.HostChanges, change)
}
