package cronjob

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/model"
)

// Goal: what module kubernetes136 finds is mended. Method: the same trials.

func TestCronJob(t *testing.T) { seatrial.Check(t, Trial()) }

func TestLostAnswerIsMadeUpFor(t *testing.T) {
	result := seatrial.Run(t, LostAnswer(), 1, seatrial.RunOptions{})
	assert.Equal(t, model.VerdictPass, result.Verdict.Kind, result.Verdict.Message)
}

func TestLostAnswerOnARealServer(t *testing.T) { assert.Equal(t, 1, JobsOnRealServer(t)) }
