package target_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/internal/target"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
	"github.com/seatrial/seatrial/scenarios/search"
	"github.com/seatrial/seatrial/sim"
)

// Goal: workers make a search as one process would: same budget, same runs, same
// verdicts, whoever runs them; and one run of it can be had alone. Method: a search from a
// small plan and one from what the subject draws, by real workers.

func searched(t *testing.T, s target.Search, workers int) (runs []string, made []target.Made, coverage search.Coverage, err error) {
	t.Helper()
	s.Language = globalingressip.Language()
	coverage, err = s.Run(context.Background(), sweep.Pool{Workers: workers}.Run, func(step search.Step, o sweep.Outcome) {
		assert.Equal(t, model.VerdictPass, o.Verdict, "%s: %s: %s", step.Name, step.By, o.Message)
		runs = append(runs, fmt.Sprintf("%s %s %s", step.Stage, step.Name, o.Hash))
		made = append(made, target.Made{Scenario: o.Scenario, Seed: sim.Seed(o.Job.Seed)})
	})
	return runs, made, coverage, err
}

func TestASearchByWorkers(t *testing.T) {
	s := target.Search{Job: sweep.Job{Subject: globalingressip.Shipped}, Stories: []scenarios.Plan{smallPlan(t)}, Runs: 26}
	one, made, coverage, err := searched(t, s, 1)
	require.NoError(t, err)
	require.Len(t, one, s.Runs)
	two, _, _, err := searched(t, s, 2)
	require.NoError(t, err)
	assert.Equal(t, one, two)
	assert.Equal(t, s.Runs-1, coverage.Runs, "all but the fault-free one are counted")
	assert.NotEmpty(t, coverage.Struck)

	var stage, probe, hash string
	_, err = fmt.Sscan(one[20], &stage, &probe, &hash)
	require.NoError(t, err)
	alone := s
	alone.Only, alone.Runs = probe, 0
	got, _, _, err := searched(t, alone, 1)
	require.NoError(t, err)
	assert.Equal(t, one[20:21], got)

	goneOn := s
	goneOn.Runs, goneOn.Made = 6, made[:20]
	rest, _, _, err := searched(t, goneOn, 2)
	require.NoError(t, err)
	assert.Equal(t, one[20:], rest)
	goneOn.Made = []target.Made{{Scenario: "elsewhere"}}
	_, _, _, err = searched(t, goneOn, 1)
	assert.ErrorContains(t, err, "its run 1 was elsewhere")
}

// The stories of a subject that draws its traffic are what it draws, and so is the swarm.
func TestASearchOfWhatASubjectDraws(t *testing.T) {
	s := target.Search{Job: sweep.Job{Subject: globalingressip.Shipped, Seed: 5}, Runs: 6}
	one, _, _, err := searched(t, s, 1)
	require.NoError(t, err)
	two, _, _, err := searched(t, s, 2)
	require.NoError(t, err)
	assert.Equal(t, one, two)
	assert.Len(t, one, 6)
}

func TestASearchWithoutSuchARun(t *testing.T) {
	s := target.Search{Job: sweep.Job{Subject: globalingressip.Shipped}, Stories: []scenarios.Plan{smallPlan(t)}, Only: "probe-00000000"}
	runs, _, _, err := searched(t, s, 1)
	assert.ErrorContains(t, err, `the search has no run of the name "probe-00000000"`)
	assert.Empty(t, runs)
	s.Job.Subject = "nobody"
	_, _, _, err = searched(t, s, 1)
	assert.ErrorContains(t, err, `unknown subject "nobody"`)
}
