package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

func doctorCommand() *cobra.Command {
	var subject underTest
	var seeds string
	var schedules uint64
	var exact exactFlags
	c := &cobra.Command{
		Use:               "doctor [FILE.yaml]",
		Short:             "Say whether a subject's seeds are the same run each time, and if not, what they depend on",
		Example:           "  seatrial doctor --seeds 1-3\n  seatrial doctor storm.yaml",
		ValidArgsFunction: completeFiles,
		Args:              arguments(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, files []string) error {
			jobs, err := doctorJobs(files, &subject, seeds)
			if err != nil {
				return err
			}
			exact.on = true
			defer subject.close()
			e, err := exact.prepare(c, &subject)
			if err != nil {
				return err
			}
			d := doctor{exact: *e, schedules: schedules, out: c.OutOrStdout()}
			if subject.pkg != "" { // whose native runs are those of its own test binary
				if d.native, err = subject.openNative(c, 1); err != nil {
					return err
				}
			}
			for _, job := range jobs {
				if err := d.examine(c.Context(), subject.job(job)); err != nil {
					return err
				}
			}
			return d.finish(len(jobs))
		},
	}
	c.Flags().StringVar(&seeds, "seeds", "1-3", "closed range of seeds, `A-B`")
	c.Flags().Uint64Var(&schedules, "schedules", 6, "interleavings to try per seed and source of difference")
	exact.addModuleFlags(c, "exact mode's ")
	subject.addFlags(c)
	return c
}

func doctorJobs(files []string, subject *underTest, seeds string) ([]sweep.Job, error) {
	if len(files) > 0 {
		if text, err := os.ReadFile(files[0]); err == nil && bringsPrograms(text) {
			subject.site, subject.named = &sweep.Site{}, files[0]
		}
	}
	if err := errors.Join(subject.check(), subject.noPrograms("doctor")); err != nil {
		return nil, err
	}
	if len(files) > 0 {
		jobs, err := scenarioJobs(files, subject, false, 0, seeds)
		if err != nil {
			return nil, err
		}
		return slices.Collect(jobs), nil
	}
	chosen, err := parseSeeds(seeds)
	if err != nil {
		return nil, err
	}
	var jobs []sweep.Job
	chosen.Each(sim.WholeRange, func(seed sim.Seed) bool {
		jobs = append(jobs, subject.job(sweep.Job{Seed: uint64(seed)}))
		return true
	})
	return jobs, nil
}

// doctor runs seeds both ways and compares.
type doctor struct {
	native    sweep.Pool
	exact     sweep.Exact
	schedules uint64
	out       io.Writer
	ill       int
}

// sources of difference, with what they are called for people.
var sources = []struct{ only, name string }{
	{sweep.OnlyMaps, "the order of maps"},
	{sweep.OnlySelects, "which of several ready cases a select takes"},
	{sweep.OnlyPreemption, "which goroutine goes first"},
}

// examine reports on one seed: does it differ natively, does it differ in exact
// mode when one source of chance is given another seed, and where first.
func (d *doctor) examine(ctx context.Context, job sweep.Job) error {
	job.Trace, job.Once = true, true
	native, err := d.run(ctx, d.native, slices.Repeat([]sweep.Job{job}, 3))
	if err != nil {
		return err
	}
	base := job
	base.Exact = &d.exact
	exact, err := d.run(ctx, sweep.Pool{}, []sweep.Job{base, base})
	if err != nil {
		return err
	}
	if exact[0].Hash != exact[1].Hash {
		return fmt.Errorf("doctor: seed %d is not the same twice in exact mode, which must not be: please report it", job.Seed)
	}
	var findings []string
	if other := differing(native[0], native[1:]); other != nil {
		findings = append(findings, "native runs differ from one another"+firstDifference(native[0], *other))
	}
	for _, source := range sources {
		schedules := make([]sweep.Job, d.schedules)
		for i := range schedules {
			e := d.exact
			e.Schedule, e.Only = uint64(i+1), source.only
			schedules[i] = job
			schedules[i].Exact = &e
		}
		runs, err := d.run(ctx, sweep.Pool{}, schedules)
		if err != nil {
			return err
		}
		if other := differing(exact[0], runs); other != nil {
			findings = append(findings, fmt.Sprintf("requests depend on %s%s", source.name, firstDifference(exact[0], *other)))
		}
	}
	if len(findings) == 0 && native[0].Hash != exact[0].Hash {
		findings = append(findings, "native and exact runs differ, and none of the sources tried explains it"+firstDifference(native[0], exact[0]))
	}
	d.report(job, findings)
	return nil
}

func (d *doctor) report(job sweep.Job, findings []string) {
	if len(findings) == 0 {
		fmt.Fprintf(d.out, "seed %d: the same run natively and under %d interleavings in exact mode\n", job.Seed, uint64(len(sources))*d.schedules)
		return
	}
	d.ill++
	for _, finding := range findings {
		fmt.Fprintf(d.out, "seed %d: %s\n", job.Seed, finding)
	}
}

func (d *doctor) finish(seeds int) error {
	if d.ill == 0 {
		fmt.Fprintf(d.out, "%s: nothing depends on what the native mode does not control\n", scenarios.Count(seeds, "seed"))
		return nil
	}
	return &exitError{exitInconclusive, fmt.Sprintf("%d of %d seeds depend on what the native mode does not control: docs/inside/determinism.md tells what to do; exact mode repeats them all the same", d.ill, seeds)}
}

// run runs jobs and makes the first that cannot be run an error.
func (d *doctor) run(ctx context.Context, pool sweep.Pool, jobs []sweep.Job) ([]sweep.Outcome, error) {
	var outcomes []sweep.Outcome
	if err := pool.Run(ctx, slices.Values(jobs), func(o sweep.Outcome) { outcomes = append(outcomes, o) }); err != nil {
		return nil, err
	}
	for _, o := range outcomes {
		if o.Error != "" {
			return nil, fmt.Errorf("seed %d: %s", o.Job.Seed, o.Error)
		}
	}
	return outcomes, nil
}

// differing returns the first of the others that was another run; nil: none.
func differing(one sweep.Outcome, others []sweep.Outcome) *sweep.Outcome {
	i := slices.IndexFunc(others, func(o sweep.Outcome) bool { return o.Hash != one.Hash })
	if i < 0 {
		return nil
	}
	return &others[i]
}

// firstDifference shows where two traces part.
func firstDifference(a, b sweep.Outcome) string {
	x, y := bytes.Split(a.Trace, []byte("\n")), bytes.Split(b.Trace, []byte("\n"))
	i := 0
	for i < min(len(x), len(y)) && bytes.Equal(x[i], y[i]) {
		i++
	}
	var text strings.Builder
	for _, side := range []struct {
		sign  string
		lines [][]byte
	}{{"-", x}, {"+", y}} {
		line := "(the run is over)"
		if i < len(side.lines) {
			if events, err := sweep.DecodeEvents("trace", side.lines[i]); err == nil && len(events) == 1 {
				line = events[0].String()
			}
		}
		fmt.Fprintf(&text, "\n    %s %s", side.sign, strings.TrimSpace(line))
	}
	return ":" + text.String()
}
