package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/model"
)

// outcome is one of the default subject's, run three times.
func outcome(verdict model.VerdictKind) sweep.Outcome {
	o := sweep.Outcome{Job: sweep.Job{Seed: 7, Subject: "s"}, Scenario: "seed-7", Verdict: verdict, Hash: "h", Runs: 3, Reproduced: 3}
	if verdict != model.VerdictPass {
		o.Property, o.Message = "p", "m"
	}
	return o
}

// Of several outcomes the worst decides, by what somebody can rely on: a violated
// property is a finding whatever else went wrong, no verdict at all is never a pass.
func TestTheWorstOutcomeDecidesTheExitCode(t *testing.T) {
	const (
		pass, safety, liveness = model.VerdictPass, model.VerdictSafety, model.VerdictLiveness
		crash, inconclusive    = model.VerdictCrash, model.VerdictInconclusive
	)
	broken := sweep.Outcome{Error: "the plan cannot be read"}
	for _, c := range []struct {
		verdicts []model.VerdictKind
		also     []sweep.Outcome
		code     int
	}{
		{[]model.VerdictKind{pass}, nil, 0},
		{nil, nil, 4},
		{[]model.VerdictKind{pass, inconclusive}, nil, 4},
		{[]model.VerdictKind{pass, inconclusive, crash}, nil, 3},
		{[]model.VerdictKind{crash, inconclusive, safety}, nil, 1},
		{[]model.VerdictKind{crash, liveness}, nil, 1},
		{[]model.VerdictKind{pass, inconclusive}, []sweep.Outcome{broken}, 2},
		{[]model.VerdictKind{crash}, []sweep.Outcome{broken}, 3},
		{[]model.VerdictKind{safety}, []sweep.Outcome{broken}, 1},
	} {
		t.Run(fmt.Sprint(c.verdicts, len(c.also)), func(t *testing.T) {
			p := newPrinter(output{}, new(bytes.Buffer), false)
			for _, v := range c.verdicts {
				p.print(outcome(v))
			}
			for _, o := range c.also {
				p.print(o)
			}
			err := p.finish()
			assert.Equal(t, c.code, exitCode(err))
			if len(c.also) > 0 {
				assert.ErrorContains(t, err, "seed 0: the plan cannot be read")
			}
		})
	}
}

// What goes wrong first is what the last lines name; a crash brings its dump along, a
// quiet printer leaves passes out and counts them.
func TestWhatIsPrinted(t *testing.T) {
	var out bytes.Buffer
	p := newPrinter(output{}, &out, true)
	p.print(outcome(model.VerdictPass))
	assert.Empty(t, out.String())
	first := outcome(model.VerdictCrash)
	first.Detail = "goroutine 1 [running]:\n"
	first.Culprit = &sweep.Culprit{Seq: 5, Text: "the event"}
	p.print(first)
	second := outcome(model.VerdictSafety)
	second.Job.Exact, second.Job.File = &sweep.Exact{Schedule: 2}, "a plan.yaml"
	p.print(second)
	assert.Contains(t, out.String(), "    p: m\n    culprit: event 5: the event\n    | goroutine 1 [running]:\n")
	assert.Error(t, p.finish())
	assert.Contains(t, out.String(), "3 seeds: 1 pass, 1 safety, 1 crash\n")
	assert.Contains(t, out.String(), "safety: s violated p in seed-7, seed 7 (reproduced 3/3)\n"+os.Args[0]+" replay 'a plan.yaml' --seed 7 --exact --schedule 2 --subject s\n", "the last lines are of the gravest failure, not of the first")
	assert.Equal(t, "seatrial replay 'a plan.yaml' --seed 7 --exact --schedule 2 --subject s", replayCommandFor(second))
	second.Job.Exact.Schedule = 0
	assert.Equal(t, "seatrial replay 'a plan.yaml' --seed 7 --exact --subject s", replayCommandFor(second))
}

func TestErrorsThatAreNoExitCodeAreWrongUsage(t *testing.T) {
	assert.Equal(t, exitPass, exitCode(nil))
	assert.Equal(t, exitUsage, exitCode(errors.New("x")))
	assert.Equal(t, exitCrash, exitCode(fmt.Errorf("wrapped: %w", &exitError{code: exitCrash})))
}

// What is known counts for nothing and hides nothing; what had no effect is a failure
// only when that is asked for.
func TestKnownFailuresAndRunsWithoutAnEffect(t *testing.T) {
	known := outcome(model.VerdictSafety)
	known.Known, known.Signature = "issue 7", "p: something"
	void := outcome(model.VerdictPass)
	void.Idle, void.Unfired = []string{"step-1"}, []string{"fault-1"}
	for _, c := range []struct {
		name     string
		outcomes []sweep.Outcome
		strict   bool
		code     int
		want     string
	}{
		{"known beside a pass", []sweep.Outcome{known, outcome(model.VerdictPass)}, false, exitPass, "2 seeds: 1 pass, 1 known failure\n"},
		{"known alone", []sweep.Outcome{known}, false, exitInconclusive, "known failures, which count for nothing:\n     1 × safety  p: something\n         first seed 7, known: issue 7\n"},
		{"another failure beside it", []sweep.Outcome{known, outcome(model.VerdictLiveness)}, false, exitViolated, "failures:\n     1 × liveness  p\n"},
		{"no effect", []sweep.Outcome{void}, false, exitPass, "1 seed: 1 pass\n"},
		{"no effect, strictly", []sweep.Outcome{void}, true, exitViolated, "    steps that found nothing to do: step-1\n    faults that never took effect: fault-1\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			p := newPrinter(output{strict: c.strict}, &out, true)
			for _, o := range c.outcomes {
				p.print(o)
			}
			assert.Equal(t, c.code, exitCode(p.finish()))
			assert.Contains(t, out.String(), c.want)
		})
	}
}
