package search

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/faults"
)

// outcomesAtOnce are those of the broad stage, in order: what finds most comes first.
var outcomesAtOnce = []Outcome{Error, CrashAfter, SeenLate, SleptOver, NeverSeen, Lost, Outage, Conflict, DeletedMidway}

// mostAtOnce bounds the probes of one outcome in a story: what one run has no room for is
// in the next.
const mostAtOnce = 2

// broad lists the probes of one story in which an outcome befalls as much as one run has
// room for. Much that single faults show is shown by a few such runs; what one fault hides
// from another is left to single ones. The third story differs from the others in how soon
// things follow each other, and has only what is about that; what is deleted midway is not
// to be made anew.
func (s *Search) broad(story int, calls []observedCall, commits []observedCommit) []ranked {
	var all []ranked
	for i, o := range outcomesAtOnce {
		if story > 1 && o != SeenLate && o != NeverSeen || o == DeletedMidway && story != 1 {
			continue
		}
		probes := s.world.atOnce(calls, commits, o)
		for part, p := range probes[:min(len(probes), mostAtOnce)] {
			p.Stage, p.Story, p.Outcome, p.depth = Broad, story, o, s.world.Depth
			p.Target = fmt.Sprintf("%s at once, part %d", p.Target, part+1)
			p.name("")
			all = append(all, ranked{p, firstOfAll + 10*i + 3*part + min(story, 2)})
		}
	}
	return all
}

// Ranks before that of each other single fault: firstOfAll is that of the broad stage, and
// of what nothing strikes better than one fault; afterCrashes comes when the broad stage has
// made its crashes.
const (
	firstOfAll   = -1000
	afterCrashes = firstOfAll/2 + 7
)

// atOnce are the probes of many calls, or of many commits. What is read and what is written
// are struck in runs of their own: who cannot read has nothing to write. Lists and watches,
// which client-go sees to, are left to single faults.
func (w *World) atOnce(calls []observedCall, commits []observedCommit, o Outcome) []Probe {
	rounds := samples(calls)
	read, written := slices.Concat(rounds[:]...), slices.Concat(rounds[0], rounds[1])
	if o == Outage { // it lasts, and so befalls the later ones, too
		read, written = rounds[0], rounds[0]
	}
	reads := slices.DeleteFunc(slices.Clone(read), func(c observedCall) bool { return c.Verb != "get" })
	writes := slices.DeleteFunc(slices.Clone(written), func(c observedCall) bool { return !faults.IsWrite(c.Verb) })
	switch o {
	case SeenLate: // one watch is behind the others
		return w.together(commits, o, func(a, b *observedCommit) bool { return a.process == b.process && a.resource == b.resource })
	case SleptOver: // the process is to be up for a while between two times that it sleeps
		return w.together(commits, o, func(a, b *observedCommit) bool {
			return a.process != b.process || min(max(a.at, a.next), a.at+late)+awake < b.at
		})
	case NeverSeen: // a watch expires once
		return w.together(commits, o, func(a, b *observedCommit) bool {
			return a.process != b.process || a.resource != b.resource
		})
	case DeletedMidway: // an object goes once
		return w.callsAtOnce(writes, o, func(a, b *observedCall) bool { return a.about != nil && b.about != nil && !a.about.sameObject(b.about) })
	}
	all := func(a, b *observedCall) bool { return true }
	return slices.Concat(w.callsAtOnce(reads, o, all), w.callsAtOnce(writes, o, all))
}

// callsAtOnce strikes many calls. Each is in the first run in which it goes with those that
// are there; there is no run of one alone.
func (w *World) callsAtOnce(calls []observedCall, o Outcome, goes func(a, b *observedCall) bool) []Probe {
	var g grouped[observedCall]
	for i := range calls {
		if one, possible := w.strike(&calls[i], o); possible && slices.Contains(outcomesOf(&calls[i]), o) {
			g.add(&calls[i], one, goes)
		}
	}
	probes := slices.DeleteFunc(g.probes, func(p Probe) bool { return len(p.parts) < 2 })
	for i := range probes {
		probes[i].Target = fmt.Sprintf("%d calls", len(probes[i].parts))
	}
	return probes
}

// awake is how long a process is up between two times that it sleeps over something.
const awake = 5 * time.Second

// together strikes commits, each in the first run in which it goes with those that are
// there, all of which are earlier. What a process has done itself it does not sleep over.
func (w *World) together(commits []observedCommit, o Outcome, goes func(a, b *observedCommit) bool) []Probe {
	inOrder := slices.Clone(commits)
	slices.SortStableFunc(inOrder, func(a, b observedCommit) int { return cmp.Compare(a.at, b.at) })
	var g grouped[observedCommit]
	for i := range inOrder {
		c := &inOrder[i]
		one, possible := w.strikeCommit(c, o)
		if possible && (o != SleptOver || !strings.HasSuffix(c.class, " by "+c.process)) {
			g.add(c, one, goes)
		}
	}
	for i := range g.probes {
		g.probes[i].Target = fmt.Sprintf("%d changes", len(g.probes[i].parts))
	}
	return g.probes
}

// grouped are probes, each with what goes together in one run.
type grouped[T any] struct {
	probes  []Probe
	members [][]*T
}

func (g *grouped[T]) add(what *T, one Probe, goes func(a, b *T) bool) {
	at := slices.IndexFunc(g.members, func(there []*T) bool {
		return !slices.ContainsFunc(there, func(other *T) bool { return !goes(other, what) })
	})
	if at < 0 {
		at = len(g.members)
		g.members, g.probes = append(g.members, nil), append(g.probes, Probe{})
	}
	g.members[at] = append(g.members[at], what)
	g.probes[at].with(one)
}
