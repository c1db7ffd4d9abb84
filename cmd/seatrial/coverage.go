package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/internal/results"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/scenarios"
)

// recently is the number of runs over which new things are counted: when the
// last thousand brought hardly any, more of the same will not either.
const recently = 1000

// coverage adds up what the runs of a sweep met.
type coverage struct {
	runs    int
	illegal int            // of them, with faults that Kubernetes does not permit
	first   map[string]int // what was met, and by which run first, counted from 1
}

func (c *coverage) add(o sweep.Outcome) {
	c.runs++
	if c.first == nil {
		c.first = map[string]int{}
	}
	if o.Illegal {
		c.illegal++
	}
	for _, what := range metBy(o) {
		if c.first[what] == 0 {
			c.first[what] = c.runs
		}
	}
}

func metBy(o sweep.Outcome) []string {
	met := slices.Clone(o.Covered)
	for kind := range o.Fired {
		met = append(met, "fault "+kind)
	}
	slices.Sort(met)
	return met
}

// fresh is what the latest run, the one of this outcome, met first.
func (c *coverage) fresh(o sweep.Outcome) []string {
	return slices.DeleteFunc(metBy(o), func(what string) bool { return c.first[what] != c.runs })
}

// restore counts a run of an earlier sweep, of which only what was new is known.
func (c *coverage) restore(e *results.Entry) {
	c.runs++
	if c.first == nil {
		c.first = map[string]int{}
	}
	if e.Illegal {
		c.illegal++
	}
	for _, what := range e.New {
		c.first[what] = c.runs
	}
}

// lately is how many things the last runs met first.
func (c *coverage) lately() int {
	n := 0
	for _, run := range c.first {
		if run > c.runs-recently {
			n++
		}
	}
	return n
}

// print says how much was met, and how much of it lately.
func (c *coverage) print(out io.Writer) {
	count := func(prefix string) (all, lately int) {
		for what, run := range c.first {
			if strings.HasPrefix(what, prefix) {
				all++
				if run > c.runs-recently {
					lately++
				}
			}
		}
		return all, lately
	}
	kinds, newKinds := count("fault ")
	calls, newCalls := count("call ")
	states, newStates := count("state ")
	known := 0
	for _, info := range faults.Kinds() {
		if info.Permitted || c.illegal > 0 {
			known++
		}
	}
	fmt.Fprintf(out, "covered: %d of %s, %s of verb, resource and outcome, %s of objects\n",
		kinds, scenarios.Count(known, "fault kind"), scenarios.Count(calls, "triple"), scenarios.Count(states, "state"))
	if c.runs > recently {
		fmt.Fprintf(out, "new in the last %d runs: %s, %s, %s\n", recently,
			scenarios.Count(newKinds, "fault kind"), scenarios.Count(newCalls, "triple"), scenarios.Count(newStates, "state"))
	}
	if c.illegal > 0 {
		fmt.Fprintf(out, "%s had faults that Kubernetes does not permit\n", scenarios.Count(c.illegal, "run"))
	}
}

// caveat says of a run that nobody has to survive it.
func caveat(o sweep.Outcome) string {
	if !o.Illegal {
		return ""
	}
	return "  with faults that Kubernetes does not permit"
}
