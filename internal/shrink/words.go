package shrink

import (
	"cmp"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/scenarios"
)

// simplerRules takes words out of the rules, one at a time.
func simplerRules(s *search, try func(scenarios.Plan)) {
	for i := range s.plan.Faults {
		for _, change := range ruleChanges() {
			p := s.plan
			p.Faults = without(p.Faults, 0, 0)
			change(&p.Faults[i])
			try(p)
		}
	}
}

func ruleChanges() []func(*faults.Rule) {
	changes := []func(*faults.Rule){
		func(r *faults.Rule) { r.Probability = 1 },
		func(r *faults.Rule) {
			if !named(*r) {
				r.ID = ""
			}
		},
		func(r *faults.Rule) {
			if r.Kind != faults.Crash { // killed at every call, it would be for ever
				r.Limit = 0
			}
		},
		func(r *faults.Rule) { r.Limit = min(r.Limit, 1) },
		func(r *faults.Rule) { r.Delay = faults.Span{} },
		func(r *faults.Rule) { r.Delay.Min = r.Delay.Max },
		func(r *faults.Rule) { r.RetryAfter = 0 },
		func(r *faults.Rule) { r.RestartAfter = 0 },
		func(r *faults.Rule) { r.Process = "" },
		func(r *faults.Rule) { r.Verbs = nil },
		func(r *faults.Rule) { r.Resources = nil },
		func(r *faults.Rule) { r.Namespace = "" },
		func(r *faults.Rule) { r.Name = "" },
		func(r *faults.Rule) { r.First, r.Last = 0, 0 },
		func(r *faults.Rule) { r.Nth = 0 },
		func(r *faults.Rule) { r.Replica = 0 },
		func(r *faults.Rule) { r.Direction = faults.BothWays },
		func(r *faults.Rule) { r.From = 0 },
		func(r *faults.Rule) { r.Until = 0 },
	}
	for _, unit := range []time.Duration{10 * time.Second, time.Second, 100 * time.Millisecond} {
		changes = append(changes,
			func(r *faults.Rule) { r.From = r.From.Round(unit) },
			func(r *faults.Rule) { r.From = r.From.Truncate(unit) },
			func(r *faults.Rule) { r.Until = r.Until.Round(unit) },
			func(r *faults.Rule) { r.Until = ceil(r.Until, unit) },
			func(r *faults.Rule) {
				r.Delay = faults.Span{Min: ceil(r.Delay.Min, unit), Max: ceil(r.Delay.Max, unit)}
			},
			func(r *faults.Rule) { r.RestartAfter = ceil(r.RestartAfter, unit) },
		)
	}
	return changes
}

// simplerSteps takes words out of the steps: of all at once, then of each.
func simplerSteps(s *search, try func(scenarios.Plan)) {
	for _, change := range stepChanges() {
		p := s.plan.Clone()
		for i := range p.Steps {
			p.Steps[i].ID = ""
			change(&p.Steps[i])
		}
		try(p)
	}
	for i := range s.plan.Steps {
		for _, change := range stepChanges() {
			p := s.plan.Clone()
			p.Steps[i].ID = ""
			change(&p.Steps[i])
			try(p)
		}
	}
}

func stepChanges() []func(*scenarios.Step) {
	changes := []func(*scenarios.Step){
		func(s *scenarios.Step) {},
		func(s *scenarios.Step) { s.User = "" },
	}
	for _, unit := range []time.Duration{10 * time.Second, time.Second, 100 * time.Millisecond} {
		changes = append(changes,
			// Not down to 0s: a controller needs a moment to start.
			func(s *scenarios.Step) { s.At = cmp.Or(s.At.Round(unit), s.At) },
			func(s *scenarios.Step) { s.At = cmp.Or(s.At.Truncate(unit), s.At) },
			func(s *scenarios.Step) { s.At = ceil(s.At, unit) },
		)
	}
	return changes
}
