package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"
)

// pageOf is the page of an artifact.
const pageOf = "report.html"

func openCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "open ARTIFACT",
		Short:             "Open the report of a failure in the browser",
		Example:           "  seatrial open failures/historical-1457-seed-12",
		ValidArgsFunction: completeArtifacts,
		Args:              arguments(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			page, err := filepath.Abs(filepath.Join(args[0], pageOf))
			if err != nil {
				return err
			}
			if _, err := os.Stat(page); err != nil {
				return fmt.Errorf("open: %s is no artifact: %w", args[0], err)
			}
			program := opener(runtime.GOOS)
			if err := exec.CommandContext(c.Context(), program[0], append(program[1:], page)...).Run(); err != nil {
				return &exitError{exitInconclusive, fmt.Sprintf("no browser could be opened (%v): open %s", err, page)}
			}
			return nil
		},
	}
}

// opener is the program with which an operating system opens a file.
func opener(system string) []string {
	switch system {
	case "darwin":
		return []string{"open"}
	case "windows":
		return []string{"rundll32", "url.dll,FileProtocolHandler"}
	}
	return []string{"xdg-open"}
}
