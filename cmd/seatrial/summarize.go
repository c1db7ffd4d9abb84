package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios/results"
)

func summarizeCommand() *cobra.Command {
	var junit, index string
	var asJSON bool
	c := &cobra.Command{
		Use:               "summarize FOLDER...",
		Short:             "Sum up the results of sweeps, as those of several shards",
		Example:           "  seatrial summarize failures\n  seatrial summarize shard-* --index index.html --junit junit.xml",
		ValidArgsFunction: completeFolders,
		Long: "Sum up what seatrial sweep --out wrote: results folders, or folders that hold such folders.\n" +
			"A run that is in several is counted once.\n\n" +
			"Exit codes are those of a sweep; 4 also if runs are missing or did not end the same each time.",
		Args: arguments(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, folders []string) error {
			s, err := results.Merge(folders)
			if err != nil {
				return err
			}
			if err := printSummary(c, s, asJSON, junit, index); err != nil {
				return err
			}
			return exitFor(s)
		},
	}
	c.Flags().StringVar(&junit, "junit", "", "write JUnit XML to this `file`")
	c.Flags().StringVar(&index, "index", "", "write a page over all failures to this HTML `file`")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object with everything on stdout, and nothing else")
	return c
}

func printSummary(c *cobra.Command, s *results.Summary, asJSON bool, junit, index string) error {
	if junit != "" {
		var text bytes.Buffer
		if err := s.WriteJUnit(&text); err != nil {
			return err
		}
		if err := writeFile(junit, text.Bytes()); err != nil {
			return err
		}
	}
	if index != "" {
		if err := writeIndex(index, s); err != nil {
			return err
		}
	}
	if asJSON {
		return json.NewEncoder(c.OutOrStdout()).Encode(s)
	}
	return s.WriteTable(c.OutOrStdout())
}

// exitFor is the exit code of what was summed up, as an error.
func exitFor(s *results.Summary) error {
	verdict := s.Verdict()
	if len(s.Void) > 0 && (verdict == model.VerdictPass || verdict == model.VerdictInconclusive) {
		return &exitError{code: exitViolated}
	}
	switch verdict {
	case model.VerdictPass:
		return nil
	case model.VerdictSafety, model.VerdictLiveness:
		return &exitError{code: exitViolated}
	case model.VerdictCrash:
		return &exitError{code: exitCrash}
	case model.VerdictInconclusive:
		return &exitError{code: exitInconclusive}
	default:
		return fmt.Errorf("unknown verdict %q", verdict)
	}
}
