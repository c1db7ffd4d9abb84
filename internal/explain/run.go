package explain

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// run is a record, indexed by what the walk back asks for.
type run struct {
	*model.History
	calls   map[uint64]*model.Call
	inputs  map[string][]input // what each incarnation was handed, in order
	hits    map[uint64][]hit   // faults that struck a call, or the watch that it opened
	deaths  []death
	windows []window
	belongs map[string]string // made when it is asked for
}

// input is what an incarnation was handed: its start, the answer to a call, an
// event of a watch or the end of one.
type input struct {
	seq    uint64
	at     time.Duration
	call   *model.Call  // answered, or the watch; nil at a start
	frame  *model.Frame // nil for all but watch events
	starts bool
	ends   bool // the watch ended
}

// hit is one effect of a fault.
type hit struct {
	seq  uint64
	at   time.Duration
	kind faults.Kind
	rule string
	call uint64
}

// death is the end of an incarnation by a fault, and the start of the next.
type death struct {
	hit
	process string
	life    int
	again   time.Duration // when the next life began; the end of the run if none did
}

// window is a time in which a fault was in force that strikes no single call.
type window struct {
	hit
	process string // empty: whole servers
	until   time.Duration
}

func newRun(r *sim.Record) *run {
	x := &run{History: &r.History, calls: map[uint64]*model.Call{}, inputs: map[string][]input{}, hits: map[uint64][]hit{}}
	for i := range x.Calls {
		c := &x.Calls[i]
		x.calls[c.ID] = c
		if c.ReturnSeq > 0 {
			x.hand(identity(c), input{seq: c.ReturnSeq, at: c.Returned, call: c})
		}
	}
	for i := range x.Watches {
		w := &x.Watches[i]
		if c := x.calls[w.CallID]; c != nil {
			for j := range w.Frames {
				x.hand(identity(c), input{seq: w.Frames[j].Seq, at: w.Frames[j].At, call: c, frame: &w.Frames[j]})
			}
		}
	}
	x.readEvents(r.Events)
	for _, list := range x.inputs {
		slices.SortFunc(list, func(a, b input) int { return int(a.seq) - int(b.seq) })
	}
	return x
}

func (x *run) hand(to string, i input) { x.inputs[to] = append(x.inputs[to], i) }

// readEvents takes from the trace what the history does not have: starts, deaths
// and faults. Without a trace there are none.
func (x *run) readEvents(events []sim.Event) {
	for _, e := range events {
		switch e.Type {
		case sim.EventStarted:
			x.hand(e.Process, input{seq: e.Seq, at: e.At, starts: true})
			name, life := split(e.Process)
			for i := range x.deaths {
				if d := &x.deaths[i]; d.process == name && d.life == life-1 {
					d.again = e.At
				}
			}
		case sim.EventEnded:
			if c := x.calls[e.Call]; c != nil {
				x.hand(e.Process, input{seq: e.Seq, at: e.At, call: c, ends: true})
			}
		case sim.EventFault:
			kind, rule, _ := strings.Cut(e.Detail, " ")
			x.hits[e.Call] = append(x.hits[e.Call], hit{e.Seq, e.At, faults.Kind(kind), rule, e.Call})
		case sim.EventCrashed:
			name, life := split(e.Process)
			x.deaths = append(x.deaths, death{hit{e.Seq, e.At, faults.Crash, e.Detail, 0}, name, life, x.Ended})
		case sim.EventSchedule:
			x.readWindow(e)
		}
	}
}

// readWindow reads "KIND RULE", "KIND RULE begins ..." and "KIND RULE ends".
func (x *run) readWindow(e sim.Event) {
	words := strings.Fields(e.Detail)
	if len(words) < 2 {
		return
	}
	if !slices.Contains(words[2:], "ends") {
		x.windows = append(x.windows, window{hit{e.Seq, e.At, faults.Kind(words[0]), words[1], 0}, e.Process, x.Ended})
		return
	}
	for i := len(x.windows) - 1; i >= 0; i-- {
		if w := &x.windows[i]; w.rule == words[1] && w.process == e.Process {
			w.until = e.At
			return
		}
	}
}

func identity(c *model.Call) string { return fmt.Sprintf("%s-%d", c.Process, c.Incarnation) }

// split is the reverse of identity; a name without a number is life 0.
func split(identity string) (process string, life int) {
	i := strings.LastIndexByte(identity, '-')
	if i < 0 {
		return identity, 0
	}
	if _, err := fmt.Sscanf(identity[i+1:], "%d", &life); err != nil {
		return identity, 0
	}
	return identity[:i], life
}

// before lists what an incarnation had been handed before an event, oldest first.
func (x *run) before(who string, seq uint64) []input {
	list := x.inputs[who]
	n, _ := slices.BinarySearchFunc(list, seq, func(i input, seq uint64) int { return int(i.seq) - int(seq) })
	return list[:n]
}

// commitOf is the first change that a call made; nil: none.
func (x *run) commitOf(call uint64) *model.Commit {
	for i := range x.Commits {
		if x.Commits[i].CallID == call && call != 0 {
			return &x.Commits[i]
		}
	}
	return nil
}

// atRevision is the change of that revision; nil: there is none.
func (x *run) atRevision(revision uint64) *model.Commit {
	i, found := slices.BinarySearchFunc(x.Commits, revision, func(c model.Commit, r uint64) int { return int(c.Revision) - int(r) })
	if !found {
		return nil
	}
	return &x.Commits[i]
}

// misleads tells whether a fault of this kind changes what a process is told.
// Slowness alone does not.
func misleads(kind faults.Kind) bool {
	return kind != faults.Latency && kind != faults.SlowBody && kind != faults.BookmarksWithheld
}

// struck is the first fault on a call that can have misled its caller.
func (x *run) struck(call uint64) (hit, bool) {
	for _, h := range x.hits[call] {
		if misleads(h.kind) {
			return h, true
		}
	}
	return hit{}, false
}
