package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/internal/results"
	"github.com/seatrial/seatrial/model"
)

// summarizeFlags say what is made of a summary beside the table.
type summarizeFlags struct {
	junit, index, markdown string
	before                 []string
	json                   bool
}

func summarizeCommand() *cobra.Command {
	var f summarizeFlags
	c := &cobra.Command{
		Use:               "summarize FOLDER...",
		Short:             "Sum up the results of sweeps, as those of several shards, and compare them with nights before",
		Example:           "  seatrial summarize failures\n  seatrial summarize shard-* --index index.html --junit junit.xml\n  seatrial summarize thursday --before tuesday --before wednesday --markdown \"$GITHUB_STEP_SUMMARY\"",
		ValidArgsFunction: completeFolders,
		Long: "Sum up what seatrial sweep --out wrote: results folders, or folders that hold such folders.\n" +
			"A run that is in several is counted once.\n\n" +
			"With --before, failures are told apart by what the nights before had: new, still there since, gone.\n" +
			"They do not change the exit code.\n\n" +
			"Exit codes are those of a sweep; 4 also if runs are missing or did not end the same each time.",
		Args: arguments(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, folders []string) error {
			nights, err := f.nights(folders)
			if err != nil {
				return err
			}
			if err := f.write(c, nights); err != nil {
				return err
			}
			return exitFor(nights[len(nights)-1].Summary)
		},
	}
	c.Flags().StringVar(&f.junit, "junit", "", "write JUnit XML to this `file`; times in it are virtual")
	c.Flags().StringVar(&f.index, "index", "", "write a page over all failures to this HTML `file`")
	c.Flags().StringVar(&f.markdown, "markdown", "", "append a summary in Markdown to this `file`, such as that of a GitHub job")
	c.Flags().StringArrayVar(&f.before, "before", nil, "results `folder` of an earlier night, to compare with; may be repeated, the first night first")
	c.Flags().BoolVar(&f.json, "json", false, "print one JSON object with everything on stdout, and nothing else")
	return c
}

// nights are those to compare with, and last the one that is summed up. They are called
// as their folders are.
func (f *summarizeFlags) nights(folders []string) ([]results.Night, error) {
	var nights []results.Night
	for _, folder := range f.before {
		s, err := results.Merge([]string{folder})
		if err != nil {
			return nil, fmt.Errorf("--before: %w", err)
		}
		nights = append(nights, results.Night{Name: nightOf(folder), Summary: s})
	}
	s, err := results.Merge(folders)
	if err != nil {
		return nil, err
	}
	return append(nights, results.Night{Name: nightOf(folders[0]), Summary: s}), nil
}

func nightOf(folder string) string {
	if path, err := filepath.Abs(folder); err == nil {
		folder = path
	}
	return filepath.Base(folder)
}

func (f *summarizeFlags) write(c *cobra.Command, nights []results.Night) error {
	s := nights[len(nights)-1].Summary
	if f.junit != "" {
		var text bytes.Buffer
		if err := s.WriteJUnit(&text); err != nil {
			return err
		}
		if err := writeFile(f.junit, text.Bytes()); err != nil {
			return err
		}
	}
	if f.index != "" {
		if err := writeIndex(f.index, nights); err != nil {
			return err
		}
	}
	if f.markdown != "" {
		if err := appendMarkdown(f.markdown, nights); err != nil {
			return err
		}
	}
	if f.json {
		return json.NewEncoder(c.OutOrStdout()).Encode(struct {
			*results.Summary
			Trend []trendLine `json:"trend,omitempty"`
		}{s, trendLines(nights)})
	}
	if err := s.WriteTable(c.OutOrStdout()); err != nil {
		return err
	}
	return results.WriteTrend(c.OutOrStdout(), nights)
}

func appendMarkdown(file string, nights []results.Night) error {
	out, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("--markdown: %w", err)
	}
	return errors.Join(results.WriteMarkdown(out, nights), out.Close())
}

// trendLine is what --json says of a group of failures over the nights.
type trendLine struct {
	Subject  string            `json:"subject"`
	Verdict  model.VerdictKind `json:"verdict"`
	Failure  string            `json:"failure"` // signature or property
	Standing results.Standing  `json:"standing"`
	Since    string            `json:"since"` // night
	Failed   []int             `json:"failed"`
	Runs     []int             `json:"runs"`
}

func trendLines(nights []results.Night) []trendLine {
	if len(nights) < 2 {
		return nil
	}
	var out []trendLine
	for _, t := range results.Trends(nights) {
		l := trendLine{Subject: t.First.Subject, Verdict: t.First.Verdict, Failure: t.Name(), Standing: t.Standing, Since: t.Since}
		for _, share := range t.Shares {
			l.Failed, l.Runs = append(l.Failed, share.Failed), append(l.Runs, share.Runs)
		}
		out = append(out, l)
	}
	return out
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
