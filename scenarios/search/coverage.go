package search

import (
	"fmt"
	"slices"
	"strings"
)

// Coverage says what a search has covered. Its zero value is that of a search that has
// found nothing to strike.
type Coverage struct {
	// Calls and Commits are how many classes of them the baseline has.
	Calls, Commits int
	// Struck are the outcomes that befell a class, by class; Missed are the probes whose
	// fault did not fire, in words.
	Struck map[string][]Outcome
	Missed []string
	// Runs were told; SinceNew of them since the last that showed something new.
	Runs, SinceNew int

	once map[string]int // in how many runs each kind of call and answer was seen
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

func (c *Coverage) add(p Probe, kinds map[string]bool, fresh int, fired bool) {
	if c.Struck == nil {
		c.Struck, c.once = map[string][]Outcome{}, map[string]int{}
	}
	c.Runs++
	c.SinceNew++
	if fresh > 0 {
		c.SinceNew = 0
	}
	for kind := range kinds {
		c.once[kind]++
	}
	switch {
	case !fired:
		c.Missed = append(c.Missed, p.Target+": "+string(p.Outcome))
	case !slices.Contains(c.Struck[p.class], p.Outcome):
		c.Struck[p.class] = append(c.Struck[p.class], p.Outcome)
	}
}

// Unseen estimates the probability that the next run shows a kind of call and answer
// that none has shown: the number of kinds seen in one run only, over the number of runs
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

// String is the coverage in a few words.
func (c *Coverage) String() string {
	if c.Calls == 0 {
		return "nothing to strike: no process under test calls anything without faults"
	}
	calls, commits := 0, 0
	for class := range c.Struck {
		switch {
		case !c.seen[class]:
		case strings.Contains(class, " sees "):
			commits++
		default:
			calls++
		}
	}
	return fmt.Sprintf("%d of %d kinds of call and %d of %d kinds of change struck, %d faults never fired; nothing new for %d of %d runs (the next shows something new with probability %.2f)",
		calls, c.Calls, commits, c.Commits, len(c.Missed), c.SinceNew, c.Runs, c.Unseen())
}
