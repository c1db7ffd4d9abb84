package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/internal/exact"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/internal/version"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
)

// A native failure that does not come back each time depends on something that
// the native mode leaves to the machine. Exact mode does not: it tries
// interleavings of the same seed, one after another, until one fails, and that
// one can be replayed.

// interleavings is how many are tried of a seed before it is given up, and
// flakyExamined for how many seeds that is done at the end of a command.
const (
	interleavings = 24
	flakyExamined = 3
)

// isFlaky: the outcome is a native failure that was not the same run each time, of a
// subject that exact mode has.
func isFlaky(o sweep.Outcome) bool {
	return o.Job.Exact == nil && o.Error == "" && o.Verdict != model.VerdictPass && o.Known == "" && o.Job.Package == "" && o.Reproduced < o.Runs
}

// explainFlaky hands the flaky failures of a command to exact mode and says
// what it finds. What goes wrong with that is a remark, not an error: the
// failures have been reported.
func explainFlaky(c *cobra.Command, out io.Writer, flaky []sweep.Outcome) {
	if len(flaky) == 0 || c.Context().Err() != nil {
		return
	}
	kind := builtBefore(c.Context())
	if kind == "" { // and to build it takes minutes, which nobody asked for
		fmt.Fprintf(out, "%s: not the same run each time, so in-process scheduling matters (maps, select, goroutines); after `seatrial replay --exact --seed 1`, which builds exact mode, this command looks for interleavings that show them each time\n", scenarios.Count(len(flaky), "failure"))
		return
	}
	e, err := (&exactFlags{on: true, engine: kind}).prepare(c, &underTest{})
	if err != nil {
		fmt.Fprintf(out, "%s: in-process scheduling matters, and exact mode cannot be used here: %v\n", scenarios.Count(len(flaky), "failure"), err)
		return
	}
	for _, o := range flaky[:min(len(flaky), flakyExamined)] {
		text, err := explain(c.Context(), o, e)
		if err != nil {
			text = err.Error()
		}
		fmt.Fprintf(out, "seed %d: %s, but natively the same run in only %d of %d: it depends on in-process scheduling (maps, select, goroutines)\n    %s\n",
			o.Job.Seed, o.Property, o.Reproduced, o.Runs, text)
	}
}

// builtBefore is the first kind of module that is there; empty: none.
func builtBefore(ctx context.Context) string {
	cache, err := exact.CacheDir()
	if err != nil {
		return ""
	}
	for _, kind := range []string{exact.Wasm, exact.Fork} {
		if (exact.Builder{Cache: cache, Kind: kind, Version: version.String()}).Built(ctx) {
			return kind
		}
	}
	return ""
}

// explain tries interleavings of a failure until one shows the same property.
func explain(ctx context.Context, failure sweep.Outcome, e *sweep.Exact) (string, error) {
	ctx, enough := context.WithCancel(ctx)
	defer enough()
	var found *sweep.Outcome
	tried := 0
	err := (sweep.Pool{}).Run(ctx, func(yield func(sweep.Job) bool) {
		for schedule := range uint64(interleavings) {
			job, one := failure.Job, *e
			one.Schedule = schedule
			job.Exact, job.Trace = &one, false
			if !yield(job) {
				return
			}
		}
	}, func(o sweep.Outcome) {
		if found != nil {
			return
		}
		if tried++; o.Property == failure.Property {
			found = &o
			enough()
		}
	})
	switch {
	case found != nil:
		return fmt.Sprintf("exact mode shows it in the %d. interleaving tried, the same run in %d of %d: %s", tried, found.Reproduced, found.Runs, pasteable(replayCommandFor(*found))), nil
	case err != nil:
		return "", fmt.Errorf("exact mode: %w", err)
	}
	return fmt.Sprintf("none of %d interleavings in exact mode shows it", tried), nil
}
