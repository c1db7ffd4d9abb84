package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/internal/version"
	"github.com/seatrial/seatrial/scenarios/swarm"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version, and the generator that seeds depend on",
		Example: "  seatrial version",
		Args:    cobra.NoArgs,
		Run: func(c *cobra.Command, _ []string) {
			fmt.Fprintln(c.OutOrStdout(), versionText())
		},
	}
}

func versionText() string {
	return fmt.Sprintf("seatrial %s generator %s", version.String(), swarm.Version)
}
