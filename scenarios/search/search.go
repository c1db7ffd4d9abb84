package search

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/faults"
)

// World is what a search has to know of what it searches.
type World struct {
	UnderTest []string      // processes that faults hit
	Safety    time.Duration // faults are in force before it
	// Servers is the number of API servers, if it is given; 0: as many as a probe needs.
	Servers int
	// Lives: objects go and come as [Stories] have it, so that one that goes at another time
	// is no less what users may do. Otherwise they do what they were told, and no more.
	Lives bool
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
	only     string          // empty: all
	known    map[string]bool // features that were seen
	led      map[string]bool // of calls, in fault-free runs and those of one fault
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
func New(w World, baselines ...*Sketch) *Search {
	if w.Depth == 0 {
		w.Depth = 3
	}
	s := &Search{world: w, known: map[string]bool{}, led: map[string]bool{}}
	var all []ranked
	for story, baseline := range baselines {
		calls := baseline.observe()
		for _, f := range baseline.features() {
			s.known[f], s.led[f] = true, true
		}
		all = append(all, s.systematic(story, baseline, calls)...)
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	for i := range all {
		s.queue = append(s.queue, all[i].Probe)
	}
	return s
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
func (s *Search) systematic(story int, h *Sketch, calls []observedCall) []ranked {
	var all []ranked
	add := func(p Probe, possible bool, rank int) {
		if possible && (p.Servers <= s.world.Servers || s.world.Servers == 0) {
			p.Stage, p.Story = Systematic, story
			p.name("")
			if story > 1 && rank > 0 {
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
	all = append(all, s.broad(story, calls, commits)...)
	for i := range commits {
		p, possible := s.world.replaced(h, &commits[i])
		add(p, possible, 1)
		for j, o := range outcomesOfCommits {
			p, possible := s.world.strikeCommit(&commits[i], o)
			add(p, possible, j+1)
		}
		s.coverage.class(commits[i].class, true)
	}
	for _, process := range s.world.leasing(h) {
		add(s.world.strikeProcess(process, CutOff), true, afterCrashes)
		add(s.world.strikeProcess(process, Paused), true, 1)
	}
	if len(calls) == 0 {
		return all
	}
	for _, process := range s.world.UnderTest {
		p, possible := s.world.restartAtRest(h, process)
		add(p, possible, firstOfAll)
	}
	for _, c := range samples(calls)[0] {
		if c.Verb == "list" {
			p, possible := s.world.slowStart(h, &c)
			add(p, possible, 1)
			p, possible = s.world.slowStartAfterRemoval(h, &c)
			add(p, possible, 0)
		}
	}
	add(s.world.slowCollector(), true, 1)
	return all
}

// Only leaves out all probes but the one of that name and those from which it comes.
func (s *Search) Only(name string) { s.only = name }

// wanted says whether a probe is to be made.
func (s *Search) wanted(p *Probe) bool {
	return s.only == "" || s.only == p.Name || strings.HasPrefix(s.only, p.Name+"-")
}

// Next is the next probe; false when there is none. There may be more once those that
// are under way have been told.
func (s *Search) Next() (Probe, bool) {
	for len(s.queue) > 0 || s.recurse() {
		p := s.queue[0]
		s.queue = s.queue[1:]
		if !s.wanted(&p) {
			continue
		}
		s.made++
		p.numbered(s.made)
		return p, true
	}
	return Probe{}, false
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
			for _, o := range outcomesBrought(&from.calls[i]) {
				p, possible := s.world.strike(&from.calls[i], o)
				if !possible {
					continue
				}
				p.Stage, p.Story, p.depth = Recursive, from.from.Story, from.from.depth+1
				p.Servers, p.Edits = from.from.Servers, from.from.Edits
				p.Target = from.from.Target + " (" + string(from.from.Outcome) + "), then " + p.Target
				p.Faults = slices.Concat(from.from.Faults, p.Faults)
				p.name(from.from.Name)
				s.queue = append(s.queue, p)
			}
		}
		if len(s.queue) > 0 {
			return true
		}
	}
	return false
}

// Tell says what came of a probe: the sketch of its run, how often each kind of fault
// fired, and whether the run failed. A run that failed is not gone on from. Probes are
// told in the order in which they were given. It returns how many features the run is the
// first to have.
func (s *Search) Tell(p Probe, h *Sketch, fired map[faults.Kind]int, failed bool) (fresh int) {
	fresh = s.show(h)
	var calls []observedCall
	for _, c := range h.observe() {
		if !s.led[c.feature()] && !p.strikes(c.Call) {
			calls = append(calls, c)
			s.led[c.feature()] = true
		}
	}
	whyNot := ""
	if died := failed && len(h.Calls) == 0; !died { // with its process, which could not say what fired
		whyNot = p.whyNot(h, fired)
	}
	s.coverage.add(p, fresh > 0, whyNot)
	if !failed && len(calls) > 0 && p.depth+1 < s.world.Depth {
		s.brought = append(s.brought, lead{p, calls})
	}
	return fresh
}

// TellBroad says what came of a probe that strikes much at once: the sketch of its run, and
// which of its rules did not fire, by their IDs. It is not gone on from: what it brings
// about could be of any of its faults. It returns what Tell does.
func (s *Search) TellBroad(p Probe, h *Sketch, unfired []string) (fresh int) {
	fresh = s.show(h)
	if len(h.Calls) == 0 {
		p.parts = nil // it died with its process, which could not say what fired
	}
	s.coverage.addAtOnce(p, fresh > 0, unfired)
	return fresh
}

// tellSwarm counts what a run of the swarm, or of a plan that was changed, has shown.
func (s *Search) tellSwarm(h *Sketch) (fresh int) {
	if h == nil {
		return 0
	}
	fresh = s.show(h)
	s.coverage.count(fresh > 0)
	return fresh
}

// show learns what a run has shown, and says how much of it is new.
func (s *Search) show(h *Sketch) (fresh int) {
	features := h.features()
	for _, f := range features {
		if !s.known[f] {
			s.known[f] = true
			fresh++
		}
	}
	s.coverage.shown(features)
	return fresh
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

// Coverage is what the search has covered so far.
func (s *Search) Coverage() Coverage { return s.coverage }
