package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios/sweep"
)

// checkBaseline says what is wrong with the flag.
func (f *sweepFlags) checkBaseline() error {
	if f.baseline == "" {
		return nil
	}
	_, known := registry().Find(f.baseline)
	switch {
	case f.subject.pkg != "":
		return errors.New("--baseline: a test binary has its trial alone, and nothing to compare it with")
	case f.exact.on:
		return errors.New("--baseline compares native runs: leave out --exact")
	case !known:
		return fmt.Errorf("--baseline %q: there is no such subject; seatrial subjects lists them", f.baseline)
	case f.baseline == f.subject.subject:
		return fmt.Errorf("--baseline %s is what is under test: want another subject", f.baseline)
	}
	return nil
}

// compare makes a failure a known one if the baseline subject fails in the same
// plan. Then the plan, or what the two have in common, is to blame.
func (s *sweeping) compare(o *sweep.Outcome) {
	if s.flags.baseline == "" || o.Verdict == model.VerdictPass || o.Known != "" || o.Error != "" {
		return
	}
	job := o.Job
	job.Subject, job.Plan, job.File, job.Once = s.flags.baseline, o.Plan, o.Scenario+".yaml", true
	err := sweep.Pool{}.Run(s.context, slices.Values([]sweep.Job{job}), func(b sweep.Outcome) {
		switch {
		case b.Error != "":
			s.printer.fail(fmt.Errorf("seed %d, --baseline %s: %s", job.Seed, job.Subject, b.Error))
		case b.Verdict != model.VerdictPass:
			o.Known = fmt.Sprintf("%s fails as well: %s", job.Subject, b.Property)
		}
	})
	if err != nil && s.context.Err() == nil {
		s.printer.fail(fmt.Errorf("--baseline: %w", err))
	}
}
