// Command bench runs the benchmarks and prints them as one table, in processor time
// and with ratios, because machines are noisy and what a figure means is what it is
// beside another of the same run:
//
//	go run ./internal/bench                  all benchmarks of the module but exact mode's
//	go run ./internal/bench -base main~1     beside those of another commit
//	go run ./internal/bench -real            beside a real kube-apiserver, built if need be
//	go run ./internal/bench -only Call       those whose name matches
//
// Each benchmark runs in processes of its own, with a number of iterations that is
// the same for both commits, in rounds: one process of this commit, one of the other,
// in turns. What an iteration costs is what the process took, what it started
// included, less what a process with a single iteration took.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"text/tabwriter"
	"time"
)

func main() {
	var o options
	flag.StringVar(&o.base, "base", "", "commit to compare with")
	flag.BoolVar(&o.real, "real", false, "also the loop of package differential, at the simulated server and at a real kube-apiserver with etcd; builds those if they are not cached")
	flag.StringVar(&o.only, "only", ".", "regular `expression`: benchmarks to run")
	flag.StringVar(&o.skip, "skip", "Exact", "regular `expression`: benchmarks to leave out; those of exact mode build its modules first")
	flag.IntVar(&o.rounds, "rounds", 10, "processes for each benchmark and commit")
	flag.DurationVar(&o.time, "benchtime", time.Second, "about how long the iterations of a process take")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := o.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		if errors.As(err, new(*usageError)) {
			os.Exit(2)
		}
		os.Exit(1)
	}
}

type options struct {
	base, only, skip string
	time             time.Duration
	real             bool
	rounds           int
}

// A usageError says which flag is wrong.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func (o options) run(ctx context.Context) error {
	for flag, text := range map[string]string{"-only": o.only, "-skip": o.skip} {
		if _, err := regexp.Compile(text); err != nil {
			return &usageError{fmt.Sprintf("%s: %v", flag, err)}
		}
	}
	if o.rounds < 1 || o.time <= 0 || flag.NArg() > 0 {
		return &usageError{"want -rounds of at least 1, -benchtime above 0 and no arguments"}
	}
	scratch, err := os.MkdirTemp("", "seatrial-bench-")
	if err != nil {
		return fmt.Errorf("making a folder for test binaries: %w", err)
	}
	defer os.RemoveAll(scratch)
	trees := []tree{{name: "this", dir: ".", scratch: filepath.Join(scratch, "this")}}
	if o.base != "" {
		other, remove, err := checkOut(ctx, o.base, filepath.Join(scratch, "tree"))
		if err != nil {
			return err
		}
		defer remove()
		trees = append(trees, tree{name: o.base, dir: other, scratch: filepath.Join(scratch, "base")})
	}
	packages, err := packagesWithBenchmarks(ctx, o.real)
	if err != nil {
		return err
	}
	var rows []row
	for _, p := range packages {
		of, err := o.measurePackage(ctx, trees, p)
		if err != nil {
			return err
		}
		rows = append(rows, of...)
	}
	if len(rows) == 0 {
		return &usageError{fmt.Sprintf("-only %s: no such benchmark", o.only)}
	}
	print(rows, o.base)
	return nil
}

// beside names benchmarks of the same loop: what the second takes is given as a
// multiple of the first.
var beside = map[string]string{
	"BenchmarkCallFakeClient":            "BenchmarkCallSimulated",
	"BenchmarkCallSimulatedIdleFaults":   "BenchmarkCallSimulated",
	"BenchmarkServer/real":               "BenchmarkServer/simulated",
	"BenchmarkSweepExact/wasm/workers=1": "BenchmarkSweep/workers=1",
	"BenchmarkSweepExact/wasm/workers=2": "BenchmarkSweep/workers=2",
	"BenchmarkSweepExact/fork/workers=1": "BenchmarkSweep/workers=1",
	"BenchmarkSweepExact/fork/workers=2": "BenchmarkSweep/workers=2",
}

func print(rows []row, base string) {
	costs := make(map[string]row)
	for _, r := range rows {
		costs[r.name] = r
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 1, ' ', 0)
	heads := []string{"package", "benchmark", "processor time", "wall", "other", "ratio"}
	if base != "" {
		heads = append(heads, "to "+base)
	}
	fmt.Fprintf(w, "| %s\t|\n", strings.Join(heads, "\t| "))
	fmt.Fprintf(w, "|%s\n", strings.Repeat("---\t|", len(heads)))
	for _, r := range rows {
		cells := []string{r.pkg, strings.TrimPrefix(r.name, "Benchmark"), duration(r.cpu.median()), duration(r.wall.median()), r.other, ""}
		if first, ok := costs[beside[r.name]]; ok {
			// A server of another process is not in this one's processor time.
			cells[5] = fmt.Sprintf("%.2f times %s by the clock", r.wall.median()/first.wall.median(), strings.TrimPrefix(first.name, "Benchmark"))
		}
		if base != "" {
			cells = append(cells, r.ratios.String())
		}
		fmt.Fprintf(w, "| %s\t|\n", strings.Join(cells, "\t| "))
	}
	w.Flush()
}
