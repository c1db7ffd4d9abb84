package globalingressip_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
	"github.com/seatrial/seatrial/scenarios/swarm"
	"github.com/seatrial/seatrial/sim"
)

// Goal: every scenario of the library ends as it says for every subject that it
// names, and for the shipped controller with a pass.
func TestTheLibraryEndsAsExpected(t *testing.T) {
	for _, plan := range globalingressip.Library() {
		names := append(scenarios.SortedKeys(plan.Expect), globalingressip.Shipped)
		for _, name := range names {
			t.Run(plan.Name+"/"+name, func(t *testing.T) {
				subject, ok := globalingressip.Registry().Find(name)
				if !assert.True(t, ok) {
					return
				}
				result := scenarios.Run(t, plan, subject, plan.Seed, scenarios.RunOptions{})
				assert.True(t, result.Met(), "%s %s: %s", result.Verdict.Kind, result.Verdict.Property, result.Verdict.Message)
			})
		}
	}
}

func TestGeneratedPlansPass(t *testing.T) {
	subject, _ := globalingressip.Registry().Find(globalingressip.Shipped)
	for seed := range sim.Seed(100) {
		result := swarm.Try(t, subject, seed, scenarios.Extras{}, scenarios.RunOptions{})
		assert.Equal(t, model.VerdictPass, result.Verdict.Kind, "seed %d: %s: %s", seed, result.Verdict.Property, result.Verdict.Message)
		if seed%10 == 0 {
			text, err := scenarios.Marshal(result.Plan)
			assert.NoError(t, err)
			again, err := scenarios.Parse("plan.yaml", text, globalingressip.Language())
			assert.NoError(t, err)
			again.Language = result.Plan.Language
			assert.Equal(t, result.Plan, again)
		}
	}
}
