package sim

import (
	"errors"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
)

// What a process is told of a change of its host that did not come about, or that
// nobody knows about: as commands end.
var errHostFailed = errors.New("exit status 1")

// changeHost is what an incarnation finds as [Env.Host]. The change is done by
// the scheduler, in the world's order, or not at all when the process is killed
// before.
func (w *world) changeHost(i *incarnation, what string, do func() []model.HostChange) error {
	if i.dead() {
		time.Sleep(time.Second) // as for requests: a loop without a pause must not spin
		return errProcessGone
	}
	c := &hostCall{of: i, what: what, do: do, done: make(chan error, 1)}
	w.pending.put(item{kind: hostChanged, key: i.identity + " " + what, act: func() { w.beginHostCall(c) }})
	select {
	case err := <-c.done:
		return err
	case <-i.killed:
		return errProcessGone
	}
}

// stored is what an incarnation finds as [Env.Stored].
func (w *world) stored(i *incarnation, resource schema.GroupResource, name types.NamespacedName) (runtime.Object, error) {
	if i.dead() {
		return nil, errProcessGone
	}
	found := make(chan runtime.Object, 1)
	w.pending.put(item{kind: hostChanged, key: i.identity + " reads " + resource.String() + " " + name.String(), act: func() {
		found <- w.server.Object(resource, name)
	}})
	select {
	case o := <-found:
		return o, nil
	case <-i.killed:
		return nil, errProcessGone
	}
}

// hostCall is one change that a process makes to the machine it runs on.
type hostCall struct {
	of   *incarnation
	what string
	do   func() []model.HostChange
	done chan error
}

// beginHostCall does the change, unless a rule has it fail or wait.
func (w *world) beginHostCall(c *hostCall) {
	decision, key := w.decideHost(c)
	r := decision.Rule
	switch {
	case r == nil:
		w.changed(c, nil)
	case r.Kind == faults.HostHang:
		w.queue.add(w.now()+decision.Delay, key, func() { w.changed(c, nil) })
	case r.When != faults.AfterCall && r.Kind == faults.HostError:
		c.done <- errHostFailed
	case r.Kind == faults.HostError:
		w.changed(c, errHostFailed)
	default: // it is never told
		if r.When == faults.AfterCall {
			w.doHostCall(c)
		}
		w.kill(c.of.of, r)
	}
}

// decideHost asks the schedule for its decision about a change of a host, and returns
// the change's key, too.
func (w *world) decideHost(c *hostCall) (faults.Decision, string) {
	if !w.hostRules || c.of.dead() {
		return faults.Decision{}, ""
	}
	counter := c.of.name() + " host " + c.what
	w.nth[counter]++
	call := faults.Call{Process: c.of.name(), User: c.of.of.spared(), Nth: w.nth[counter], At: w.now()}
	key := counter + " #" + strconv.Itoa(call.Nth)
	decision := w.schedule.DecideHost(call, w.drawFor(key))
	if r := decision.Rule; r != nil {
		w.disturbed(w.now() + decision.Delay + r.RestartAfter)
		w.event(Event{Type: EventFault, Process: c.of.identity, Detail: string(r.Kind) + " " + r.ID})
	}
	return decision, key
}

// changed does the change and tells its process of it.
func (w *world) changed(c *hostCall, err error) {
	if c.of.dead() {
		c.done <- errProcessGone
		return
	}
	w.doHostCall(c)
	c.done <- err
}

func (w *world) doHostCall(c *hostCall) {
	for _, change := range c.do() {
		w.note(c.of, change)
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
