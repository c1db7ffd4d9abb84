package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/internal/artifact"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/internal/version"
)

func reportCommand() *cobra.Command {
	var from source
	var file string
	c := &cobra.Command{
		Use:               "report ARTIFACT|FILE.yaml|--seed N -o report.html",
		Short:             "Show a run as one HTML file that needs no network",
		Example:           "  seatrial report storm.yaml --seed 7 -o report.html",
		ValidArgsFunction: completeRuns,
		Long: "Run a plan again and show it as one HTML file that needs nothing else. Runs that pass can be shown, too.\n\n" +
			"Exit code 0: the page is written. 4: it is, but the run is not that of the artifact.",
		Args: arguments(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			job, before, err := from.job(c, args)
			if err != nil {
				return err
			}
			if err := writable(file); err != nil {
				return err
			}
			defer from.subject.close()
			pool, err := from.subject.open(c, 1)
			if err != nil {
				return err
			}
			return writeReport(c, pool, from.subject.job(job), before, file)
		},
	}
	c.Flags().StringVarP(&file, "output", "o", "", "HTML `file` to write")
	c.MarkFlagRequired("output")
	from.addFlags(c)
	return c
}

func writeReport(c *cobra.Command, pool sweep.Pool, job sweep.Job, before *artifact.Artifact, file string) error {
	job.Report, job.Confirm = true, confirmations
	outcome, err := runOne(c, pool, job)
	if err != nil {
		return err
	}
	outcome.Porcupine = nil // the page stands alone
	page, err := artifact.Page(artifact.Words{Version: version.String(), Replay: replayCommandFor(outcome)}, outcome)
	if err != nil {
		return err
	}
	if err := writeFile(file, page); err != nil {
		return err
	}
	fmt.Fprintf(c.OutOrStdout(), "%s\n%s\n", summary(outcome), file)
	if before != nil && (before.Outcome.Hash != outcome.Hash || before.Outcome.Property != outcome.Property) {
		return &exitError{exitInconclusive, "the report shows this run, which is not that of the artifact; seatrial replay shows where they part"}
	}
	return nil
}
