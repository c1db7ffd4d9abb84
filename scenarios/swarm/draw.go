package swarm

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// Version names the generator. Another version gives the plans of seeds another
// meaning; the plans that it drew before stay what they are.
const Version = "swarm/8 " + sim.GeneratorName

// Draw draws the plan of a seed: world, steps and faults. A subject with a
// baseline is run without faults for it; when that run fails already, the plan
// has no faults and the result is returned, too.
//
// The plan of a subject without a World of its own cannot be drawn: Draw panics.
func Draw(t *testing.T, subject scenarios.Subject, seed sim.Seed, extras scenarios.Extras, o scenarios.RunOptions) (scenarios.Plan, *scenarios.Result) {
	plan, outages := steps(t, subject, seed, extras, o)
	if plan.Faults != nil {
		return plan, nil // somebody has decided them
	}
	seen := survey(t, subject, o)
	if subject.Baseline != nil {
		base := scenarios.Observe(t, plan, subject, seed, o)
		if base.Verdict.Kind != model.VerdictPass {
			return plan, &base
		}
		seen = seen.at(&base.Record.History, plan.UnderTest())
	}
	for _, o := range outages {
		plan.Faults = append(plan.Faults, o.rules...)
	}
	plan.Faults = append(plan.Faults, drawFaults(seed, &plan, outages, seen, extras.Illegal)...)
	plan.Default()
	return plan, nil
}

// calm: nothing at all goes wrong in one plan of eight, so that what a subject owes
// its users while nothing stands in the way is looked at for long, with everything
// that users do.
func calm(seed sim.Seed) bool { return newDice(seed, "calm").Chance(0.12) }

// Steps draws the plan of a seed without its faults.
func Steps(t *testing.T, subject scenarios.Subject, seed sim.Seed, extras scenarios.Extras, o scenarios.RunOptions) scenarios.Plan {
	plan, _ := steps(t, subject, seed, extras, o)
	return plan
}

// Try draws the plan of a seed, runs it and judges what happened.
func Try(t *testing.T, subject scenarios.Subject, seed sim.Seed, extras scenarios.Extras, o scenarios.RunOptions) scenarios.Result {
	if o.Baselines == nil {
		o.Baselines = &scenarios.Baselines{} // it is needed twice
	}
	plan, failed := Draw(t, subject, seed, extras, o)
	if failed != nil {
		return *failed
	}
	return scenarios.Run(t, plan, subject, seed, o)
}

func steps(t *testing.T, subject scenarios.Subject, seed sim.Seed, extras scenarios.Extras, o scenarios.RunOptions) (scenarios.Plan, []outage) {
	if subject.World == nil {
		panic(fmt.Sprintf("swarm: subject %s has no world to draw", subject.Name))
	}
	plan := subject.World(seed, extras)
	plan.Seed, plan.Generator = seed, Version
	plan.Language = subject.Language
	plan.Default()
	decided := plan.Faults != nil
	var outages []outage
	if !decided && !calm(seed) {
		outages = drawOutages(newDice(seed, "outages"), &plan, survey(t, subject, o))
	}
	if subject.Traffic != nil {
		plan.Steps = append(plan.Steps, subject.Traffic(seed, &plan, windowsOf(outages), extras)...)
	} else {
		plan.Steps = append(plan.Steps, lives(seed, subject.Objects, plan.Safety)...)
	}
	plan.Steps = append(plan.Steps, drawEdits(t, subject, seed, &plan, o)...)
	slices.SortStableFunc(plan.Steps, func(a, b scenarios.Step) int { return cmp.Compare(a.At, b.At) })
	plan.Default()
	scenarios.NameTwins(plan.Steps)
	return plan, outages
}

// dice are those of the generator.
type dice = sim.Dice

func newDice(seed sim.Seed, purpose string) dice { return sim.NewDice(seed, "plan/"+purpose) }
