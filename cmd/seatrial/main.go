// Command seatrial puts Kubernetes controllers through rough weather: see the
// README for what that means and docs/ for the rest.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/internal/exact/host"
	"github.com/seatrial/seatrial/internal/realcluster"
	"github.com/seatrial/seatrial/internal/sweep"
)

// Exit codes are a contract: scripts and CI rely on them.
const (
	exitPass         = 0
	exitViolated     = 1 // a property was violated
	exitUsage        = 2 // wrong usage or invalid input
	exitCrash        = 3 // the subject crashed or hung
	exitInconclusive = 4
)

// exitError ends the program with a code, after its message if it has one.
type exitError struct {
	code    int
	message string
}

func (e *exitError) Error() string { return e.message }

func main() {
	realcluster.ServeIfSubject(registry())
	sweep.ServeIfWorker(registry(), host.Engine{}, realcluster.Engine{})
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	c := root()
	c.SetArgs(goStyle(os.Args[1:]))
	err := c.ExecuteContext(ctx)
	stop()
	os.Exit(exitCode(err))
}

func exitCode(err error) int {
	if err == nil {
		return exitPass
	}
	var exit *exitError
	if errors.As(err, &exit) {
		if exit.message != "" {
			fmt.Fprintln(os.Stderr, "seatrial:", exit.message)
		}
		return exit.code
	}
	// Everything else is wrong usage or input that cannot be used.
	complain(os.Stderr, err)
	return exitUsage
}

func root() *cobra.Command {
	root := &cobra.Command{
		Use:           "seatrial",
		Short:         "Deterministic simulation and fault injection for Kubernetes controllers",
		Version:       versionText(),
		Args:          meantCommand,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return explained(c, err) })
	root.AddCommand(runCommand(), sweepCommand(), testCommand(), listCommand(), validateCommand(), schemaCommand(), summarizeCommand(), replayCommand(), confirmCommand(), shrinkCommand(), reportCommand(), compareCommand(), explainCommand(), openCommand(), serveCommand(), catalogueCommand(), buildCommand(), execCommand(), doctorCommand(), apiserverCommand(), subjectsCommand(), versionCommand())
	addColourFlag(root)
	completeFlags(root)
	return root
}

// arguments is a rule of cobra's whose error says what would be right.
func arguments(rule cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := rule(c, args); err != nil {
			return explained(c, err)
		}
		return nil
	}
}
