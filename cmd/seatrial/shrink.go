package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/internal/shrink"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/internal/wholefile"
	"github.com/seatrial/seatrial/scenarios"
)

func shrinkCommand() *cobra.Command {
	var from source
	var file, picture string
	var workers int
	c := &cobra.Command{
		Use:               "shrink ARTIFACT|FILE.yaml|--seed N -o min.yaml",
		Short:             "Make a failing plan as small as it can be, and show what its last fault does",
		Example:           "  seatrial shrink failures/historical-1457-seed-12 -o min.yaml --report min.html",
		ValidArgsFunction: completeRuns,
		Long: "Make a failing plan as small as it can be while it violates the same property, and show what\n" +
			"its last fault does: how the same plan ends without it, and where the two runs part.\n\n" +
			"Exit code 0: a smaller plan, or the same one if it cannot be smaller, is in the file. 4: the run passes.",
		Args: arguments(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			job, before, err := from.job(c, args)
			if err != nil {
				return err
			}
			if workers < 1 {
				return fmt.Errorf("--workers %d: want at least 1", workers)
			}
			if err := writable(file); err != nil {
				return err
			}
			defer from.subject.close()
			// What failed in exact mode is shrunk there: natively it may pass.
			if job.Exact, err = new(exactFlags).prepareFor(c, before, &from.subject); err != nil {
				return err
			}
			pool, err := from.subject.open(c, workers)
			if err != nil {
				return err
			}
			return shrinkTo(c, from.subject.job(job), shrink.Options{Pool: pool, Language: from.subject.language()}, file, picture)
		},
	}
	c.Flags().StringVarP(&file, "output", "o", "", "scenario `file` for the small plan")
	c.MarkFlagRequired("output")
	c.Flags().StringVar(&picture, "report", "", "show the small run in this HTML `file`, too")
	addWorkersFlag(c, &workers)
	from.addFlags(c)
	return c
}

func shrinkTo(c *cobra.Command, job sweep.Job, options shrink.Options, file, picture string) error {
	begin := time.Now()
	status := newStatus(c.ErrOrStderr())
	options.Progress = func(p shrink.Progress) {
		status.show(fmt.Sprintf("shrinking: %s, %s tried, now %s", p.Size, scenarios.Count(p.Tried, "plan"), p.Doing))
	}
	result, err := shrink.Shrink(c.Context(), job, options)
	status.clear()
	switch {
	case errors.Is(err, shrink.ErrPasses):
		return &exitError{exitInconclusive, fmt.Sprintf("seed %d: %v", job.Seed, err)}
	case err != nil:
		return err
	}
	if err := writeFile(file, result.YAML); err != nil {
		return err
	}
	if picture != "" {
		if err := writeSmallReport(picture, file, result); err != nil {
			return err
		}
	}
	printShrunk(c.OutOrStdout(), result, file, time.Since(begin))
	return nil
}

func printShrunk(out io.Writer, r *shrink.Result, file string, took time.Duration) {
	fmt.Fprintf(out, "%s\n\n", lists(r.YAML))
	if r.Explanation != nil {
		fmt.Fprintf(out, "%s\n", r.Explanation)
	}
	fmt.Fprintf(out, "shrunk from %s to %s, %s tried in %s\n", r.From, r.To, scenarios.Count(r.Tried, "plan"), took.Round(100*time.Millisecond))
	o := r.Outcome
	o.Job.File, o.Job.Replay = file, ""
	fmt.Fprintf(out, "%s\n%s\n", oneLine(o), pasteable(replayCommandFor(o)))
}

// writable makes sure, before hours are spent, that the file can be written.
func writable(file string) error {
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return fmt.Errorf("-o %s: a folder; want the name of a file", file)
	}
	probe, err := os.CreateTemp(filepath.Dir(file), ".probe-")
	if err != nil {
		return fmt.Errorf("-o %s: %w", file, err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// writeFile writes a file that was asked for, whole or not at all.
func writeFile(file string, data []byte) error {
	if err := wholefile.Write(file, data, 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	return nil
}

// lists are the parts of a scenario file that say in what world what is done
// and what goes wrong.
func lists(text []byte) string {
	text, _, _ = bytes.Cut(text, []byte("\nexpect:"))
	for _, first := range []string{"world:", "safety:", "settle:", "steps:", "faults:"} {
		if _, rest, ok := bytes.Cut(text, []byte("\n"+first)); ok {
			return first + string(bytes.TrimRight(rest, "\n"))
		}
	}
	return ""
}
