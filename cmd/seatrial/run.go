package main

import (
	"errors"
	"fmt"
	"iter"
	"os"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// confirmations is how often a failure is run again before it is reported.
const confirmations = 2

func runCommand() *cobra.Command {
	var subject underTest
	var seeds string
	var seed uint64
	var out output
	var real realCluster
	var exact exactFlags
	c := &cobra.Command{
		Use:               "run FILE.yaml...",
		Short:             "Run scenario files",
		Example:           "  seatrial run testdata/calm-day.yaml\n  seatrial run storm.yaml --seeds 1-100 --out failures",
		ValidArgsFunction: completeFiles,
		Args:              arguments(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, files []string) error {
			jobs, err := scenarioJobs(files, &subject, c.Flags().Changed("seed"), seed, seeds)
			if err != nil {
				return err
			}
			if err := errors.Join(real.check(c), exact.check(&subject)); err != nil {
				return err
			}
			defer subject.close()
			e, err := exact.prepare(c, &subject)
			if err != nil {
				return err
			}
			if real.kubeconfig != "" {
				if jobs, err = real.jobs(jobs); err != nil {
					return err
				}
			}
			pool, err := subject.open(c, 1)
			if err != nil {
				return err
			}
			return runJobs(c, out, pool, exactly(e, jobs))
		},
	}
	c.Flags().Uint64Var(&seed, "seed", 0, "run with this seed instead of the scenario's own")
	c.Flags().StringVar(&seeds, "seeds", "", "run with every seed of the range `A-B`")
	c.MarkFlagsMutuallyExclusive("seed", "seeds")
	subject.addFlags(c)
	out.addFlags(c)
	out.addStrictFlag(c)
	real.addFlags(c, "against")
	exact.addFlags(c)
	return c
}

// readScenario reads a file in a language, and returns the plan in it and its
// content.
func readScenario(file string, language *scenarios.Language) (scenarios.Plan, []byte, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return scenarios.Plan{}, nil, fmt.Errorf("reading a scenario: %w", err)
	}
	plan, err := scenarios.Parse(file, content, language)
	return plan, content, err
}

// readOwn is readScenario in the language of what is under test, which the file may
// bring along.
func readOwn(file string, subject *underTest) (scenarios.Plan, []byte, underTest, error) {
	own := *subject
	brought, err := own.bringFile(file)
	if err != nil {
		return scenarios.Plan{}, nil, own, err
	}
	language := own.language()
	if brought {
		language = nil // it says itself which kinds there are
	}
	plan, content, err := readScenario(file, language)
	return plan, content, own, err
}

// scenarioJobs reads all files before anything runs, so that a mistake in the
// last one does not cost the time of the others.
func scenarioJobs(files []string, subject *underTest, seedGiven bool, seed uint64, seeds string) (iter.Seq[sweep.Job], error) {
	if err := subject.check(); err != nil {
		return nil, err
	}
	type part struct {
		job     sweep.Job
		subject underTest
		seeds   sim.SeedRange
	}
	var parts []part
	var problems []error
	for _, file := range files {
		plan, data, own, err := readOwn(file, subject)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		chosen := sim.SeedRange{First: plan.Seed, Last: plan.Seed}
		if seedGiven {
			chosen = sim.SeedRange{First: sim.Seed(seed), Last: sim.Seed(seed)}
		}
		if seeds != "" {
			if chosen, err = parseSeeds(seeds); err != nil {
				return nil, err
			}
		}
		job := sweep.Job{Plan: string(data), File: file, Confirm: confirmations}
		if own.site != nil && !hasSteps(data) {
			job.Plan, job.File = "", "" // which is to be drawn
		}
		if len(files) == 1 {
			*subject = own
		}
		parts = append(parts, part{job, own, chosen})
	}
	return func(yield func(sweep.Job) bool) {
		for _, p := range parts {
			if p.subject.site == nil {
				p.subject = *subject // of a trial more is known once it is built
			}
			if !p.seeds.Each(sim.WholeRange, func(seed sim.Seed) bool {
				p.job.Seed = uint64(seed)
				return yield(p.subject.job(p.job))
			}) {
				return
			}
		}
	}, errors.Join(problems...)
}

// runJobs runs scenario files, prints and keeps; its error carries the exit code.
func runJobs(c *cobra.Command, out output, pool sweep.Pool, jobs iter.Seq[sweep.Job]) error {
	if err := out.prepare(); err != nil {
		return err
	}
	p := newPrinter(out, c.OutOrStdout(), false)
	p.style = styleOf(c, c.OutOrStdout())
	return finishRun(c, p, pool.Run(c.Context(), jobs, p.print))
}

// finishRun prints what was found, also when the run was interrupted.
func finishRun(c *cobra.Command, p *printer, err error) error {
	if err != nil && c.Context().Err() == nil {
		p.fail(err)
		return p.finish()
	}
	if err != nil {
		fmt.Fprintln(c.ErrOrStderr(), "seatrial: interrupted; what follows covers the seeds that were finished")
		if err := p.finish(); err != nil {
			return err
		}
		return &exitError{code: exitInconclusive}
	}
	notes := c.OutOrStdout()
	if p.json {
		notes = c.ErrOrStderr()
	}
	explainFlaky(c, notes, p.flaky)
	return p.finish()
}
