package search

import (
	"fmt"
	"slices"
	"time"

	"github.com/seatrial/seatrial/faults"
)

// observedCommit is a change that a process under test watches for.
type observedCommit struct {
	process, resource, namespace, name string
	at                                 time.Duration
	next, last                         time.Duration // changes of the object of that name; 0: none
	opened                             time.Duration // when the watch was asked for that tells of it
	class                              string
	index                              int // of the commit in its sketch
}

// commits lists the changes that processes under test watch for, the first and the last
// of each class: process, resource, and what kind of change it was, by whom.
func (w *World) commits(h *Sketch) []observedCommit {
	var all []observedCommit
	index := map[string][2]int{}
	for _, process := range w.UnderTest {
		for i := range h.Commits {
			c := &h.Commits[i]
			opened, watched := h.watchOf(process, c)
			if !watched || c.At >= w.Safety || c.Resource == "leases" || c.Resource == "events" {
				continue
			}
			next, last := h.laterChanges(i, w.Safety)
			o := observedCommit{
				index: i, process: process, resource: c.Resource, namespace: c.Namespace, name: c.Name, at: c.At, next: next, last: last, opened: opened,
				class: fmt.Sprintf("%s sees %s %s", process, c.Resource, c.Kind),
			}
			seen, known := index[o.class]
			switch {
			case !known:
				index[o.class] = [2]int{len(all), -1}
				all = append(all, o)
			case seen[1] < 0:
				index[o.class] = [2]int{seen[0], len(all)}
				all = append(all, o)
			default:
				all[seen[1]] = o
			}
		}
	}
	return all
}

// As those of calls: what the broad stage does not have comes first.
var outcomesOfCommits = []Outcome{SeenBehind, SeenLate, SleptOver, NeverSeen}

// The margins by which a fault begins before a commit and ends after it: more than the
// way of a packet, less than what lies between two changes by different actors.
const (
	before = 30 * time.Millisecond
	after  = 100 * time.Millisecond
	late   = 10 * time.Second
)

// strikeCommit is the probe that lets an outcome befall a commit. It is not there when
// the history lacks what the pattern needs, such as a later change of the object.
func (w *World) strikeCommit(c *observedCommit, o Outcome) (Probe, bool) {
	p := Probe{Target: fmt.Sprintf("%s, %s/%s at %s", c.class, c.namespace, c.name, c.at), Outcome: o, class: c.class}
	of := faults.Match{Process: c.process, Resources: []string{c.resource}}
	switch o {
	case SeenLate:
		r := faults.Rule{Kind: faults.WatchDelayed, Match: of, From: c.at, Until: min(c.at+after, w.Safety), Delay: faults.Span{Min: late, Max: late}, Probability: 1, Limit: 1}
		r.Namespace, r.Name = c.namespace, c.name
		p.Faults = []faults.Rule{r}
	case SleptOver:
		from, until := max(c.at-before, 0), max(c.at, c.next)+after
		if c.next > c.at+late {
			until = c.at + late
		}
		p.Faults = []faults.Rule{{Kind: faults.Crash, Match: faults.Match{Process: c.process}, From: from, RestartAfter: until - from}}
	case NeverSeen:
		next := c.next
		if next == 0 {
			next = c.at + time.Second
		}
		if next > c.at+late || c.at-c.opened <= before || next+2*after >= w.Safety {
			return p, false
		}
		expires := c.at - c.opened - before
		watch := faults.Rule{Kind: faults.WatchExpired, Match: of, From: c.opened, Until: c.opened + after, Delay: faults.Span{Min: expires, Max: expires}, Probability: 1, Limit: 1}
		hold := faults.Rule{Kind: faults.Hold, Match: of, From: c.at - before, Until: next + 2*after, Direction: faults.ToServer, Probability: 1}
		hold.Verbs = []string{"list", "watch"}
		forget := faults.Rule{Kind: faults.HistoryForgotten, Match: faults.Match{Resources: of.Resources}, From: next + after}
		p.Faults = []faults.Rule{watch, hold, forget}
	case SeenBehind:
		restart := max(c.last, c.next) + time.Second
		if c.last == 0 || restart+late >= w.Safety {
			return p, false
		}
		p.Servers = 2
		p.Faults = []faults.Rule{
			{Kind: faults.CacheLag, From: c.at + 2*time.Millisecond, Until: restart + late, Replica: 2},
			{Kind: faults.FailOver, Match: faults.Match{Process: c.process}, From: restart, Replica: 2},
			{Kind: faults.Crash, Match: faults.Match{Process: c.process}, From: restart, RestartAfter: after},
		}
	}
	return p, true
}

// strikeProcess cuts a process off, or stops it, soon after the beginning and until users
// come back to what they did then.
func (w *World) strikeProcess(process string, o Outcome) Probe {
	kind := faults.Partition
	if o == Paused {
		kind = faults.Pause
	}
	from := w.Safety / 20
	return Probe{
		Target: process, Outcome: o, class: process,
		Faults: []faults.Rule{{Kind: kind, Match: faults.Match{Process: process}, From: from, Until: from + w.Safety/3}},
	}
}

// slowCollector lets garbage collection and the end of namespaces come two seconds late.
func (w *World) slowCollector() Probe {
	const slow = 2 * time.Second
	return Probe{
		Target: "the server's controllers", Outcome: Slow, class: "collector",
		Faults: []faults.Rule{{Kind: faults.GCLag, Until: w.Safety, Delay: faults.Span{Min: slow, Max: slow}}},
	}
}

// restartAtRest kills a process when nothing has happened for half a minute. It is not
// there when the baseline has no such moment in which faults may be.
func (w *World) restartAtRest(h *Sketch, process string) (Probe, bool) {
	const calm = 30 * time.Second
	at := w.Safety - late/2
	for i := range h.Commits {
		if c := &h.Commits[i]; c.Resource != "leases" && c.Resource != "events" && c.At > at-calm {
			return Probe{}, false
		}
	}
	return Probe{
		Target: process, Outcome: RestartedAtRest, class: process, AtRest: at,
		Faults: []faults.Rule{{Kind: faults.Crash, Match: faults.Match{Process: process}, From: at, RestartAfter: after}},
	}, true
}

// slowStart kills the process of a list when the last change by it is a second old, and
// holds that list back when it starts again: what it knows of one resource is there, and
// of the other not.
func (w *World) slowStart(h *Sketch, c *observedCall) (Probe, bool) {
	at := c.At
	for i := range h.Commits {
		if commit := &h.Commits[i]; commit.Process == c.Process && commit.At < w.Safety && commit.Resource != "leases" {
			at = commit.At
		}
	}
	return w.slowStartAt(c, at+time.Second, LateAtRestart)
}

// slowStartAfterRemoval does so a second after something that a user has made has gone, when
// others are still there.
func (w *World) slowStartAfterRemoval(h *Sketch, c *observedCall) (Probe, bool) {
	var there asked
	for i := range h.Commits {
		commit := &h.Commits[i]
		before := len(there)
		there.follow(commit)
		if commit.removes() && len(there) < before && len(there) > 0 && commit.At > c.At {
			return w.slowStartAt(c, commit.At+time.Second, LateAfterRemoval)
		}
	}
	return Probe{}, false
}

func (w *World) slowStartAt(c *observedCall, at time.Duration, o Outcome) (Probe, bool) {
	const held = 3 * time.Second
	if at+held >= w.Safety {
		return Probe{}, false
	}
	hold := faults.Rule{Kind: faults.Hold, From: at, Until: at + held, Direction: faults.ToServer, Probability: 1}
	hold.Match = faults.Match{Process: c.Process, Verbs: []string{c.Verb}, Resources: []string{c.Resource}}
	return Probe{
		Target: c.described(), Outcome: o, class: c.class,
		Faults: []faults.Rule{{Kind: faults.Crash, Match: faults.Match{Process: c.Process}, From: at, RestartAfter: after}, hold},
	}, true
}

// leasing are the processes under test that have a lease to lose.
func (w *World) leasing(h *Sketch) []string {
	var out []string
	for i := range h.Calls {
		if c := &h.Calls[i]; c.Resource == "leases" && slices.Contains(w.UnderTest, c.Process) && !slices.Contains(out, c.Process) {
			out = append(out, c.Process)
		}
	}
	slices.Sort(out)
	return out
}

// replaced closes all watches of a process from which it would learn that an object has
// gone and was made anew, and what came with it, each before the first such change, and
// has it list again when all is over. It is not there when nothing was made anew soon.
func (w *World) replaced(h *Sketch, c *observedCommit) (Probe, bool) {
	removed := &h.Commits[c.index]
	again := slices.IndexFunc(h.Commits[c.index+1:], func(o SketchCommit) bool { return o.sameObject(removed) })
	if !removed.removes() || again < 0 || !h.Commits[c.index+1+again].creates() || c.next > c.at+late || c.next+2*after >= w.Safety {
		return Probe{}, false
	}
	made := time.Duration(0) // when the object last changed before it went
	for i := range c.index {
		if h.Commits[i].sameObject(removed) && h.Commits[i].At < c.at && !h.Commits[i].marks() {
			made = h.Commits[i].At
		}
	}
	p := Probe{Target: fmt.Sprintf("%s, %s/%s at %s", c.class, c.namespace, c.name, c.at), Outcome: Replaced, class: c.class}
	var resources []string
	last := map[string]time.Duration{} // change of each resource
	for i := range h.Commits {
		o := &h.Commits[i]
		since := last[o.Resource]
		last[o.Resource] = o.At
		if slices.Contains(resources, o.Resource) || o.At <= made || o.At >= c.next || o.Resource == removed.Resource && i < c.index {
			continue
		}
		opened, watched := h.watchOf(c.process, o)
		if !watched {
			continue
		}
		from := o.At - min(before, (o.At-max(since, opened))/2)
		watch := faults.Rule{
			Kind: faults.WatchExpired, Match: faults.Match{Process: c.process, Resources: []string{o.Resource}}, From: opened, Until: opened + after,
			Delay: faults.Span{Min: from - opened, Max: from - opened}, Probability: 1, Limit: 1,
		}
		hold := faults.Rule{Kind: faults.Hold, Match: faults.Match{Process: c.process, Verbs: []string{"list", "watch"}, Resources: []string{o.Resource}}, From: from, Until: c.next + 2*after, Direction: faults.ToServer, Probability: 1}
		p.Faults = append(p.Faults, watch, hold)
		resources = append(resources, o.Resource)
	}
	if len(resources) == 0 {
		return p, false
	}
	forget := faults.Rule{Kind: faults.HistoryForgotten, Match: faults.Match{Resources: resources}, From: c.next + after}
	p.Faults = append(p.Faults, forget)
	return p, true
}
