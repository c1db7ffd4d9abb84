package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/sweep"
	"github.com/seatrial/seatrial/sim"
)

// confirmations is how often a failure is run again before it is reported.
const confirmations = 2

func runCommand() *cobra.Command {
	var subject, seeds string
	var seed uint64
	var out output
	var real realCluster
	c := &cobra.Command{
		Use:   "run FILE.yaml...",
		Short: "Run scenario files",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, files []string) error {
			jobs, err := scenarioJobs(files, subject, c.Flags().Changed("seed"), seed, seeds)
			if err != nil {
				return err
			}
			if err := real.check(c); err != nil {
				return err
			}
			if real.kubeconfig != "" {
				return real.run(c, out, jobs)
			}
			return runJobs(c.Context(), c, out, false, 1, jobs)
		},
	}
	c.Flags().Uint64Var(&seed, "seed", 0, "run with this seed instead of the scenario's own")
	c.Flags().StringVar(&seeds, "seeds", "", "run with every seed of the range `A-B`")
	c.MarkFlagsMutuallyExclusive("seed", "seeds")
	addSubjectFlag(c, &subject)
	out.addFlags(c)
	real.addFlags(c)
	return c
}

// scenarioJobs reads all files before anything runs, so that a mistake in the
// last one does not cost the time of the others.
func scenarioJobs(files []string, subject string, seedGiven bool, seed uint64, seeds string) (iter.Seq[sweep.Job], error) {
	if err := checkSubject(subject); err != nil {
		return nil, err
	}
	type part struct {
		job   sweep.Job
		seeds scenarios.SeedRange
	}
	var parts []part
	var problems []error
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			problems = append(problems, fmt.Errorf("reading a scenario: %w", err))
			continue
		}
		plan, err := scenarios.Parse(file, data)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		chosen := scenarios.SeedRange{First: plan.Seed, Last: plan.Seed}
		if seedGiven {
			chosen = scenarios.SeedRange{First: sim.Seed(seed), Last: sim.Seed(seed)}
		}
		if seeds != "" {
			if chosen, err = parseSeeds(seeds); err != nil {
				return nil, err
			}
		}
		parts = append(parts, part{sweep.Job{Plan: string(data), File: file, Subject: subject, Confirm: confirmations}, chosen})
	}
	return func(yield func(sweep.Job) bool) {
		for _, p := range parts {
			if !p.seeds.Each(scenarios.Whole, func(seed sim.Seed) bool {
				p.job.Seed = uint64(seed)
				return yield(p.job)
			}) {
				return
			}
		}
	}, errors.Join(problems...)
}

func sweepCommand() *cobra.Command {
	var subject, seeds, shardText string
	var workers int
	var out output
	var aimed aimed
	c := &cobra.Command{
		Use:   "sweep --seeds A-B",
		Short: "Run plans generated from seeds, or derived from a fault-free run",
		RunE: func(c *cobra.Command, files []string) error {
			if err := aimed.check(files, seeds); err != nil {
				return err
			}
			var chosen scenarios.SeedRange
			var err error
			if seeds != "" {
				if chosen, err = parseSeeds(seeds); err != nil {
					return err
				}
			}
			part, err := parseShard(shardText)
			if err != nil {
				return err
			}
			if workers < 1 {
				return fmt.Errorf("--workers %d: want at least 1", workers)
			}
			if err := checkSubject(subject); err != nil {
				return err
			}
			if aimed.mode != "" {
				s, err := aimed.sweep(files, chosen, part, subject)
				if err != nil {
					return err
				}
				return runAimed(c, out, workers, s)
			}
			return runJobs(c.Context(), c, out, true, workers, func(yield func(sweep.Job) bool) {
				chosen.Each(part, func(seed sim.Seed) bool {
					return yield(sweep.Job{Seed: uint64(seed), Subject: subject, Confirm: confirmations})
				})
			})
		},
	}
	c.Flags().StringVar(&seeds, "seeds", "", "closed range of seeds, `A-B`")
	c.Flags().IntVar(&workers, "workers", runtime.NumCPU(), "number of worker processes")
	c.Flags().StringVar(&shardText, "shard", "", "run only part `I/N` of the range, I counted from 0")
	addSubjectFlag(c, &subject)
	out.addFlags(c)
	aimed.addFlags(c)
	return c
}

// runJobs runs, prints and keeps; its error carries the exit code.
func runJobs(ctx context.Context, c *cobra.Command, out output, quiet bool, workers int, jobs iter.Seq[sweep.Job]) error {
	if err := out.prepare(); err != nil {
		return err
	}
	p := newPrinter(out, c.OutOrStdout(), quiet)
	return finishRun(c, p, sweep.Pool{Workers: workers}.Run(ctx, jobs, p.print))
}

// finishRun prints what was found, also when the run was interrupted.
func finishRun(c *cobra.Command, p *printer, err error) error {
	if err != nil {
		if c.Context().Err() == nil {
			return err
		}
		fmt.Fprintln(c.ErrOrStderr(), "seatrial: interrupted; what follows covers the seeds that were finished")
		if err := p.finish(); err != nil {
			return err
		}
		return &exitError{code: exitInconclusive}
	}
	return p.finish()
}
