package search

import (
	"fmt"
	"strings"
	"time"

	"github.com/seatrial/seatrial/faults"
)

// observedCall is a call of a process under test that rules can strike.
type observedCall struct {
	faults.Call
	class string // process, verb and resource: calls of one class are served by one piece of code
	told  string // what came of it
	group string
	acted time.Duration // when a user changed something next; 0: never
	about *SketchCommit // the object with a life that it is for, most likely; nil: there is none
}

// described is a call in words.
func (c *observedCall) described() string {
	name := c.Name
	if c.Namespace != "" {
		name = c.Namespace + "/" + c.Name
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s", c.class, name)) + fmt.Sprintf(" #%d", c.Nth)
}

// samples are the first, the last and the middle one of each class, by round, in the
// order in which classes are first called.
func samples(calls []observedCall) [3][]observedCall {
	var order []string
	byClass := map[string][]observedCall{}
	for _, c := range calls {
		if byClass[c.class] == nil {
			order = append(order, c.class)
		}
		byClass[c.class] = append(byClass[c.class], c)
	}
	var rounds [3][]observedCall
	for _, class := range order {
		all := byClass[class]
		rounds[0] = append(rounds[0], all[0])
		if len(all) > 1 {
			rounds[1] = append(rounds[1], all[len(all)-1])
		}
		if len(all) > 2 {
			rounds[2] = append(rounds[2], all[len(all)/2])
		}
	}
	return rounds
}

// ordered outcomes of a call: those come first that the broad stage does not have, or hides,
// and then those that leave most behind. What a fault has brought about meets a few.
var (
	outcomesOfWrites = []Outcome{DownForLong, Outage, CrashAfter, Error, Lost, Conflict, DeletedMidway, CrashBefore, TimeoutApplied, TimeoutDropped}
	outcomesOfReads  = []Outcome{Outage, Error}
	broughtToWrites  = []Outcome{CrashAfter, Error, Lost}
	broughtToReads   = []Outcome{Error}
)

func outcomesOf(c *observedCall) []Outcome {
	if faults.IsWrite(c.Verb) {
		return outcomesOfWrites
	}
	return outcomesOfReads
}

// outcomesBrought befall a call that a fault has brought about.
func outcomesBrought(c *observedCall) []Outcome {
	if faults.IsWrite(c.Verb) {
		return broughtToWrites
	}
	return broughtToReads
}

// outage is how long an outage lasts: longer than five attempts with client-go's
// back-off, and shorter than what its back-off comes to after it.
const outage = 20 * time.Second

// strike is the probe that lets an outcome befall a call. It is not there for a conflict
// of a call that does not change an existing object, and for a long absence after the
// last act of users.
func (w *World) strike(c *observedCall, o Outcome) (Probe, bool) {
	p := Probe{Target: c.described(), Outcome: o, class: c.class}
	rule := faults.At(c.Call, faults.InternalError)
	switch o {
	case Lost:
		rule = faults.At(c.Call, faults.ResponseLost)
	case TimeoutApplied:
		rule = faults.At(c.Call, faults.TimeoutApplied)
	case TimeoutDropped:
		rule = faults.At(c.Call, faults.TimeoutDropped)
	case CrashBefore:
		rule = faults.CrashAt(c.Call, faults.BeforeCall)
	case CrashAfter:
		rule = faults.CrashAt(c.Call, faults.AfterCall)
	case DownForLong:
		if c.acted == 0 || c.acted+after >= w.Safety {
			return p, false
		}
		rule = faults.CrashAt(c.Call, faults.AfterCall)
		rule.RestartAfter = c.acted + after - c.At
	case Outage:
		rule.Limit, rule.Namespace, rule.Name, rule.First, rule.Last = 0, "", "", 0, 0
		rule.From, rule.Until = c.At, min(c.At+outage, w.Safety)
	case Conflict:
		return w.conflict(p, c)
	case DeletedMidway:
		return w.deletedMidway(p, c)
	}
	p.Faults = []faults.Rule{rule}
	return p, true
}

// held is how long a write is on its way when a user comes in between.
const held = time.Second

// conflict holds a write back for a second, in which a user touches the object.
func (w *World) conflict(p Probe, c *observedCall) (Probe, bool) {
	if c.Verb != "update" && c.Verb != "patch" || c.At+2*held >= w.Safety {
		return p, false
	}
	p.Faults = []faults.Rule{holdOf(c)}
	p.Edits = []Edit{{At: c.At + held/2, Resource: qualified(c.group, c.Resource), Namespace: c.Namespace, Name: c.Name}}
	return p, true
}

// deletedMidway holds a write back for a second, in which a user deletes what it is for.
func (w *World) deletedMidway(p Probe, c *observedCall) (Probe, bool) {
	if !w.Lives || c.about == nil || c.Verb == "delete" || c.At+2*held >= w.Safety {
		return p, false
	}
	p.Faults = []faults.Rule{holdOf(c)}
	p.Edits = []Edit{{At: c.At + held/2, Resource: qualified(c.about.Group, c.about.Resource), Namespace: c.about.Namespace, Name: c.about.Name, Delete: true}}
	return p, true
}

func holdOf(c *observedCall) faults.Rule {
	rule := faults.At(c.Call, faults.Hold)
	rule.From, rule.Until, rule.Direction = c.At, c.At+held, faults.ToServer
	return rule
}
