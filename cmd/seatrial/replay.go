package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/internal/artifact"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/model"
)

func replayCommand() *cobra.Command {
	var from source
	var trace bool
	var exact exactFlags
	c := &cobra.Command{
		Use:               "replay ARTIFACT|FILE.yaml|--seed N",
		Short:             "Run a failure again and say whether it is the same",
		Example:           "  seatrial replay failures/historical-1457-seed-12\n  seatrial replay --seed 12 --trace",
		ValidArgsFunction: completeRuns,
		Args:              arguments(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			job, before, err := from.job(c, args)
			if err != nil {
				return err
			}
			if err := exact.check(&from.subject); err != nil {
				return err
			}
			defer from.subject.close()
			if job.Exact, err = exact.prepareFor(c, before, &from.subject); err != nil {
				return err
			}
			pool, err := from.subject.open(c, 1)
			if err != nil {
				return err
			}
			return replay(c, pool, from.subject.job(job), before, trace)
		},
	}
	c.Flags().BoolVar(&trace, "trace", false, "print every event")
	from.addFlags(c)
	exact.addFlags(c)
	return c
}

// replay runs the job with its trace and compares. Without an artifact there
// is nothing to compare with but itself: failures are confirmed as ever.
func replay(c *cobra.Command, pool sweep.Pool, job sweep.Job, before *artifact.Artifact, trace bool) error {
	job.Trace, job.Confirm = true, confirmations
	p := newPrinter(output{}, c.OutOrStdout(), false)
	p.style = styleOf(c, c.OutOrStdout())
	var outcome sweep.Outcome
	err := pool.Run(c.Context(), slices.Values([]sweep.Job{job}), func(o sweep.Outcome) {
		outcome = o
		if trace {
			printTrace(c.OutOrStdout(), o)
		}
		p.print(o)
		if o.Why != nil {
			fmt.Fprint(c.OutOrStdout(), p.style.story(o.Why.Events()))
		}
	})
	if err != nil {
		return err
	}
	explainFlaky(c, c.OutOrStdout(), p.flaky)
	if before != nil && p.err == nil {
		if err := compare(c.OutOrStdout(), before, outcome); err != nil {
			return err
		}
	}
	return p.finish()
}

func printTrace(out io.Writer, o sweep.Outcome) {
	events, err := sweep.DecodeEvents("trace", o.Trace)
	if err != nil {
		fmt.Fprintln(out, err)
		return
	}
	for _, e := range events {
		fmt.Fprintln(out, e)
	}
}

// compare says `reproduced`, or shows the first event that differs.
func compare(out io.Writer, before *artifact.Artifact, now sweep.Outcome) error {
	was := before.Outcome
	same := was.Verdict == now.Verdict && was.Property == now.Property
	if same && was.Hash == now.Hash {
		fmt.Fprintln(out, "reproduced: same verdict, same events")
		return nil
	}
	if same && was.Verdict == model.VerdictCrash && was.Hash == "" {
		fmt.Fprintln(out, "reproduced: same crash")
		return nil
	}
	events, err := sweep.DecodeEvents("trace", bytes.TrimSpace(now.Trace))
	if err != nil {
		return err
	}
	for i := range max(len(before.Events), len(events)) {
		switch {
		case i >= len(events):
			fmt.Fprintf(out, "first difference: the artifact goes on with\n  - %s\n", before.Events[i])
		case i >= len(before.Events):
			fmt.Fprintf(out, "first difference: this run goes on with\n  + %s\n", events[i])
		case before.Events[i] != events[i]:
			fmt.Fprintf(out, "first difference:\n  - %s\n  + %s\n", before.Events[i], events[i])
		default:
			continue
		}
		break
	}
	return &exitError{code: exitInconclusive, message: fmt.Sprintf("not reproduced: it was %s %s, now it is %s %s", was.Verdict, was.Property, now.Verdict, now.Property)}
}
