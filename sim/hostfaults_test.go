package sim_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// What happens to changes that a process makes to its host, part of TestEffects: a
// subject that puts something in place 5 s after each of its starts, and tries again a second
// later when it is told that this failed.
func hostFault(t *testing.T, rule faults.Rule) (changed []float64, starts int) {
	rule.Limit = 1
	var all []model.HostChange
	record := sail(t, rule, 1, func(ctx context.Context, env sim.Env) {
		starts++
		for done := false; !done && ctx.Err() == nil; {
			if !sim.Pause(ctx, 5*time.Second) {
				return
			}
			done = env.Host("filter", func() []model.HostChange {
				return []model.HostChange{{Kind: "rule", Name: "r", Value: env.Identity}}
			}) == nil
		}
	})
	all = record.History.HostChanges
	for i := range all {
		changed = append(changed, all[i].At.Seconds())
	}
	assert.False(t, record.History.Undisturbed(6*time.Second))
	return changed, starts
}

func hostError(t *testing.T) {
	changed, _ := hostFault(t, faults.Rule{Kind: faults.HostError})
	assert.InDeltaSlice(t, []float64{10}, changed, 0.1, "it is not done, and tried again")
	changed, _ = hostFault(t, faults.Rule{Kind: faults.HostError, When: faults.BeforeCall})
	assert.InDeltaSlice(t, []float64{10}, changed, 0.1, "which is the default")
	changed, _ = hostFault(t, faults.Rule{Kind: faults.HostError, When: faults.AfterCall})
	assert.InDeltaSlice(t, []float64{5, 10}, changed, 0.1, "it is done, told as failed, and tried again")
}

func hostHang(t *testing.T) {
	changed, _ := hostFault(t, faults.Rule{Kind: faults.HostHang, Delay: faults.Span{Min: 20 * time.Second, Max: 20 * time.Second}})
	assert.InDeltaSlice(t, []float64{25}, changed, 0.1, "it is done late")
}

func hostCrash(t *testing.T) {
	changed, starts := hostFault(t, faults.Rule{Kind: faults.HostCrash, RestartAfter: 3 * time.Second})
	assert.InDeltaSlice(t, []float64{13}, changed, 0.1, "it is not done before the next life")
	assert.Equal(t, 2, starts)
	changed, starts = hostFault(t, faults.Rule{Kind: faults.HostCrash, When: faults.AfterCall, RestartAfter: 3 * time.Second})
	assert.InDeltaSlice(t, []float64{5, 13}, changed, 0.1, "what was done stays, and the next life does not know")
	assert.Equal(t, 2, starts)
}
