//go:build !wasip1

package explain_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/internal/explain"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
	"github.com/seatrial/seatrial/sim"
)

// Goal: the chance of a failure jumps where it was decided. Method: a controller that
// takes an error for an absence, and a look-up that fails once in a while: before the
// fault strikes the failure is open, right after it is certain.
func TestTheChanceJumpsWhereItWasDecided(t *testing.T) {
	rule := again50(fails("look-up", faults.InternalError, "get", source, "a"))
	rule.Probability, rule.Limit = 0.3, 0
	world := func(seed sim.Seed, reseed *sim.Reseed) (*sim.Record, model.Verdict) {
		r := sim.Run(t, sim.Config{
			Seed: seed, Reseed: reseed, Faults: []faults.Rule{rule}, Safety: 100 * time.Second, Settle: 60 * time.Second, KeepTrace: true,
			Processes: []sim.Process{{Name: "copier", Run: copier(hasty)}, {Name: "user", User: true, Run: user}},
		})
		return r, model.Judge(&r.History, []model.Property{model.EveryChange("never-removed", "", neverRemoved)})
	}
	var record *sim.Record
	var verdict model.Verdict
	seed := sim.Seed(1)
	for ; seed < 40; seed++ {
		if record, verdict = world(seed, nil); verdict.Kind == model.VerdictSafety {
			break
		}
	}
	require.Equal(t, model.VerdictSafety, verdict.Kind)
	s := explain.Of(record, verdict)
	struck := s.Steps[0]
	for _, step := range s.Steps {
		if step.Kind == explain.Fault {
			struck = step
		}
	}
	odds, err := explain.Odds(s, seed, 12, func(draws []sim.Reseed) (same []bool, err error) {
		for _, draw := range draws {
			_, v := world(seed, &draw)
			same = append(same, v.Property == verdict.Property)
		}
		return same, nil
	})
	require.NoError(t, err)
	require.NotEmpty(t, odds)
	for _, c := range odds {
		assert.Equal(t, 12, c.Runs)
		if c.At < struck.At-time.Second {
			assert.Less(t, c.Failed, 9, "at %s it is open", c.At)
		}
		if c.At > struck.At {
			assert.Equal(t, 12, c.Failed, "at %s it is decided", c.At)
		}
	}
	assert.Regexp(t, `100%  ####################  .*internal-error \(look-up\) strikes copier`, s.OddsText(odds), "the jump is told with what happened")

	odds, err = explain.Odds(explain.Story{}, 1, 12, nil)
	assert.NoError(t, err)
	assert.Empty(t, odds, "nothing is known of when anything happened")
}

// The same of bugs of Submariner's history, whose moment their documentation tells: the
// fault that strikes, and which now does so by chance alone.
func TestTheChanceOfOldBugsJumpsAtTheirMoment(t *testing.T) {
	const runs = 3
	for _, c := range []struct {
		scenario, subject string
		decides           faults.Kind
		probability       float64
	}{
		{"incident-3336", "3336", faults.ServiceUnavailable, 0.1},
		{"bug-create-read-error", "create-read-error", faults.InternalError, 0.5},
		{"bug-2388", "2388", faults.TimeoutApplied, 0.5},
	} {
		t.Run(c.scenario, func(t *testing.T) {
			plan, ok := globalingressip.Find(c.scenario)
			require.True(t, ok)
			subject, ok := globalingressip.Registry().Find("historical/" + c.subject)
			require.True(t, ok)
			plan.Faults = slices.Clone(plan.Faults)
			for i := range plan.Faults {
				if plan.Faults[i].Kind == c.decides {
					plan.Faults[i].Probability = c.probability
				}
			}
			var kept scenarios.Baselines
			failed := scenarios.Result{}
			for seed := sim.Seed(1); seed < 30 && failed.Verdict.Property == ""; seed++ {
				failed = scenarios.Run(t, plan, subject, seed, scenarios.RunOptions{KeepTrace: true})
			}
			require.NotEmpty(t, failed.Verdict.Property)
			s := explain.Of(failed.Record, failed.Verdict)
			i := slices.IndexFunc(s.Steps, func(step explain.Step) bool { return step.FaultKind == string(c.decides) })
			require.NotEqual(t, -1, i, "%+v", s)

			odds, err := explain.Odds(s, failed.Seed, runs, func(draws []sim.Reseed) (same []bool, err error) {
				for _, draw := range draws {
					again := scenarios.Run(t, plan, subject, failed.Seed, scenarios.RunOptions{Reseed: &draw, Baselines: &kept})
					same = append(same, again.Verdict.Property == failed.Verdict.Property)
				}
				return same, nil
			})
			require.NoError(t, err)
			at := slices.IndexFunc(odds, func(o explain.Chance) bool { return o.At > s.Steps[i].At })
			require.Positive(t, at)
			t.Logf("%s\n%s", s.Text(), s.OddsText(odds))
			for i := range at {
				assert.Less(t, odds[i].Share(), 1.0, "at %s it is open", odds[i].At)
			}
			// An answer may still come so early or so late that all is well.
			assert.GreaterOrEqual(t, odds[at].Share()-odds[at-1].Share(), explain.Jump)
			for _, o := range odds[at:] {
				assert.GreaterOrEqual(t, o.Share(), 0.6, "at %s it is decided", o.At)
			}
		})
	}
}
