package sweep_test

import (
	"maps"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/sweep"
)

// Goal: every scenario of the library keeps its word: the historical bug that
// it was written for is caught by the property that it names, and the
// controller that ships passes. Method: each is run against every subject that
// its expectations name, with its own seed and two others, since a scenario that
// needs luck shows nothing.
func TestTheLibraryMeetsItsExpectations(t *testing.T) {
	var jobs []sweep.Job
	var want []scenarios.Expectation
	for _, plan := range scenarios.Library() {
		text, err := scenarios.Marshal(plan)
		require.NoError(t, err)
		for _, subject := range slices.Sorted(maps.Keys(plan.Expect)) {
			for seed := range uint64(3) {
				jobs = append(jobs, sweep.Job{
					Seed: uint64(plan.Seed) + seed, Plan: string(text), File: plan.Name + ".yaml", Subject: subject, Confirm: 1,
				})
				want = append(want, plan.Expect[subject])
			}
		}
	}
	for i, o := range run(t, sweep.Pool{Workers: runtime.NumCPU()}, jobs) {
		require.Empty(t, o.Error)
		assert.Equal(t, want[i].Verdict, string(o.Verdict), "%s against %s, seed %d: %s: %s", o.Scenario, o.Job.Subject, o.Job.Seed, o.Property, o.Message)
		if want[i].Property != "" {
			assert.Equal(t, want[i].Property, o.Property, "%s against %s, seed %d: %s", o.Scenario, o.Job.Subject, o.Job.Seed, o.Message)
		}
	}
}
