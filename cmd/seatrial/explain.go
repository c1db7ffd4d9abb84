package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/internal/artifact"
	"github.com/seatrial/seatrial/internal/results"
	"github.com/seatrial/seatrial/internal/shell"
	"github.com/seatrial/seatrial/scenarios"
)

func explainCommand() *cobra.Command {
	var ask probability
	c := &cobra.Command{
		Use:   "explain ARTIFACT",
		Short: "Say why a run failed: one sentence, and the few events that led there",
		Long: "Say why a run failed, from what the artifact holds: nothing is run.\n\n" +
			"The events are found by walking back from the one that broke the law: commit, call, what its process had been told, whose change or which fault that was. docs/use/report.md says how far to trust it.\n\n" +
			"With --probability the run is made again and again, each time with everything after some moment drawn anew: the chance of the same failure over time says when it became inevitable. It stays in the artifact, and stands above the timeline of its report.",
		Example:           "  seatrial explain failures/historical-1457-seed-12\n  seatrial explain --probability failures/historical-1457-seed-12",
		ValidArgsFunction: completeArtifacts,
		Args:              arguments(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			if ask.on {
				if err := ask.measure(c, args[0]); err != nil {
					return err
				}
			}
			a, err := artifact.Read(args[0])
			if err != nil {
				return err
			}
			return printExplanation(c, a, args[0])
		},
	}
	ask.addFlags(c)
	return c
}

func printExplanation(c *cobra.Command, a *artifact.Artifact, path string) error {
	o, out := a.Outcome, c.OutOrStdout()
	style := styleOf(c, out)
	fmt.Fprintf(out, "%s: %s\n    %s\n", style.verdict(o.Verdict, string(o.Verdict)), results.EntryOf(o).Violation(), o.Message)
	if o.Why == nil {
		return &exitError{exitInconclusive, fmt.Sprintf("the artifact holds no explanation: seatrial %s did not make one, or the run left no events; try seatrial replay %s", a.Version, shell.Quote(path))}
	}
	fmt.Fprint(out, style.story(o.Why.Text()))
	if len(a.Odds) > 0 {
		fmt.Fprintf(out, "\nThe same failure, when everything after a moment is drawn anew (%s each):\n%s", scenarios.Count(a.Odds[0].Runs, "run"), o.Why.OddsText(a.Odds))
	}
	return nil
}
