package search

import (
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// Once there is a corpus, each second of the runs that the swarm would have is a plan of
// the corpus that was changed.
const eachGuided = 2

// mostKept bounds the corpus. Of one that is full those entries go that brought least.
const mostKept = 64

// mostTries is how many changes are drawn until one gives a valid plan.
const mostTries = 8

// kept is a plan that brought new coverage.
type kept struct {
	plan  scenarios.Plan
	calls []observedCall // that can be struck beside its faults, a few
	fresh int            // how many kinds it was the first to show
	used  int            // how often it was changed
}

// corpus are the plans that brought new coverage, and what is made of them.
type corpus struct {
	seed    sim.Seed
	world   World
	entries []kept
	made    int
	names   map[string]bool
}

// keep adds a plan. Its calls are thinned out to the first of each class.
func (c *corpus) keep(plan scenarios.Plan, h *Sketch, fresh int) {
	if fresh == 0 {
		return
	}
	calls := h.observe()
	c.entries = append(c.entries, kept{plan: plan, calls: samples(calls)[0], fresh: fresh})
	if len(c.entries) <= mostKept {
		return
	}
	least := 0
	for i := range c.entries {
		if c.entries[i].fresh < c.entries[least].fresh {
			least = i
		}
	}
	c.entries = slices.Delete(c.entries, least, least+1)
}

// next is a plan of the corpus that was changed: of the one that was changed least often,
// and of those the one that brought most. False: none that is valid was drawn.
func (c *corpus) next() (scenarios.Plan, bool) {
	if len(c.entries) == 0 {
		return scenarios.Plan{}, false
	}
	best := 0
	for i := range c.entries {
		e, b := &c.entries[i], &c.entries[best]
		if e.used < b.used || e.used == b.used && e.fresh > b.fresh {
			best = i
		}
	}
	from := &c.entries[best]
	from.used++
	for range mostTries {
		c.made++
		d := sim.NewDice(c.seed, fmt.Sprintf("search/guided/%d", c.made))
		plan := from.plan.Clone()
		for range d.Between(1, 3) {
			c.change(d, &plan, from)
		}
		if c.finish(&plan, from.plan.Name) {
			return plan, true
		}
	}
	return scenarios.Plan{}, false
}

// finish gives a changed plan its name, and says whether it is valid and was not made yet.
func (c *corpus) finish(plan *scenarios.Plan, from string) bool {
	for i := range plan.Faults {
		plan.Faults[i].ID = fmt.Sprintf("guided-%d", i+1)
	}
	plan.AtRest = 0 // other faults than the restart may be in the way
	plan.Name, plan.Description = "guided", "made from "+from
	*plan = completed(*plan)
	if len(plan.Faults) == 0 || plan.Validate() != nil {
		return false
	}
	plan.Name = fmt.Sprintf("guided-%08x", hashOf(*plan))
	fresh := !c.names[plan.Name]
	c.names[plan.Name] = true
	return fresh
}

// hashOf tells plans apart that were valid, whatever their names.
func hashOf(plan scenarios.Plan) uint32 {
	plan.Name, plan.Description = "corpus", ""
	text, err := scenarios.Marshal(plan)
	if err != nil {
		panic(fmt.Sprintf("search: a valid plan cannot be written: %v", err))
	}
	h := fnv.New32a()
	h.Write(text)
	return h.Sum32()
}

// change changes one thing of a plan: a fault goes, comes earlier or later, lasts longer,
// is taken over from another plan or strikes a call that the plan's run has made; a step
// comes at another time; latencies are drawn anew.
func (c *corpus) change(d sim.Dice, plan *scenarios.Plan, from *kept) {
	switch d.Weighted(2, 4, 3, 4, 6, 2, 1) {
	case 0:
		if n := len(plan.Faults); n > 1 {
			i := d.Intn(n)
			plan.Faults = slices.Delete(plan.Faults, i, i+1)
		}
	case 1:
		if n := len(plan.Faults); n > 0 {
			move(&plan.Faults[d.Intn(n)], shift(d, plan.Safety), plan.Safety)
		}
	case 2:
		if n := len(plan.Faults); n > 0 {
			if r := &plan.Faults[d.Intn(n)]; r.Until > 0 {
				r.Until = min(r.Until+d.Span(time.Second, plan.Safety/8), plan.Safety)
			}
		}
	case 3:
		other := &c.entries[d.Intn(len(c.entries))].plan
		if n := len(other.Faults); n > 0 && sameWorld(other, plan) {
			plan.Faults = append(plan.Faults, other.Faults[d.Intn(n)])
		}
	case 4:
		if n := len(from.calls); n > 0 {
			call := &from.calls[d.Intn(n)]
			outcomes := outcomesOf(call)
			if p, possible := c.world.strike(call, outcomes[d.Intn(len(outcomes))]); possible {
				plan.Faults = append(plan.Faults, p.Faults...)
			}
		}
	case 5:
		if n := len(plan.Steps); n > 0 {
			s := &plan.Steps[d.Intn(n)]
			s.At = clamp(s.At+shift(d, plan.Safety), plan.Safety)
		}
	case 6:
		plan.Seed = sim.Seed(d.Intn(1 << 30))
	}
}

// sameWorld says whether the faults of one plan mean something in the other.
func sameWorld(a, b *scenarios.Plan) bool {
	return a.World.APIServer.Replicas <= b.World.APIServer.Replicas && a.Safety == b.Safety
}

// shift is some time, forth or back.
func shift(d sim.Dice, safety time.Duration) time.Duration {
	by := d.Scale(10*time.Millisecond, safety/4)
	if d.Chance(0.5) {
		return -by
	}
	return by
}

func clamp(at, safety time.Duration) time.Duration { return max(0, min(at, safety-time.Millisecond)) }

// move lets a fault come earlier or later.
func move(r *faults.Rule, by, safety time.Duration) {
	lasts := r.Until - r.From
	r.From = clamp(r.From+by, safety)
	if r.Until > 0 {
		r.Until = min(r.From+lasts, safety)
	}
}
