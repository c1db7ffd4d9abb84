package shrink

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// Explanation tells what one thing in a plan does: how the same plan ends
// without it, and where the two runs part.
type Explanation struct {
	Without  string // the fault or step that was left out, in a line
	Verdict  model.VerdictKind
	Property string // that is violated all the same, if any
	Before   []sim.Event
	// With and Alone are what comes next in the run that fails and in the one
	// without. Their numbers and times may differ from there on.
	With, Alone []sim.Event
}

// How many events of the traces are shown around the place where they part.
const (
	eventsBefore = 3
	eventsAfter  = 4
)

// explain leaves out the last fault, or the last step of a plan without
// faults, and compares.
func (s *search) explain(failed sweep.Outcome) (*Explanation, error) {
	p, what := withoutLast(s.plan)
	if what == "" {
		return nil, nil
	}
	job, err := s.jobFor(mended(p))
	if err != nil {
		return nil, nil // nothing sensible is left
	}
	job.Trace = true
	outcome, err := s.bench.run(job)
	if err != nil {
		return nil, err
	}
	with, err1 := sweep.DecodeEvents("the trace", failed.Trace)
	alone, err2 := sweep.DecodeEvents("the trace", outcome.Trace)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	e := &Explanation{Without: what, Verdict: outcome.Verdict, Property: outcome.Property}
	e.compare(with, alone)
	return e, nil
}

func (e *Explanation) compare(with, alone []sim.Event) {
	i := 0
	for i < min(len(with), len(alone)) && with[i] == alone[i] {
		i++
	}
	part := func(events []sim.Event, from, to int) []sim.Event {
		return slices.Clone(events[max(0, min(from, len(events))):min(to, len(events))])
	}
	e.Before = part(with, i-eventsBefore, i)
	e.With, e.Alone = part(with, i, i+eventsAfter), part(alone, i, i+eventsAfter)
}

// withoutLast leaves out the fault that begins last, or the last step.
func withoutLast(p scenarios.Plan) (scenarios.Plan, string) {
	if len(p.Faults) > 0 {
		last := 0
		for i, r := range p.Faults {
			if r.From >= p.Faults[last].From {
				last = i
			}
		}
		what := describe(p.Faults[last])
		p.Faults = without(p.Faults, last, 1)
		return p, what
	}
	if len(p.Steps) > 0 {
		last := len(p.Steps) - 1
		what := "the step " + p.Steps[last].String()
		p.Steps = without(p.Steps, last, 1)
		return p, what
	}
	return p, ""
}

// Without is a plan without the fault of that ID, and without what makes no sense then.
// The error names the faults that there are.
func Without(p scenarios.Plan, id string) (scenarios.Plan, error) {
	i := slices.IndexFunc(p.Faults, func(r faults.Rule) bool { return r.ID == id })
	if i < 0 {
		var ids []string
		for _, r := range p.Faults {
			ids = append(ids, r.ID)
		}
		return p, fmt.Errorf("the plan has no fault %q (it has %s)", id, cmp.Or(strings.Join(ids, ", "), "none"))
	}
	p.Faults = without(p.Faults, i, 1)
	return mended(p), nil
}

func describe(r faults.Rule) string {
	return fmt.Sprintf("the fault %s of %s (%s)", r.ID, r.From, r.Kind)
}

// String is the explanation as people read it.
func (e *Explanation) String() string {
	var b strings.Builder
	how := "passes"
	if e.Verdict != model.VerdictPass {
		how = fmt.Sprintf("ends %s (%s)", e.Verdict, e.Property)
	}
	fmt.Fprintf(&b, "The same plan without %s %s.\n", e.Without, how)
	if len(e.With)+len(e.Alone) == 0 {
		b.WriteString("The two runs have the same events.\n")
		return b.String()
	}
	if len(e.Before)+len(e.With) == 0 {
		b.WriteString("The one that fails left no events: its process ended.\n")
		return b.String()
	}
	b.WriteString("The two runs part here (- fails, + without):\n")
	for _, part := range []struct {
		mark   string
		events []sim.Event
	}{{" ", e.Before}, {"-", e.With}, {"+", e.Alone}} {
		for _, event := range part.events {
			fmt.Fprintf(&b, "%s %s\n", part.mark, event)
		}
	}
	return b.String()
}
