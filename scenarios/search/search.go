package search

import (
	"cmp"
	"slices"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
)

// World is what a search has to know of what it searches.
type World struct {
	UnderTest []string      // processes that faults hit
	Safety    time.Duration // faults are in force before it
	// Servers is the number of API servers, if it is given; 0: as many as a probe needs.
	Servers int
	// Depth is how many calls one after the other may be struck, each brought about by
	// the one before. Default 3.
	Depth int
}

// Search is one search. Not safe for concurrent use.
type Search struct {
	world    World
	queue    []Probe // systematic, in order
	brought  []lead  // what the recursive stage may go on from
	made     int
	known    map[string]bool // kinds of call and answer that were seen
	coverage Coverage
}

// lead is a probe that brought calls about which were not seen before.
type lead struct {
	from  Probe
	calls []observedCall
}

// New begins a search for a world of which there are baselines: runs without faults, one
// for each story, the one that tells most first. Probes say which story they belong to.
// Baselines in which no process under test calls anything leave nothing to strike: then
// the search has no probes, and its coverage says so.
func New(w World, baselines ...*model.History) *Search {
	if w.Depth == 0 {
		w.Depth = 3
	}
	s := &Search{world: w, known: map[string]bool{}}
	var all []ranked
	for story, baseline := range baselines {
		calls := w.observe(baseline)
		for _, c := range calls {
			s.learn(&c)
		}
		all = append(all, s.systematic(story, baseline, calls)...)
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	for i := range all {
		s.queue = append(s.queue, all[i].Probe)
	}
	return s
}

// learn says whether a kind of call and answer was not known.
func (s *Search) learn(c *observedCall) bool {
	kind := c.class + " " + c.told
	fresh := !s.known[kind]
	s.known[kind] = true
	return fresh
}

// ranked is a probe and its place: lower ones come first.
type ranked struct {
	Probe
	rank int
}

// systematic lists all probes of single calls, commits and processes in one story. First
// samples come before later ones, and of each, outcomes in their order: what is found by
// many outcomes is found by the first, and all classes have had one before any has its
// second. Of two stories the earlier has each outcome first; a third comes when half of
// the outcomes have been tried in those.
func (s *Search) systematic(story int, h *model.History, calls []observedCall) []ranked {
	var all []ranked
	add := func(p Probe, possible bool, rank int) {
		if possible && (p.Servers <= s.world.Servers || s.world.Servers == 0) {
			p.Stage, p.Story = Systematic, story
			if story > 1 {
				rank += len(outcomesOfWrites) / 2
			}
			all = append(all, ranked{p, 2*rank + min(story, 1)})
		}
	}
	for round, of := range samples(calls) {
		for i := range of {
			for j, o := range outcomesOf(&of[i]) {
				p, possible := s.world.strike(&of[i], o)
				add(p, possible, j+round*len(outcomesOfWrites)/2)
			}
			s.coverage.class(of[i].class, false)
		}
	}
	commits := s.world.commits(h)
	for i := range commits {
		for j, o := range outcomesOfCommits {
			p, possible := s.world.strikeCommit(&commits[i], o)
			add(p, possible, j+1)
		}
		s.coverage.class(commits[i].class, true)
	}
	for _, process := range s.world.leasing(h) {
		for _, o := range []Outcome{CutOff, Paused} {
			add(s.world.strikeProcess(process, o), true, 1)
		}
	}
	if len(calls) == 0 {
		return all
	}
	for _, process := range s.world.UnderTest {
		p, possible := s.world.restartAtRest(h, process)
		add(p, possible, 0)
	}
	for _, c := range samples(calls)[0] {
		if c.Verb == "list" {
			p, possible := s.world.slowStart(h, &c)
			add(p, possible, 1)
		}
	}
	add(s.world.slowCollector(), true, 1)
	return all
}

// Next is the next probe; false when there is none. There may be more once those that
// are under way have been told.
func (s *Search) Next() (Probe, bool) {
	if len(s.queue) == 0 && !s.recurse() {
		return Probe{}, false
	}
	p := s.queue[0]
	s.queue = s.queue[1:]
	s.made++
	p.numbered(s.made)
	return p, true
}

// recurse turns the lead that brought most into probes.
func (s *Search) recurse() bool {
	for len(s.brought) > 0 {
		best := 0
		for i := range s.brought {
			if len(s.brought[i].calls) > len(s.brought[best].calls) {
				best = i
			}
		}
		from := s.brought[best]
		s.brought = slices.Delete(s.brought, best, best+1)
		for i := range from.calls {
			for _, o := range outcomesOf(&from.calls[i])[:leads(&from.calls[i])] {
				p, possible := s.world.strike(&from.calls[i], o)
				if !possible {
					continue
				}
				p.Stage, p.Story, p.depth = Recursive, from.from.Story, from.from.depth+1
				p.Servers, p.Edits = from.from.Servers, from.from.Edits
				p.Target = from.from.Target + " (" + string(from.from.Outcome) + "), then " + p.Target
				p.Faults = slices.Concat(from.from.Faults, p.Faults)
				s.queue = append(s.queue, p)
			}
		}
		if len(s.queue) > 0 {
			return true
		}
	}
	return false
}

// Tell says what came of a probe: the history of its run, how often each kind of fault
// fired, and whether the run failed. A run that failed is not gone on from. Probes are
// told in the order in which they were given.
func (s *Search) Tell(p Probe, h *model.History, fired map[faults.Kind]int, failed bool) {
	var fresh []observedCall
	classes := map[string]bool{}
	for _, c := range s.world.observe(h) {
		classes[c.class+" "+c.told] = true
		if s.learn(&c) && !p.strikes(c.Call) {
			fresh = append(fresh, c)
		}
	}
	s.coverage.add(p, classes, len(fresh), fires(p, fired))
	if !failed && len(fresh) > 0 && p.depth+1 < s.world.Depth {
		s.brought = append(s.brought, lead{p, fresh})
	}
}

// leads is how many outcomes befall a call that a fault has brought about.
func leads(c *observedCall) int {
	if faults.IsWrite(c.Verb) {
		return 3
	}
	return 1
}

// strikes says whether a call is one that the probe's faults decide.
func (p *Probe) strikes(c faults.Call) bool {
	for i := range p.Faults {
		r := &p.Faults[i]
		info, known := faults.Lookup(r.Kind)
		ofCall := known && info.Scope == faults.ScopeCall || r.Kind == faults.Crash && r.When != faults.AtTime
		if ofCall && r.InForce(c.At) && r.Matches(c) {
			return true
		}
	}
	return false
}

// fires says whether each kind of fault of the probe was seen to fire. A list is only held
// back if it comes too soon.
func fires(p Probe, fired map[faults.Kind]int) bool {
	for i := range p.Faults {
		if p.Outcome == NeverSeen && p.Faults[i].Kind == faults.Hold {
			continue
		}
		if fired[p.Faults[i].Kind] == 0 {
			return false
		}
	}
	return true
}

// Coverage is what the search has covered so far.
func (s *Search) Coverage() Coverage { return s.coverage }
