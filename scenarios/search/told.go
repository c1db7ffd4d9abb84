package search

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/scenarios"
)

// Report is a coverage as programs read it.
type Report struct {
	Runs    map[Stage]int `json:"runs"`
	Calls   Share         `json:"calls"`   // classes of call that were struck
	Commits Share         `json:"commits"` // classes of change
	// Outcomes says how many classes each outcome befell, Struck which befell each class;
	// Spared are the classes of fault-free runs that none did.
	Outcomes map[Outcome]int      `json:"outcomes"`
	Struck   map[string][]Outcome `json:"struck"`
	Spared   []string             `json:"spared"`

	NeverFired []Missed `json:"neverFired"`
	Untested   []string `json:"untested"`
	NeverSeen  []string `json:"neverSeen"`
	// SinceNew is how many runs ago something new was seen last, NewProbability an
	// estimate of how likely the next run shows something new: see [Coverage.Unseen].
	SinceNew       int     `json:"sinceNew"`
	NewProbability float64 `json:"newProbability"`
	ProbesLeft     int     `json:"probesLeft"`
}

// Share is a part of a whole.
type Share struct {
	Struck int `json:"struck"`
	Of     int `json:"of"`
}

// Report is what the coverage amounts to.
func (c *Coverage) Report() Report {
	r := Report{
		Runs: c.Stages, Calls: Share{Of: c.Calls}, Commits: Share{Of: c.Commits}, Outcomes: map[Outcome]int{}, Struck: c.Struck,
		NeverFired: c.Missed, Untested: c.Untested, NeverSeen: c.NeverSeen, SinceNew: c.SinceNew, NewProbability: c.Unseen(), ProbesLeft: c.Left,
	}
	for class, outcomes := range c.Struck {
		for _, o := range outcomes {
			r.Outcomes[o]++
		}
		switch {
		case !c.seen[class]: // a process, or a call that a fault has brought about
		case isCommit(class):
			r.Commits.Struck++
		default:
			r.Calls.Struck++
		}
	}
	for class := range c.seen {
		if len(c.Struck[class]) == 0 {
			r.Spared = append(r.Spared, class)
		}
	}
	slices.Sort(r.Spared)
	return r
}

func isCommit(class string) bool { return strings.Contains(class, " sees ") }

// mostTold is how many of a kind are told by name in a few words.
const mostTold = 5

// String tells the coverage in a few lines.
func (c *Coverage) String() string {
	r := c.Report()
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("runs: %d fault-free, %d of one outcome for much at once, %d of one fault, %d of another at what it brought about, %d of a seed, %d guided",
		r.Runs[FaultFree], r.Runs[Broad], r.Runs[Systematic], r.Runs[Recursive], r.Runs[Swarm], r.Runs[Guided])
	if n := r.Runs[Kept]; n > 0 {
		line("corpus: %s of earlier searches, %d now", scenarios.Count(n, "plan"), len(c.Corpus))
	}
	switch {
	case c.AllFailed:
		line("nothing was struck: it fails without faults")
	case c.Calls == 0:
		line("nothing to strike: no process under test calls anything without faults")
	default:
		line("struck: %d of %d kinds of call, %d of %d kinds of change, by %s", r.Calls.Struck, r.Calls.Of, r.Commits.Struck, r.Commits.Of, outcomesTold(r.Outcomes))
	}
	if len(r.Spared) > 0 {
		line("not struck: %s", some(r.Spared))
	}
	if len(r.NeverFired) > 0 {
		var missed []string
		for _, m := range r.NeverFired {
			missed = append(missed, m.String())
		}
		line("never fired: %s of %d: %s", scenarios.Count(len(missed), "probe"), r.Runs[Systematic]+r.Runs[Recursive], some(missed))
	}
	if len(r.Untested) > 0 {
		line("laws never tested, because no run had what they are about: %s", strings.Join(r.Untested, ", "))
	}
	if len(r.NeverSeen) > 0 {
		line("never seen: %s", strings.Join(r.NeverSeen, ", "))
	}
	if c.Runs > 0 {
		line("something new was last seen %s ago; the next run shows something new with probability %.2f", scenarios.Count(c.SinceNew, "run"), r.NewProbability)
	}
	if r.ProbesLeft > 0 {
		line("%s not tried: a larger budget has them", scenarios.Count(r.ProbesLeft, "probe"))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// outcomesTold lists outcomes and how many kinds each befell, in the order of stages.
func outcomesTold(times map[Outcome]int) string {
	var parts []string
	for _, o := range allOutcomes {
		if times[o] > 0 {
			parts = append(parts, fmt.Sprintf("%s ×%d", o, times[o]))
		}
	}
	if len(parts) == 0 {
		return "nothing yet"
	}
	return strings.Join(parts, "; ")
}

// allOutcomes are those of calls, of commits and of processes.
var allOutcomes = slices.Concat(outcomesOfWrites, outcomesOfCommits, []Outcome{Replaced, CutOff, Paused, RestartedAtRest, LateAtRestart, LateAfterRemoval, Slow})

// some are the first few, and how many more there are.
func some(all []string) string {
	text := strings.Join(all[:min(len(all), mostTold)], "; ")
	if more := len(all) - mostTold; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}
