package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	exactmode "github.com/seatrial/seatrial/internal/exact"
	"github.com/seatrial/seatrial/internal/testbinary"
)

func testCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "test [go test flags and packages]",
		Short:   "Run go test, built so that waiting for a mutex lets virtual time pass",
		Example: "  seatrial test ./mycontroller -run TestTrial -count=1",
		Long: `Run go test with the flags and packages given, built so that waiting for a mutex
lets virtual time pass: a controller that holds one across a call does not hang.
Locks that are package variables are left as they are.

Packages are compiled anew the first time, which takes minutes. go vet, which looks at
all that a test imports, is left out unless -vet is given. The exit code is that of go test.`,
		DisableFlagParsing: true, // they are go test's
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 && (args[0] == "--help" || args[0] == "-h") {
				return c.Help()
			}
			return goTest(c, args)
		},
	}
}

func goTest(c *cobra.Command, args []string) error {
	flags, err := mutexFlags(c)
	if err != nil {
		return err
	}
	if hasFlag(args, "overlay") {
		return errors.New("test: -overlay is given by seatrial test, and the go command takes it once")
	}
	if !hasFlag(args, "vet") {
		flags = append(flags, "-vet=off")
	}
	command := exec.CommandContext(c.Context(), "go", append(append([]string{"test"}, flags...), args...)...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, c.OutOrStdout(), c.ErrOrStderr()
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) } // and it passes it on
	err = command.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		return &exitError{code: exit.ExitCode()}
	}
	if err != nil {
		return fmt.Errorf("test: %w", err)
	}
	return nil
}

// hasFlag looks for a flag of go test, before those of the tests.
func hasFlag(args []string, name string) bool {
	for _, arg := range args {
		if arg == "-args" || arg == "--args" {
			return false
		}
		flag, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"), "=")
		if strings.HasPrefix(arg, "-") && flag == name {
			return true
		}
	}
	return false
}

// mutexFlags are what the go command builds such tests with.
func mutexFlags(c *cobra.Command) ([]string, error) {
	cache, err := exactmode.CacheDir()
	if err != nil {
		return nil, err
	}
	overlay, err := testbinary.Mutexes(c.Context(), filepath.Join(cache, "overlay", "mutexes"))
	if err != nil {
		return nil, err
	}
	return []string{"-overlay=" + overlay}, nil
}
