package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/controller/historical"
	"github.com/seatrial/seatrial/internal/catalogue"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
	"github.com/seatrial/seatrial/scenarios/swarm"
)

func catalogueCommand() *cobra.Command {
	var only, file string
	var ranges, size, aimed, workers int
	c := &cobra.Command{
		Use:     "catalogue",
		Short:   "Measure how many runs it takes to find each historical bug",
		Example: "  seatrial catalogue --subjects 3336,4122 --ranges 5",
		Long: "Measure how many runs it takes to find each historical bug, by swarm and by aimed sweeps, as the\n" +
			"median and the 90th percentile of disjoint ranges. A run counts only when the correct sibling passes it.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if ranges < 1 || size < 1 || aimed < 1 || workers < 1 {
				return fmt.Errorf("--ranges %d --size %d --aimed-size %d --workers %d: want at least 1", ranges, size, aimed, workers)
			}
			bugs, err := chosenBugs(only)
			if err != nil {
				return err
			}
			if file != "" {
				if err := writeTable(file, ""); err != nil { // before hours are spent
					return err
				}
			}
			var rows []catalogue.Row
			for _, bug := range bugs {
				row, err := measure(c.Context(), sweep.Pool{Workers: workers}, bug, ranges, size, aimed)
				if err != nil {
					return err
				}
				rows = append(rows, row)
				fmt.Fprintf(c.ErrOrStderr(), "%-32s swarm %-16s aimed %-16s false alarms %d\n",
					row.Swarm.Subject, row.Swarm, row.Aimed, row.Swarm.FalseAlarms+row.Aimed.FalseAlarms)
			}
			table := catalogue.Table(rows, swarm.Version, catalogue.Library{Folder: globalingressip.LibraryFolder, Plans: globalingressip.Library()})
			if file == "" {
				fmt.Fprintln(c.OutOrStdout(), table)
				return nil
			}
			return writeTable(file, table)
		},
	}
	c.Flags().StringVar(&only, "subjects", "", "measure only these, comma-separated `ids`, e.g. 3336,4122")
	c.Flags().StringVar(&file, "write", "", "put the table into this `file`, between its marks, in place of printing it")
	c.Flags().IntVar(&ranges, "ranges", 20, "how many disjoint ranges are searched")
	c.Flags().IntVar(&size, "size", 500, "after how many runs a range of the swarm is given up")
	c.Flags().IntVar(&aimed, "aimed-size", 100, "after how many runs an aimed range is given up: what one fault shows, it shows soon")
	addWorkersFlag(c, &workers)
	return c
}

// chosenBugs are those of the given IDs, or all.
func chosenBugs(only string) ([]historical.Subject, error) {
	all := historical.Subjects()
	if only == "" {
		return all, nil
	}
	byID := map[string]historical.Subject{}
	for _, s := range all {
		byID[s.ID] = s
	}
	var chosen []historical.Subject
	for _, id := range strings.Split(only, ",") {
		s, ok := byID[id]
		if !ok {
			return nil, fmt.Errorf("--subjects: there is no historical bug %q; seatrial subjects lists them", id)
		}
		chosen = append(chosen, s)
	}
	return chosen, nil
}

func measure(ctx context.Context, pool sweep.Pool, bug historical.Subject, ranges, size, aimedSize int) (catalogue.Row, error) {
	subject := "historical/" + bug.ID
	const sibling = globalingressip.Sibling
	swarm, err := catalogue.Measure(ctx, pool, subject, sibling, catalogue.Swarm(subject, size), ranges, size)
	if err != nil {
		return catalogue.Row{}, err
	}
	aimed, err := catalogue.Measure(ctx, pool, subject, sibling, catalogue.Aimed(subject, globalingressip.Language(), aimedSize), ranges, aimedSize)
	return catalogue.Row{Summary: bug.Summary, Swarm: swarm, Aimed: aimed}, err
}

// writeTable puts the table between the marks of the file. An empty one only
// makes sure that this can be done.
func writeTable(file, table string) error {
	document, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("--write: %w", err)
	}
	text, err := catalogue.Replace(string(document), table)
	if err != nil {
		return fmt.Errorf("--write %s: %w", file, err)
	}
	if table == "" {
		return writable(file)
	}
	return writeFile(file, []byte(text))
}
