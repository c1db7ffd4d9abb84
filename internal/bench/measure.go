package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A row is one benchmark: seconds for an iteration, one sample a round.
type row struct {
	pkg, name string
	cpu, wall samples
	ratios    samples // of processor time, to the other commit's of the same round
	other     string  // what else the benchmark reports, of the last round
}

// measurePackage runs a package's benchmarks in all trees. A benchmark that the other
// commit has not has no ratio.
func (o options) measurePackage(ctx context.Context, trees []tree, p pkg) ([]row, error) {
	binaries := make([]string, len(trees))
	for i, t := range trees {
		var err error
		if binaries[i], err = t.build(ctx, p); err != nil && i == 0 {
			return nil, err
		}
	}
	ran, err := o.process(ctx, trees[0], p, binaries[0], o.only, o.time.String())
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, r := range ran.results {
		if r.n = max(r.n, 2); r.n < few {
			// The first of them may have paid for what all the others share.
			if r, err = o.again(ctx, trees[0], p, binaries[0], r); err != nil {
				return nil, err
			}
		}
		fmt.Fprintf(os.Stderr, "%s %s, %d iterations\n", p.path, r.name, r.n)
		one := row{pkg: p.path, name: r.name}
		for round := range o.rounds {
			var costs [2]float64
			for k := range trees {
				i := (k + round) % len(trees)
				cost, err := o.cost(ctx, trees[i], p, binaries[i], r)
				if err != nil {
					if i == 0 {
						return nil, err
					}
					continue
				}
				if costs[i] = cost.cpu; i == 0 {
					one.cpu, one.wall, one.other = append(one.cpu, cost.cpu), append(one.wall, cost.wall), cost.other
				}
			}
			if costs[1] > 0 {
				one.ratios = append(one.ratios, costs[0]/costs[1])
			}
		}
		rows = append(rows, one)
	}
	return rows, nil
}

// few iterations, each of which may cost less than what comes before the first.
const few = 20

// again finds how many iterations take the time asked for, of a benchmark that came to
// a few in its first attempt.
func (o options) again(ctx context.Context, t tree, p pkg, binary string, r result) (result, error) {
	ran, err := o.process(ctx, t, p, binary, exactly(r.name), fmt.Sprintf("%dx", few))
	if err != nil || len(ran.results) != 1 {
		return r, err
	}
	r.n = max(few, int(o.time.Seconds()/ran.results[0].seconds))
	return r, nil
}

// exactly is an expression that only the benchmark of this name matches.
func exactly(name string) string {
	return "^" + strings.Join(strings.Split(regexp.QuoteMeta(name), "/"), "$/^") + "$"
}

// A cost is what one iteration takes, in seconds.
type cost struct {
	cpu, wall float64
	other     string
}

// cost runs a benchmark with its number of iterations and with one.
func (o options) cost(ctx context.Context, t tree, p pkg, binary string, r result) (cost, error) {
	if binary == "" {
		return cost{}, fmt.Errorf("%s does not build at %s", p.path, t.name)
	}
	one, err := o.process(ctx, t, p, binary, exactly(r.name), "1x")
	if err != nil {
		return cost{}, err
	}
	many, err := o.process(ctx, t, p, binary, exactly(r.name), fmt.Sprintf("%dx", r.n))
	if err != nil {
		return cost{}, err
	}
	if len(many.results) != 1 {
		return cost{}, fmt.Errorf("%s: %d benchmarks are called %s at %s, want one", p.path, len(many.results), r.name, t.name)
	}
	return cost{
		cpu: (many.cpu - one.cpu).Seconds() / float64(r.n), wall: many.results[0].seconds, other: many.results[0].other,
	}, nil
}

// A result is one line of a benchmark's output.
type result struct {
	name    string
	n       int
	seconds float64 // an iteration, by the clock
	other   string  // further figures, as printed; those of memory left out
}

type ran struct {
	results []result
	cpu     time.Duration // of the process and of those that it waited for
}

// process runs the benchmarks that match in a process of its own, on one processor.
func (o options) process(ctx context.Context, t tree, p pkg, binary, match, benchtime string) (ran, error) {
	args := []string{"-test.run=^$", "-test.bench=" + match, "-test.benchtime=" + benchtime, "-test.cpu=1", "-test.timeout=0"}
	if o.skip != "" {
		args = append(args, "-test.skip="+o.skip)
	}
	c := exec.CommandContext(ctx, binary, args...)
	c.Dir = filepath.Join(t.dir, p.dir) // benchmarks read testdata
	output, err := c.CombinedOutput()
	if err != nil {
		return ran{}, fmt.Errorf("%s %s: %w\n%s", p.path, match, err, output)
	}
	return ran{parse(string(output)), c.ProcessState.UserTime() + c.ProcessState.SystemTime()}, nil
}

// parse reads the lines of a benchmark's output that have a time. See
// https://go.dev/design/14313-benchmark-format.
func parse(output string) []result {
	var results []result
	for line := range strings.Lines(output) {
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		n, err := strconv.Atoi(fields[1])
		if err != nil {
			continue
		}
		r := result{name: fields[0], n: n}
		var other []string
		for i := 2; i+1 < len(fields); i += 2 {
			value, err := strconv.ParseFloat(fields[i], 64)
			switch unit := fields[i+1]; {
			case err != nil:
			case unit == "ns/op":
				r.seconds = value / 1e9
			case unit != "B/op" && unit != "allocs/op":
				other = append(other, fields[i]+" "+unit)
			}
		}
		r.other = strings.Join(other, ", ")
		results = append(results, r)
	}
	return results
}

// samples are figures of the same thing.
type samples []float64

func (s samples) median() float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	return (sorted[(len(s)-1)/2] + sorted[len(s)/2]) / 2
}

// String is the median, the least and the most.
func (s samples) String() string {
	if len(s) == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f (%.2f to %.2f)", s.median(), slices.Min(s), slices.Max(s))
}

// duration puts seconds into words, with three digits that mean something.
func duration(seconds float64) string {
	for _, unit := range []struct {
		of   float64
		name string
	}{{1, "s"}, {1e-3, "ms"}, {1e-6, "µs"}} {
		if seconds >= unit.of {
			return fmt.Sprintf("%.3g %s", seconds/unit.of, unit.name)
		}
	}
	return fmt.Sprintf("%.3g ns", max(seconds, 0)*1e9)
}
