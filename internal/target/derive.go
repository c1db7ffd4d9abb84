package target

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// Derive gives one plan for each fault that the mode places at the calls: the
// given plan and that fault. For [Pairs] these are the first faults only.
//
// Calls that no rule can hit are passed over: those made once the weather has
// cleared, and those of resources that plans cannot name, such as discovery.
// Names and IDs follow from the order of the calls, which one plan, subject and
// seed fix.
func Derive(mode Mode, plan scenarios.Plan, calls []faults.Call) []scenarios.Plan {
	var plans []scenarios.Plan
	for _, c := range calls {
		if c.At >= plan.Safety || scenarios.IsDiscovery(c.Resource) {
			continue
		}
		for _, rule := range mode.rulesFor(c) {
			rule.ID = fmt.Sprintf("aimed-%d", len(plan.Faults)+1)
			next := plan
			next.Name = fmt.Sprintf("%s-%04d", cut(plan.Name), len(plans)+1)
			next.Description = plan.Description + describe(rule, c)
			next.Faults = append(slices.Clone(plan.Faults), rule)
			if next.Validate() == nil {
				plans = append(plans, next)
			}
		}
	}
	return plans
}

// longestBase leaves room for two numbers in a plan's name.
const longestBase = 80

func cut(name string) string { return name[:min(len(name), longestBase)] }

// describe says in a sentence what was added to a plan.
func describe(r faults.Rule, c faults.Call) string {
	what := string(r.Kind)
	if r.When != faults.AtTime {
		what += " " + string(r.When)
	}
	object := c.Name
	if c.Namespace != "" {
		object = c.Namespace + "/" + c.Name
	}
	return fmt.Sprintf("\nAimed: %s, %s, %s %s %s #%d.", what, c.Process, c.Verb, c.Resource, object, c.Nth)
}

// after are the calls that come later than the one that the plan's last fault
// is aimed at. The run up to that call is the same with and without the fault,
// so the call is found by its identity.
func after(plan scenarios.Plan, calls []faults.Call) []faults.Call {
	aim := plan.Faults[len(plan.Faults)-1].Match
	i := slices.IndexFunc(calls, func(c faults.Call) bool {
		return aim.Matches(c) && c.Name == aim.Name && c.Namespace == aim.Namespace
	})
	return calls[i+1:]
}

// choose keeps at most limit plans, by a draw that depends on each plan and its
// seed alone, in their order. 0: all.
func choose(plans []scenarios.Plan, limit int) []scenarios.Plan {
	if limit == 0 || len(plans) <= limit {
		return plans
	}
	type ranked struct {
		index int
		rank  float64
	}
	order := make([]ranked, len(plans))
	for i := range plans {
		order[i] = ranked{i, sim.Draw(plans[i].Seed, "aim", plans[i].Description)}
	}
	slices.SortFunc(order, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	order = order[:limit]
	slices.SortFunc(order, func(a, b ranked) int { return cmp.Compare(a.index, b.index) })
	chosen := make([]scenarios.Plan, limit)
	for i, r := range order {
		chosen[i] = plans[r.index]
	}
	return chosen
}
