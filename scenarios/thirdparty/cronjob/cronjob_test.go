package cronjob

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios/trial"
)

// Goal: what module kubernetes136 finds is mended. Method: the same trials.

func TestCronJob(t *testing.T) { trial.Check(t, Trial()) }

func TestLostAnswerIsMadeUpFor(t *testing.T) {
	result := trial.Run(t, LostAnswer(), 1, trial.RunOptions{})
	assert.Equal(t, model.VerdictPass, result.Verdict.Kind, result.Verdict.Message)
}

func TestLostAnswerOnARealServer(t *testing.T) { assert.Equal(t, 1, JobsOnRealServer(t)) }
