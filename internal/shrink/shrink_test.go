package shrink_test

import (
	"context"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial/controller"
	"github.com/seatrial/seatrial/internal/shrink"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
)

// Goal: bugs that are known shrink to a dozen lines that still show them, that
// nothing can be taken out of, and that are the same whoever did the work.
// Method: seeds that are known to fail, drawn plans of some eighty lines. This
// test binary is its own worker.

func TestMain(m *testing.M) {
	sweep.ServeIfWorker(scenarios.NewRegistry(append(globalingressip.Subjects(), dies.Subject())...))
	os.Exit(m.Run())
}

// dies takes its process with it.
var dies = globalingressip.Variant{Name: "test/dies", Run: func(context.Context, *rest.Config, controller.Options) error {
	go func() { panic("nobody recovers this") }()
	select {}
}}

const mostLines = 12

// known are the bugs whose drawn plans are in testdata. They are files and not
// seeds, so that a generator that draws other plans changes nothing here.
var known = []string{"delete-down", "1457", "1734", "1738", "2388"}

// knownJob is the failing run of a known bug.
func knownJob(t *testing.T, bug string) sweep.Job {
	t.Helper()
	file := "testdata/" + bug + ".yaml"
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	plan, err := scenarios.Parse(file, text, globalingressip.Language())
	require.NoError(t, err)
	return sweep.Job{Seed: uint64(plan.Seed), Plan: string(text), File: file, Subject: "historical/" + bug}
}

func TestKnownBugsShrink(t *testing.T) {
	for _, bug := range known {
		t.Run(bug, func(t *testing.T) {
			job := knownJob(t, bug)
			result, err := shrink.Shrink(t.Context(), job, shrink.Options{Language: globalingressip.Language(), Pool: sweep.Pool{Workers: 2}})
			require.NoError(t, err)
			assert.LessOrEqual(t, result.To.Lines, mostLines, "%s", result.YAML)
			before := run(t, job)
			assert.Equal(t, before.Property, result.Outcome.Property, "it fails in the same way")
			assert.Equal(t, 3, result.Outcome.Runs)
			assert.Equal(t, 3, result.Outcome.Reproduced, "each time")

			plan, err := scenarios.Parse("min.yaml", result.YAML, globalingressip.Language())
			require.NoError(t, err, "the small plan is a scenario file")
			assert.Equal(t, result.Plan, plan)
			assertMinimal(t, plan, job.Subject, result.Outcome)

			require.NotNil(t, result.Explanation)
			assert.NotEqual(t, before.Property, result.Explanation.Property, "without its last fault or step it does not fail so")
			assert.NotEmpty(t, result.Explanation.With)
			t.Logf("from %s to %s, %d plans tried\n%s\n%s", result.From, result.To, result.Tried, result.YAML, result.Explanation)
		})
	}
}

// A small plan does not say in which namespace it happens, whatever its steps are:
// this one has a patch between the others.
func TestNamespacesGoWithoutSaying(t *testing.T) {
	const file = "../../scenarios/globalingressip/library/relist-recreate.yaml"
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	result, err := shrink.Shrink(t.Context(), sweep.Job{Plan: string(text), File: file, Subject: "historical/relist-recreate"}, shrink.Options{Language: globalingressip.Language(), Pool: sweep.Pool{Workers: 2}})
	require.NoError(t, err)
	assert.NotContains(t, string(result.YAML), "namespace")
	assert.Contains(t, string(result.YAML), "patch: {resource: globalingressips, name: web,")
}

// assertMinimal takes each step and each fault out in turn.
func assertMinimal(t *testing.T, plan scenarios.Plan, subject string, failed sweep.Outcome) {
	t.Helper()
	try := func(what string, smaller scenarios.Plan) {
		text, err := scenarios.Marshal(smaller)
		if err != nil {
			return // without it the plan makes no sense
		}
		o := run(t, sweep.Job{Seed: uint64(plan.Seed), Plan: string(text), File: "smaller", Subject: subject})
		assert.NotEqual(t, [2]string{string(failed.Verdict), failed.Property}, [2]string{string(o.Verdict), o.Property}, "%s can be left out", what)
	}
	for i := range plan.Steps {
		smaller := plan
		smaller.Steps = slices.Delete(slices.Clone(plan.Steps), i, i+1)
		try(plan.Steps[i].String(), smaller)
	}
	for i := range plan.Faults {
		smaller := plan
		smaller.Faults = slices.Delete(slices.Clone(plan.Faults), i, i+1)
		try(plan.Faults[i].ID, smaller)
	}
}

func run(t *testing.T, job sweep.Job) sweep.Outcome {
	t.Helper()
	var outcome sweep.Outcome
	require.NoError(t, (sweep.Pool{}).Run(t.Context(), slices.Values([]sweep.Job{job}), func(o sweep.Outcome) { outcome = o }))
	require.Empty(t, outcome.Error)
	return outcome
}

func TestTheResultDoesNotDependOnTheNumberOfWorkers(t *testing.T) {
	job := knownJob(t, "1734")
	var texts []string
	for _, workers := range []int{1, 4} {
		result, err := shrink.Shrink(t.Context(), job, shrink.Options{Language: globalingressip.Language(), Pool: sweep.Pool{Workers: workers}})
		require.NoError(t, err)
		texts = append(texts, string(result.YAML))
	}
	assert.Equal(t, texts[0], texts[1])
}

func TestProgressOnlyGetsSmaller(t *testing.T) {
	var last shrink.Progress
	_, err := shrink.Shrink(t.Context(), knownJob(t, "1738"), shrink.Options{Language: globalingressip.Language(), Progress: func(p shrink.Progress) {
		assert.Equal(t, last.Tried+1, p.Tried)
		if last.Tried > 0 {
			assert.LessOrEqual(t, p.Size.Steps+p.Size.Faults, last.Size.Steps+last.Size.Faults)
		}
		last = p
	}})
	require.NoError(t, err)
	assert.NotZero(t, last.Tried)
}

func TestThereIsNothingToShrink(t *testing.T) {
	_, err := shrink.Shrink(t.Context(), sweep.Job{Seed: 1, Subject: globalingressip.Shipped}, shrink.Options{Language: globalingressip.Language()})
	assert.ErrorIs(t, err, shrink.ErrPasses)
	_, err = shrink.Shrink(t.Context(), sweep.Job{Subject: "nobody"}, shrink.Options{Language: globalingressip.Language()})
	assert.ErrorContains(t, err, `unknown subject "nobody"`)
	_, err = shrink.Shrink(t.Context(), sweep.Job{Subject: globalingressip.Shipped, Plan: "kind: Nonsense", File: "x.yaml"}, shrink.Options{Language: globalingressip.Language()})
	assert.ErrorContains(t, err, "x.yaml:1:")
}

func TestAnInterruptedSearchEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, err := shrink.Shrink(ctx, knownJob(t, "delete-down"), shrink.Options{Language: globalingressip.Language(), Progress: func(p shrink.Progress) {
		if p.Tried == 3 {
			cancel()
		}
	}})
	assert.ErrorIs(t, err, context.Canceled)
}

// A subject that dies takes its worker along, candidate by candidate. This one
// does so whatever happens, so nothing of the plan is needed.
func TestACrashShrinksToNothing(t *testing.T) {
	job := sweep.Job{Seed: 1, Subject: dies.Name}
	result, err := shrink.Shrink(t.Context(), job, shrink.Options{Language: globalingressip.Language(), Pool: sweep.Pool{Workers: 2}})
	require.NoError(t, err)
	assert.Equal(t, model.VerdictCrash, result.Outcome.Verdict)
	assert.Equal(t, "no-panic", result.Outcome.Property)
	assert.Zero(t, result.To.Steps+result.To.Faults)
	assert.Nil(t, result.Explanation, "nothing is left that could be left out")
}
