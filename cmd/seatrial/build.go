package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/internal/exact"
	programs "github.com/seatrial/seatrial/sim/program"
)

func buildCommand() *cobra.Command {
	var source programs.Source
	var output string
	c := &cobra.Command{
		Use:     "build [--module DIR|MODULE@VERSION] [PACKAGE] -o FILE",
		Short:   "Build a controller's own program so that it can run in virtual time",
		Example: "  seatrial build ./cmd/manager -o manager.sea\n  seatrial build --module example.org/controller@v1.2.3 ./cmd/manager -o manager.sea",
		Long: "Build a controller's own program, main included, so that it can run in virtual time. The go.mod of\n" +
			"its module decides every version. The program runs on linux/amd64; what it cannot do is told in docs/use/any-binary.md.",
		Args: arguments(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			if output == "" {
				return explained(c, errors.New("-o: missing"))
			}
			if len(args) > 0 {
				source.Package = args[0]
			}
			cache, err := exact.CacheDir()
			if err != nil {
				return err
			}
			built, err := programs.Build(c.Context(), source, cache)
			if err != nil {
				return err
			}
			if err := copyProgram(built.Path, output); err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%s: %s, built with %s\n", output, built.Package, built.Go)
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&source.Module, "module", "", "`DIR` of the program's module, or MODULE@VERSION of the module proxy; default: here")
	f.StringVarP(&output, "output", "o", "", "`FILE` to write")
	return c
}

// copyProgram leaves the program at a name of the user's own.
func copyProgram(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("copying the program: %w", err)
	}
	defer in.Close()
	out, err := os.CreateTemp(filepath.Dir(to), ".building-")
	if err != nil {
		return fmt.Errorf("-o %s: %w", to, err)
	}
	defer os.Remove(out.Name())
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Chmod(0o755), out.Close()); err == nil {
		err = os.Rename(out.Name(), to)
	}
	if err != nil {
		return fmt.Errorf("-o %s: %w", to, err)
	}
	return nil
}
