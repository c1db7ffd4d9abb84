package search

import (
	"slices"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/scenarios"
)

// Coverage says what a search has covered. Its zero value is that of a search that has
// found nothing to strike.
type Coverage struct {
	// Stages are how many runs of each stage were told.
	Stages map[Stage]int
	// Calls and Commits are how many classes of them the baseline has.
	Calls, Commits int
	// Struck are the outcomes that befell a class, by class; Missed are the probes whose
	// fault did not fire.
	Struck map[string][]Outcome
	Missed []Missed
	// Runs with faults were told; SinceNew of them since the last that showed something new.
	Runs, SinceNew int
	// Left are the probes that are known and were not made; what those bring about is not
	// among them.
	Left int
	// Untested are the laws that held in runs that had nothing they are about; NeverSeen
	// is what was to be seen at least once: see [model.Sometimes].
	Untested, NeverSeen []string
	// Corpus are plans that were survived and showed something new, in the order in which
	// they did.
	Corpus []scenarios.Plan
	// AllFailed: no story passes, so nothing was struck.
	AllFailed bool

	once map[string]int // in how many runs with faults each feature was seen
	seen map[string]bool
}

// class counts a class of the baseline.
func (c *Coverage) class(name string, commit bool) {
	if c.seen == nil {
		c.seen = map[string]bool{}
	}
	if c.seen[name] {
		return
	}
	c.seen[name] = true
	if commit {
		c.Commits++
		return
	}
	c.Calls++
}

// shown counts the features of a run.
func (c *Coverage) shown(features []string) {
	if c.once == nil {
		c.once = map[string]int{}
	}
	for _, f := range features {
		c.once[f]++
	}
}

// count counts a run.
func (c *Coverage) count(fresh bool) {
	c.Runs++
	c.SinceNew++
	if fresh {
		c.SinceNew = 0
	}
}

// addAtOnce counts a run of many faults. What did not fire is left to single ones, and is
// not told as missed.
func (c *Coverage) addAtOnce(p Probe, fresh bool, unfired []string) {
	c.count(fresh)
	for _, part := range p.parts {
		fired := true
		for i := part.from; i < part.to; i++ {
			held := p.Outcome == NeverSeen && p.Faults[i].Kind == faults.Hold // a list is only held back if it comes too soon
			fired = fired && (held || !slices.Contains(unfired, p.Faults[i].ID))
		}
		if fired {
			c.strike(part.class, p.Outcome)
		}
	}
}

func (c *Coverage) strike(class string, o Outcome) {
	if c.Struck == nil {
		c.Struck = map[string][]Outcome{}
	}
	if !slices.Contains(c.Struck[class], o) {
		c.Struck[class] = append(c.Struck[class], o)
	}
}

func (c *Coverage) add(p Probe, fresh bool, whyNot string) {
	c.count(fresh)
	if whyNot != "" {
		c.Missed = append(c.Missed, Missed{p.Target, p.Outcome, whyNot})
		return
	}
	c.strike(p.class, p.Outcome)
}

// Unseen estimates the probability that the next run shows a feature
// that none has shown: the number of those seen in one run only, over the number of runs
// (Good, The population frequencies of species, 1953). It is 1 before the first run.
func (c *Coverage) Unseen() float64 {
	if c.Runs == 0 {
		return 1
	}
	singles := 0
	for _, n := range c.once {
		if n == 1 {
			singles++
		}
	}
	return min(1, float64(singles)/float64(c.Runs))
}
