package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
)

// registry holds the subjects that this program has itself. Users' trials are in
// test binaries of their own: see [underTest].
func registry() *scenarios.Registry { return globalingressip.Registry().Reading(subjectOfFile) }

func subjectsCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "subjects",
		Short:   "List the subjects that this program has itself",
		Example: "  seatrial subjects",
		Args:    cobra.NoArgs,
		Run: func(c *cobra.Command, _ []string) {
			for _, s := range registry().Subjects() {
				fmt.Fprintf(c.OutOrStdout(), "%-24s %s\n", s.Name, s.Summary)
			}
		},
	}
}
