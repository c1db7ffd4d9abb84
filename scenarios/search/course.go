package search

import (
	"fmt"
	"slices"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// Window is how many runs may be under way: what comes of a run decides about those that
// come so many later, and about none before. So it does not matter how many of them are
// made at a time, or which is done first.
const Window = 16

// Once the first probes have been made, each fourth run is one of the swarm: what single
// faults do not show need not wait until all of them have been tried.
const (
	probesFirst = 24
	eachOfSwarm = 4
)

// DefaultRuns is the budget of who names none, about what 100 seeds cost.
const DefaultRuns = 160

// Step is one run to be made.
type Step struct {
	Stage  Stage
	Number int // from 1: its place in the search
	// Name tells the run from all others of searches of the same subject and seed:
	// story-N, probe-…, seed-N or guided-…. The last is made from what came of runs
	// before: it is found again by its number, or in its plan.
	Name  string
	Story int             // from 1, of a fault-free run
	Plan  *scenarios.Plan // of a probe or a story that was given; nil: what the story or the seed draws
	Seed  sim.Seed
	By    string // the probe in words
}

// Told is what came of a step.
type Told struct {
	Stories int             // of a fault-free run: how many there are
	Plan    *scenarios.Plan // of a fault-free run, and of one of the swarm
	Sketch  *Sketch         // nil: the run ended without
	Fired   map[faults.Kind]int
	Unfired []string // IDs of the rules that did not fire
	Failed  bool
	Known   bool // it failed, and that is known and not looked into
}

// Course is the order of the runs of one search: the stories without faults, then probes,
// and beside them and when there are none left mixtures, without end: the swarm's, and in
// turn with those plans that have shown something new, changed. What the next run
// is depends on the seed and on what was told of those that are [Window] runs earlier.
// Stories that fail are not gone on from. When all of them do, that is the end, unless it
// is known why: then the swarm is left.
//
// Not safe for concurrent use.
type Course struct {
	seed sim.Seed
	only string
	own  []scenarios.Plan // stories; none: those of the subject

	failed  bool // a story did, and it is not known why
	given   []given
	told    []Told // in the order of the steps
	applied int
	stories int // 0: not known yet
	plans   []scenarios.Plan
	sketch  []*Sketch
	search  *Search
	seeds   uint64
	swarmed int // runs of the swarm, and guided ones in its place
	corpus  corpus
	before  []scenarios.Plan // a corpus that was kept, as far as it was not run yet
	stages  map[Stage]int    // how many runs of each were told
	laws    map[string]bool  // those that held, and whether a run has tested them
	toSee   map[string]bool  // those of what is to be seen once, and whether it was
}

// given is a step that is under way, and its probe, if it has one.
type given struct {
	step  Step
	probe *Probe
}

// NewCourse begins a search from a seed on, which decides about latencies. With only, it
// has the run of that name and those from which it comes, and ends.
func NewCourse(seed sim.Seed, only string) *Course {
	return &Course{seed: seed, only: only, corpus: corpus{seed: seed, names: map[string]bool{}}, stages: map[Stage]int{}, laws: map[string]bool{}, toSee: map[string]bool{}}
}

// OwnStories has plans, without their faults, in the place of the subject's stories. There
// is no swarm then: what users do has been decided.
func (c *Course) OwnStories(plans []scenarios.Plan) *Course {
	for _, p := range plans {
		p.Faults = nil
		c.own = append(c.own, p)
	}
	c.stories = len(c.own)
	return c
}

// GoOnFrom has the plans of a corpus that was kept run right after the stories. Those that
// show nothing new are out of it.
func (c *Course) GoOnFrom(corpus []scenarios.Plan) *Course {
	c.before = slices.Clone(corpus)
	return c
}

// Next is the next step. wait: it depends on what is still to be told. Neither: there is none.
func (c *Course) Next() (step Step, ok, wait bool) {
	if c.search == nil {
		step, ok, wait = c.nextStory()
		if ok || wait {
			return step, ok, wait
		}
		if len(c.plans) == 0 && c.failed {
			return Step{}, false, false // it fails without faults: there is nothing to be learnt from more
		}
		c.begin()
	}
	for c.applied < len(c.given)-Window {
		if !c.apply() {
			return Step{}, false, true
		}
	}
	if len(c.before) > 0 && c.only == "" {
		plan := c.before[0]
		c.before = c.before[1:]
		plan.Name = fmt.Sprintf("corpus-%08x", hashOf(plan))
		return c.give(Step{Stage: Kept, Name: plan.Name, Plan: &plan, Seed: plan.Seed, By: "a plan of the corpus"}, nil), true, false
	}
	if n := len(c.given); c.swarms() && n > c.stories+probesFirst && n%eachOfSwarm == 0 {
		return c.mixture(), true, false
	}
	for {
		if p, more := c.search.Next(); more {
			plan := p.Plan(c.plans[p.Story])
			return c.give(Step{Stage: p.Stage, Name: p.Name, Plan: &plan, Seed: plan.Seed, By: p.String()}, &p), true, false
		}
		switch {
		case c.swarms():
			return c.mixture(), true, false
		case c.applied == len(c.given):
			return Step{}, false, false
		case !c.apply():
			return Step{}, false, true
		}
	}
}

// swarms says whether runs of the swarm are among those of the search.
func (c *Course) swarms() bool { return c.only == "" && len(c.own) == 0 }

// nextStory gives the stories: the first, which tells how many there are, and when that
// is known the others. When all have been told there is none.
func (c *Course) nextStory() (step Step, ok, wait bool) {
	n := len(c.given)
	for c.applied < n && (n == 1 && c.stories == 0 || n == c.stories) {
		if !c.apply() {
			return Step{}, false, true
		}
	}
	if n > 0 && n >= c.stories {
		return Step{}, false, false
	}
	step = Step{Stage: FaultFree, Name: fmt.Sprintf("story-%d", n+1), Story: n + 1, Seed: c.seed}
	if len(c.own) > 0 {
		step.Plan, step.Seed = &c.own[n], c.own[n].Seed
	}
	return c.give(step, nil), true, false
}

func (c *Course) give(s Step, p *Probe) Step {
	s.Number = len(c.given) + 1
	c.given = append(c.given, given{s, p})
	return s
}

// mixture is a run of the swarm, or a guided one in its place.
func (c *Course) mixture() Step {
	c.swarmed++
	if c.swarmed%eachGuided == 0 {
		if plan, ok := c.corpus.next(); ok {
			return c.give(Step{Stage: Guided, Name: plan.Name, Plan: &plan, Seed: plan.Seed, By: plan.Description}, nil)
		}
	}
	return c.swarm()
}

func (c *Course) swarm() Step {
	seed := c.seed + sim.Seed(c.seeds)
	c.seeds++
	return c.give(Step{Stage: Swarm, Name: fmt.Sprintf("seed-%d", seed), Seed: seed}, nil)
}

// Tell says what came of a step. Steps are told in the order in which they were given.
func (c *Course) Tell(t Told) { c.told = append(c.told, t) }

// apply learns from the next step that was told; false: none was.
func (c *Course) apply() bool {
	if len(c.told) == 0 {
		return false
	}
	t, g := c.told[0], c.given[c.applied]
	c.told = c.told[1:]
	c.given[c.applied] = given{} // it is not needed any more
	c.applied++
	c.count(g.step.Stage, t.Sketch)
	switch {
	case g.step.Stage == FaultFree:
		if len(c.own) == 0 {
			c.stories = max(c.stories, t.Stories, 1)
		}
		c.failed = c.failed || t.Failed && !t.Known
		if !t.Failed && t.Plan != nil && t.Sketch != nil {
			c.plans, c.sketch = append(c.plans, *t.Plan), append(c.sketch, t.Sketch)
		}
	case g.probe != nil:
		if t.Sketch == nil {
			t.Sketch = &Sketch{}
		}
		fresh := 0
		if g.probe.Stage == Broad {
			fresh = c.search.TellBroad(*g.probe, t.Sketch, t.Unfired)
		} else {
			fresh = c.search.Tell(*g.probe, t.Sketch, t.Fired, t.Failed)
		}
		c.learn(g.step.Plan, &t, fresh)
	default:
		plan := g.step.Plan
		if plan == nil {
			plan = t.Plan
		}
		c.learn(plan, &t, c.search.tellSwarm(t.Sketch))
	}
	return true
}

// learn keeps a plan that has shown something new and was survived.
func (c *Course) learn(plan *scenarios.Plan, t *Told, fresh int) {
	if plan != nil && t.Sketch != nil && !t.Failed && len(plan.Faults) > 0 {
		c.corpus.keep(*plan, t.Sketch, fresh)
	}
}

// count counts a run, and the laws that it has tested.
func (c *Course) count(stage Stage, s *Sketch) {
	c.stages[stage]++
	if s == nil {
		return
	}
	for _, law := range s.Laws {
		if law.Sometimes {
			c.toSee[law.Name] = c.toSee[law.Name] || !law.Untested
		} else {
			c.laws[law.Name] = c.laws[law.Name] || !law.Untested
		}
	}
}

// begin begins with the probes, of the stories that pass.
func (c *Course) begin() {
	if len(c.plans) == 0 {
		c.search = New(World{})
		return
	}
	world := World{UnderTest: c.sketch[0].UnderTest, Safety: c.plans[0].Safety, Lives: len(c.own) == 0 && c.stories > 1}
	c.corpus.world = world
	c.search = New(world, c.sketch...)
	c.search.Only(c.only)
}

// Coverage is what was covered by the steps that were told. It ends the course.
func (c *Course) Coverage() Coverage {
	for c.search == nil && c.apply() {
	}
	if c.search == nil {
		c.begin()
	}
	for c.apply() {
	}
	coverage := c.search.Coverage()
	coverage.Stages, coverage.Left = c.stages, len(c.search.queue)
	coverage.Untested, coverage.NeverSeen = without(c.laws), without(c.toSee)
	for i := range c.corpus.entries {
		coverage.Corpus = append(coverage.Corpus, c.corpus.entries[i].plan)
	}
	coverage.AllFailed = len(c.plans) == 0 && c.stages[FaultFree] > 0
	return coverage
}

// without lists the laws that nothing has tested.
func without(laws map[string]bool) []string {
	var names []string
	for name, tested := range laws {
		if !tested {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Plan is a story with the faults of a probe, under the probe's name.
func (p *Probe) Plan(story scenarios.Plan) scenarios.Plan {
	plan := story.Clone()
	plan.Name, plan.Description, plan.Faults, plan.AtRest = p.Name, p.String(), slices.Clone(p.Faults), p.AtRest
	plan.World.APIServer.Replicas = max(plan.World.APIServer.Replicas, p.Servers)
	for _, edit := range p.Edits {
		plan.Steps = append(plan.Steps, edit.steps()...)
	}
	return completed(plan)
}
