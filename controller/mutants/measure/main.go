// Command measure says which mutants of the controller the harness finds: it builds
// one seatrial that has them all and puts each through the scenario library, the
// default search and the targeted modes, until one finds it.
//
//	go run ./controller/mutants/measure -write docs/globalingressip/mutants.md
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/seatrial/seatrial/controller/mutants"
)

type config struct {
	root, list, only, write string
	seeds, limit            int
	stages                  string
	every                   bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	var c config

	flag.StringVar(&c.root, "root", ".", "folder of the module")
	flag.StringVar(&c.only, "only", ".", "regular expression: measure the mutants whose name it finds")
	flag.StringVar(&c.write, "write", "", "file whose tables are made anew; default: none, they are printed")
	flag.IntVar(&c.seeds, "seeds", 400, "seeds of the default search, from 1")
	flag.IntVar(&c.limit, "limit", 150, "plans for each targeted mode")
	flag.StringVar(&c.stages, "stages", strings.Join(stageNames(), ","), "what is tried, in this order")
	flag.BoolVar(&c.every, "every-stage", false, "go through every stage, though one has found the mutant: says what each would do alone")
	flag.Parse()

	if flag.NArg() > 0 {
		fail(fmt.Errorf("unexpected argument %q: there are only flags", flag.Arg(0)))
	}

	if err := run(ctx, c, os.Stdout); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "measure:", err)
	os.Exit(2)
}

func run(ctx context.Context, c config, out io.Writer) error {
	pattern, err := regexp.Compile(c.only)
	if err != nil {
		return fmt.Errorf("-only: %w", err)
	}

	stages, err := stagesOf(c)
	if err != nil {
		return err
	}

	all, err := mutants.Load(filepath.Join(c.root, "controller", "mutants", "list"))
	if err != nil {
		return err
	}

	binary, clean, err := build(ctx, c.root, all)
	if err != nil {
		return err
	}
	defer clean()

	trial := trial{binary: binary, root: c.root, stages: stages, every: c.every}

	// What ships has to pass where mutants are to fail, or nothing is measured.
	if shipped := trial.put(ctx, mutants.Mutant{Name: "", Kind: mutants.Legal}); shipped.killed() {
		return fmt.Errorf("the controller that ships fails %s: %s", shipped.kills[0].stage, shipped.kills[0].what)
	}

	var results []result

	for _, m := range all {
		if ctx.Err() != nil {
			break // what is known so far is told
		}

		if !pattern.MatchString(m.Name) {
			continue
		}

		r := trial.put(ctx, m)
		if ctx.Err() != nil {
			break
		}

		results = append(results, r)

		fmt.Fprintln(os.Stderr, r.line())
	}

	return report(c, stages, results, out)
}

// build makes one seatrial of all mutants.
func build(ctx context.Context, root string, all []mutants.Mutant) (binary string, clean func(), err error) {
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return "", nil, err
	}

	clean = func() { _ = os.RemoveAll(dir) }

	root, err = filepath.Abs(root)
	if err != nil {
		return "", clean, err
	}

	overlay, err := mutants.Instrument(root, dir, all)
	if err != nil {
		return "", clean, err
	}

	binary = filepath.Join(dir, "seatrial")

	command := exec.CommandContext(ctx, "go", "build", "-overlay", overlay, "-o", binary, "./cmd/seatrial")
	command.Dir = root

	if text, err := command.CombinedOutput(); err != nil {
		return "", clean, fmt.Errorf("build a seatrial that has all mutants: %w\n%s", err, text)
	}

	return binary, clean, nil
}
