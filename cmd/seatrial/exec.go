package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/internal/exact"
	"github.com/seatrial/seatrial/internal/shell"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// execCommand runs a user's own program, for `go test -exec`.
func execCommand() *cobra.Command {
	var seeds, engine string
	var buildFlags bool
	c := &cobra.Command{
		Use:     "exec PROGRAM [ARGUMENT...]",
		Short:   "Run a program of your own, such as a test binary, bit for bit",
		Example: "  seatrial exec --seeds 1-100 ./mycontroller.test -test.run TestTrial",
		Long: `Run a program, such as a test binary, bit for bit: the seed decides about map
order, select choices and, when it was built with the flags that --build-flags prints,
where goroutines are preempted. On linux/amd64:

    export CGO_ENABLED=0
    eval "go test -exec 'seatrial exec --seeds 1-100' $(seatrial exec --build-flags --engine fork ./mycontroller) ./mycontroller"

Anywhere, and several times slower:

    export GOOS=wasip1 GOARCH=wasm
    eval "go test -exec 'seatrial exec --seeds 1-100' $(seatrial exec --build-flags ./mycontroller) ./mycontroller"

The program finds the seed in SEATRIAL_SEED. It sees the file system as it is, and
as a WebAssembly module no network. The exit code is that of the first seed that fails.`,
		RunE: func(c *cobra.Command, args []string) error {
			cache, err := exact.CacheDir()
			if err != nil {
				return err
			}
			if buildFlags {
				if err := checkEngine(engine); err != nil {
					return err
				}
				return printBuildFlags(c, exact.Builder{Cache: cache, Kind: engine}, args)
			}
			switch {
			case c.Flags().Changed("engine"):
				return errors.New("exec: --engine goes with --build-flags: how a program is run follows from how it was built")
			case len(args) == 0:
				return errors.New("exec: want a program built with the flags that --build-flags prints, or for GOOS=wasip1 GOARCH=wasm")
			}
			chosen, err := parseSeeds(seeds)
			if err != nil {
				return err
			}
			return execSeeds(c, cache, chosen, args)
		},
	}
	c.Flags().SetInterspersed(false) // what follows PROGRAM is its own
	c.Flags().StringVar(&seeds, "seeds", "1", "a seed, or a closed range of them, `A-B`")
	c.Flags().StringVar(&engine, "engine", exact.Wasm, "with --build-flags: `kind` of program, wasm or fork")
	c.Flags().BoolVar(&buildFlags, "build-flags", false, "print flags for go test instead: seeds may preempt goroutines in the packages that follow, default ./...")
	return c
}

// printBuildFlags prints flags quoted for a shell.
func printBuildFlags(c *cobra.Command, b exact.Builder, patterns []string) error {
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	flags, err := b.Flags(c.Context(), patterns...)
	if err != nil {
		return err
	}
	for i := range flags {
		flags[i] = shell.Quote(flags[i])
	}
	fmt.Fprintln(c.OutOrStdout(), strings.Join(flags, " "))
	return nil
}

// execSeeds runs the program once per seed. One seed has its output passed on
// as it is; of several, only that of those which fail.
func execSeeds(c *cobra.Command, cache string, seeds sim.SeedRange, args []string) error {
	ctx := c.Context()
	if _, _, err := exact.Compile(ctx, args[0], cache, c.ErrOrStderr()); err != nil {
		return err
	}
	module, _, err := exact.Load(args[0])
	if err != nil {
		return err
	}
	engine, err := exact.OpenCommand(ctx, module, cache)
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	defer engine.Close(context.WithoutCancel(ctx))
	dir, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("exec: %w", err)
	}
	single, ran, failed, code := seeds.First == seeds.Last, 0, 0, 0
	seeds.Each(sim.WholeRange, func(seed sim.Seed) bool {
		var out exact.Output
		out, err = engine.Run(ctx, exact.Input{
			Seed: seed, Args: args[1:], Root: "/",
			Env: [][2]string{{"PWD", dir}},
		})
		if err != nil {
			return false
		}
		ran++
		if single || out.ExitCode != 0 {
			c.OutOrStdout().Write(out.Stdout)
			c.ErrOrStderr().Write(out.Stderr)
		}
		if out.ExitCode != 0 {
			if failed++; failed == 1 {
				code = int(out.ExitCode)
			}
			fmt.Fprintf(c.ErrOrStderr(), "seatrial: seed %d: exit code %d; again: seatrial exec --seeds %d ...\n", seed, out.ExitCode, seed)
		}
		return ctx.Err() == nil
	})
	if err != nil {
		return err
	}
	if !single {
		fmt.Fprintf(c.OutOrStdout(), "seatrial: %s, %d failed\n", scenarios.Count(ran, "seed"), failed)
	}
	if code != 0 {
		return &exitError{code: code}
	}
	return ctx.Err()
}
