package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/model"
)

// baselineFlag names the subject that failures are tried on as well: what it has, too, is
// the plan's fault, or that of what the two have in common.
type baselineFlag struct {
	named   string
	subject underTest
	pool    sweep.Pool
}

// check says what is wrong with the flag. The baseline is of the kind that is under test,
// as a plan means nothing to others: a subject of this program, a trial, or a file with
// programs of its own.
func (b *baselineFlag) check(under *underTest, exact bool) error {
	switch {
	case b.named == "":
		return nil
	case exact:
		return errors.New("--baseline compares native runs: leave out --exact")
	case under.site != nil:
		brought, err := b.bring(under)
		if err == nil && !brought {
			err = fmt.Errorf("%s names no programs (want a scenario file with processes, as %s has)", b.named, under.named)
		}
		if err != nil {
			return fmt.Errorf("--baseline: %w", err)
		}
		return nil
	case under.pkg != "":
		return b.checkTrial(under)
	}
	b.subject.subject = b.named
	switch _, known := registry().Find(b.named); {
	case !known:
		return fmt.Errorf("--baseline %q: there is no such subject (%s); seatrial subjects lists them", b.named, meantSubject(b.named))
	case b.named == under.subject:
		return fmt.Errorf("--baseline %s is what is under test: want another subject", b.named)
	}
	return nil
}

// bring reads the file that the baseline of a file is.
func (b *baselineFlag) bring(under *underTest) (bool, error) {
	if !isFile(b.named) {
		return false, fmt.Errorf("%q is no scenario file (want one with processes, as %s has)", b.named, under.named)
	}
	brought, err := b.subject.bringFile(b.named)
	if err == nil && brought && b.subject.site.File == under.site.File {
		err = fmt.Errorf("%s is what is under test: want another file", b.named)
	}
	return brought, err
}

// checkTrial: a name alone is that of a test in the package under test.
func (b *baselineFlag) checkTrial(under *underTest) error {
	b.subject = underTest{pkg: under.pkg, subject: b.named, mutexes: under.mutexes}
	if i := strings.LastIndex(b.named, ":"); i > 0 {
		b.subject.pkg, b.subject.subject = b.named[:i], b.named[i+1:]
	} else if _, ours := registry().Find(b.named); ours {
		return fmt.Errorf("--baseline %s: a subject of this program cannot run the plans of a trial (want the name of a test in %s, or PACKAGE:TEST)", b.named, under.pkg)
	}
	return nil
}

// open makes workers that have the baseline, and names it as results do.
func (b *baselineFlag) open(c *cobra.Command, under *underTest) error {
	if b.named == "" {
		return nil
	}
	pool, err := b.subject.open(c, 1)
	if err != nil {
		return fmt.Errorf("--baseline: %w", err)
	}
	b.pool = pool
	switch {
	case b.subject.site != nil:
		b.named = b.subject.site.File
	case b.subject.pkg != "":
		b.named = b.subject.pkg + ":" + b.subject.subject
		if b.named == under.pkg+":"+under.subject {
			return fmt.Errorf("--baseline %s is what is under test: want another trial", b.named)
		}
	}
	return nil
}

// compare makes a failure a known one if the baseline subject fails in the same
// plan. Then the plan, or what the two have in common, is to blame.
func (s *sweeping) compare(o *sweep.Outcome) {
	b := &s.flags.baseline
	if b.named == "" || o.Verdict == model.VerdictPass || o.Known != "" || o.Error != "" {
		return
	}
	job := b.subject.job(o.Job)
	job.Plan, job.File, job.Once = o.Plan, o.Scenario+".yaml", true
	err := b.pool.Run(s.context, slices.Values([]sweep.Job{job}), func(o2 sweep.Outcome) {
		switch {
		case o2.Error != "":
			s.printer.fail(fmt.Errorf("seed %d, --baseline %s: %s", job.Seed, b.named, o2.Error))
		case o2.Verdict != model.VerdictPass:
			o.Known = fmt.Sprintf("%s fails as well: %s", b.named, o2.Property)
		}
	})
	if err != nil && s.context.Err() == nil {
		s.printer.fail(fmt.Errorf("--baseline: %w", err))
	}
}
