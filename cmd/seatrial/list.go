package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/internal/testbinary"
	"github.com/seatrial/seatrial/scenarios"
)

func listCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list [PACKAGE...]",
		Short:   "List what can be put to sea: subjects, trials in Go tests, and their files",
		Example: "  seatrial list\n  seatrial list ./...",
		Long: "List what can be put to sea. Without packages: the subjects that seatrial has itself. With Go packages,\n" +
			"such as ./...: the tests that call seatrial.Check or seatrial.CheckEveryCall, and scenario files in testdata.",
		RunE: func(c *cobra.Command, patterns []string) error {
			out := c.OutOrStdout()
			if len(patterns) == 0 {
				for _, s := range registry().Subjects() {
					fmt.Fprintf(out, "%-24s %s\n", s.Name, s.Summary)
				}
				return nil
			}
			packages, err := testbinary.List(c.Context(), patterns...)
			if err != nil {
				return err
			}
			if listTrials(out, packages) == 0 {
				return fmt.Errorf("list: no trial in %s (want a test that calls seatrial.Check or seatrial.CheckEveryCall)", scenarios.Count(len(packages), "package"))
			}
			return nil
		},
	}
}

// listTrials prints a line for each trial and file, and returns how many there are.
func listTrials(out io.Writer, packages []testbinary.Package) int {
	n := 0
	for _, p := range packages {
		for _, test := range p.Trials() {
			n++
			fmt.Fprintf(out, "%s:%s  %s:%d\n", p.ImportPath, test.Name, test.File, test.Line)
		}
		for _, file := range p.Files {
			n++
			fmt.Fprintf(out, "%s  %s, a scenario\n", p.ImportPath, file)
		}
	}
	return n
}
