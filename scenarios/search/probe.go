package search

import (
	"fmt"
	"hash/fnv"
	"time"

	"github.com/seatrial/seatrial/faults"
)

// Stage of a search.
type Stage string

const (
	Broad      Stage = "broad" // one outcome for much at once
	Systematic Stage = "systematic"
	Recursive  Stage = "recursive"
)

// Outcome is what befalls a call or a commit.
type Outcome string

// Outcomes of calls. An outage is the error for twenty seconds, of all calls of the class.
const (
	Error          Outcome = "error"
	Lost           Outcome = "answer lost"
	CrashBefore    Outcome = "crash before"
	CrashAfter     Outcome = "crash after"
	DownForLong    Outcome = "crash after, down until users have acted"
	Outage         Outcome = "outage"
	TimeoutApplied Outcome = "time-out, applied"
	TimeoutDropped Outcome = "time-out, dropped"
	Conflict       Outcome = "conflict"
	DeletedMidway  Outcome = "deleted midway" // what it is for goes while the call is on its way
)

// Outcomes of commits.
const (
	SeenLate   Outcome = "seen late"   // ten seconds
	NeverSeen  Outcome = "never seen"  // the watch expires, and the list comes after the next change
	SleptOver  Outcome = "slept over"  // the process is down until after the next change
	SeenBehind Outcome = "seen behind" // a restart at an API server that does not have what came later
	// Replaced is for what goes and is made anew: nothing is seen of that, nor of anything
	// else meanwhile.
	Replaced Outcome = "replaced unseen"
)

// Outcomes of a process, and of what acts beside it.
const (
	CutOff          Outcome = "cut off" // for a third of the safety phase, longer than a lease
	Paused          Outcome = "paused"  // as long
	RestartedAtRest Outcome = "restarted at rest"
	LateAtRestart   Outcome = "late at a restart" // a list, by three seconds
	// LateAfterRemoval is the same as soon as something has gone.
	LateAfterRemoval Outcome = "late at a restart after a removal"
	Slow             Outcome = "slow"
)

// Edit is a change by a user that goes with a probe: it alters nothing but the
// resourceVersion of an object, once and back again, or deletes it.
type Edit struct {
	At                        time.Duration
	Resource, Namespace, Name string
	Delete                    bool
}

// Probe is one run to be made.
type Probe struct {
	// Name tells a probe from all others of the same stories, and is the same in each
	// search: it follows from what is struck and by what. The name of a probe of the
	// recursive stage begins with that of the one from which it comes.
	Name    string
	Number  int // from 1
	Stage   Stage
	Story   int    // the baseline, by its place, whose steps the run has
	Target  string // what is struck, in words
	Outcome Outcome
	Faults  []faults.Rule
	Edits   []Edit
	// AtRest is when a process is restarted in a world that has come to rest, after which
	// it has nothing to change; see [model.RestLasts]. 0: that is not what the probe does.
	AtRest time.Duration
	// Servers is how many API servers the run needs at least; 0: any number.
	Servers int

	depth int
	class string
	parts []part // of one that strikes much at once, in the place of class
}

// part is a class that a probe strikes by some of its faults, the first and the one after
// the last.
type part struct {
	class    string
	from, to int
}

// with adds what another probe strikes.
func (p *Probe) with(one Probe) {
	from := len(p.Faults)
	p.Faults, p.Edits = append(p.Faults, one.Faults...), append(p.Edits, one.Edits...)
	p.parts = append(p.parts, part{one.class, from, len(p.Faults)})
}

// String names a probe in one line.
func (p Probe) String() string {
	return fmt.Sprintf("%s %d: %s: %s", p.Stage, p.Number, p.Target, p.Outcome)
}

// numbered gives the rules of a probe their IDs.
func (p *Probe) numbered(n int) {
	p.Number = n
	rules := make([]faults.Rule, len(p.Faults))
	for i, r := range p.Faults {
		r.ID = ruleID(i)
		rules[i] = r
	}
	p.Faults = rules
}

// ruleID is that of a probe's rule, by its place.
func ruleID(i int) string { return fmt.Sprintf("probe-%d", i+1) }

// name gives a probe its name: that of the one from which it comes, if there is one, and
// a hash of its own.
func (p *Probe) name(from string) {
	h := fnv.New32a()
	fmt.Fprintf(h, "%d %s: %s", p.Story, p.Target, p.Outcome)
	if from == "" {
		from = "probe"
	}
	p.Name = fmt.Sprintf("%s-%08x", from, h.Sum32())
}
