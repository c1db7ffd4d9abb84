package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"

	"github.com/seatrial/seatrial/scenarios"
)

func validateCommand() *cobra.Command {
	var subject underTest
	c := &cobra.Command{
		Use:               "validate FILE...",
		Short:             "Check scenario files without running them",
		Example:           "  seatrial validate testdata/*.yaml",
		ValidArgsFunction: completeFiles,
		Long: "Check scenario files without running them, and tell everything that is wrong with any of them.\n\n" +
			"A file that says which processes, cluster, objects or laws there are is one for a controller of its own; any other\n" +
			"is read as the subject understands it. Of a trial, PACKAGE:TEST, only the form can be checked.",
		Args: arguments(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, files []string) error {
			if err := subject.check(); err != nil {
				return err
			}
			var problems []error
			for _, file := range files {
				name, err := validate(file, subject.language())
				if problems = append(problems, err); err == nil {
					fmt.Fprintf(c.OutOrStdout(), "%s: %s is valid\n", file, name)
				}
			}
			return errors.Join(problems...)
		},
	}
	subject.addFlags(c)
	return c
}

// validate reads a file and returns the scenario's name.
func validate(file string, language *scenarios.Language) (string, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("reading a scenario: %w", err)
	}
	if isSite(content) {
		language = scenarios.Basic()
	}
	plan, err := scenarios.Parse(file, content, language)
	return plan.Name, err
}

// isSite: the file says something about a controller of its own.
func isSite(content []byte) bool {
	var fields map[string]yaml.Node
	if yaml.Unmarshal(content, &fields) != nil {
		return false // which is for the parser to say
	}
	for _, name := range []string{"processes", "cluster", "objects", "laws"} {
		if _, there := fields[name]; there {
			return true
		}
	}
	return false
}

func schemaCommand() *cobra.Command {
	var subject underTest
	c := &cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON Schema of scenario files",
		Example: "  seatrial schema > scenario.schema.json",
		Long: "Print the JSON Schema of scenario files, so that an editor completes and underlines:\n" +
			"what every plan can say and what the plans of the subject can. Of a trial, PACKAGE:TEST, the former.",
		Args: arguments(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := subject.check(); err != nil {
				return err
			}
			language := subject.language()
			if subject.pkg != "" {
				language = scenarios.Basic()
			}
			_, err := c.OutOrStdout().Write(scenarios.JSONSchema(language))
			return err
		},
	}
	subject.addFlags(c)
	return c
}
