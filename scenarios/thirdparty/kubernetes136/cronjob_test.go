package kubernetes136

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios/thirdparty/cronjob"
	"github.com/seatrial/seatrial/sim"
)

// Goal: a bug that upstream knows, found in the version that had it. Method: the
// trials that pass with Kubernetes 1.37 in module thirdparty, here with 1.36.

// After one lost answer a CronJob that forbids it has two Jobs at once.
func TestLostAnswerRunsTwoJobsAtOnce(t *testing.T) {
	result := seatrial.Run(t, cronjob.LostAnswer(), 1, seatrial.RunOptions{})
	assert.Equal(t, "forbid", result.Verdict.Property)
	assert.Equal(t, model.VerdictSafety, result.Verdict.Kind)
	assert.Equal(t, "2 Jobs of default/backup run at once", result.Verdict.Message)
}

// Without the law of its own, the twin shows it: the CronJob never learns of its
// Job. Nobody has to know where to look.
func TestGenericPropertiesFindIt(t *testing.T) {
	tr := cronjob.Trial()
	tr.Properties = nil
	found := map[string]int{}
	for seed := range sim.Seed(40) {
		found[seatrial.Run(t, tr, seed, seatrial.RunOptions{}).Verdict.Property]++
	}
	t.Logf("seeds 0-39 by property: %v", found)
	assert.NotZero(t, found["like-twin"])
}

func TestLostAnswerOnARealServer(t *testing.T) { assert.Equal(t, 2, cronjob.JobsOnRealServer(t)) }
