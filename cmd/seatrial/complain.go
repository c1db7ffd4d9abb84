package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seatrial/seatrial/internal/yamlread"
)

// complain prints an error. Each of several that were joined has a line of its own, and
// says on it who complains.
func complain(out io.Writer, err error) {
	for _, one := range several(err) {
		fmt.Fprintln(out, "seatrial:", one)
	}
}

// several are the messages of an error: of one that is nothing but others joined, theirs.
func several(err error) []string {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []string{err.Error()}
	}
	var texts, out []string
	for _, one := range joined.Unwrap() {
		texts = append(texts, one.Error())
		out = append(out, several(one)...)
	}
	if strings.Join(texts, "\n") != err.Error() {
		return []string{err.Error()} // it says something of its own about them
	}
	return out
}

// explained adds to what cobra says about wrong usage what would be right.
func explained(c *cobra.Command, err error) error {
	return fmt.Errorf("%w (%swant %s; see %s --help)", err, meantFlag(c, err), c.UseLine(), c.CommandPath())
}

// meantFlag asks whether a flag of the command was meant by one that it does not have.
func meantFlag(c *cobra.Command, err error) string {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return ""
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if short := unknown.GetSpecifiedShortnames(); short != "" {
		// -seeds is seven flags of one letter to cobra, and --seeds to the go command.
		name, _, _ := strings.Cut(short, "=")
		if c.Flags().Lookup(name) != nil {
			return "did you mean --" + name + "? "
		}
		return meant(yamlread.Closest(name, names))
	}
	return meant(yamlread.Closest(unknown.GetSpecifiedName(), names))
}

func meant(name string) string {
	if name == "" {
		return ""
	}
	return "did you mean --" + name + "? "
}

// meantCommand is what cobra says about a command that is not there, in one line.
func meantCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	return fmt.Errorf("unknown command %q (%s)", args[0], yamlread.DidYouMean(args[0], names, "see seatrial --help"))
}
