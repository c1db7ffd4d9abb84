package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios/artefact"
	"github.com/seatrial/seatrial/scenarios/sweep"
)

func replayCommand() *cobra.Command {
	var subject string
	var seed uint64
	var trace bool
	var exact exactFlags
	c := &cobra.Command{
		Use:   "replay ARTEFACT|FILE.yaml|--seed N",
		Short: "Run a failure again and say whether it is the same",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			job, before, err := replayJob(c, args, seed, subject)
			if err != nil {
				return err
			}
			if job.Exact, err = exact.prepareFor(c, before); err != nil {
				return err
			}
			return replay(c, job, before, trace)
		},
	}
	c.Flags().Uint64Var(&seed, "seed", 0, "replay the plan generated from this seed, or the file with this seed")
	c.Flags().BoolVar(&trace, "trace", false, "print every event")
	addSubjectFlag(c, &subject)
	exact.addFlags(c)
	return c
}

// replayJob finds what is to be run, and what an artefact says it was; nil when
// it is no artefact.
func replayJob(c *cobra.Command, args []string, seed uint64, subject string) (sweep.Job, *artefact.Artefact, error) {
	seedGiven := c.Flags().Changed("seed")
	if len(args) == 0 {
		if !seedGiven {
			return sweep.Job{}, nil, fmt.Errorf("%s: want an artefact, a scenario file or --seed N", c.Name())
		}
		return sweep.Job{Seed: seed, Subject: subject}, nil, checkSubject(subject)
	}
	info, err := os.Stat(args[0])
	if err != nil {
		return sweep.Job{}, nil, fmt.Errorf("%s: %w", c.Name(), err)
	}
	if !info.IsDir() {
		jobs, err := scenarioJobs(args, subject, seedGiven, seed, "")
		if err != nil {
			return sweep.Job{}, nil, err
		}
		for job := range jobs {
			return job, nil, nil
		}
	}
	if seedGiven || c.Flags().Changed("subject") {
		return sweep.Job{}, nil, fmt.Errorf("%s: an artefact has a seed and a subject of its own; --seed and --subject go with a scenario file", c.Name())
	}
	a, err := artefact.Read(args[0])
	if err != nil {
		return sweep.Job{}, nil, err
	}
	job := a.Outcome.Job
	job.Plan, job.File = a.Plan, args[0]+"/plan.yaml"
	return job, a, nil
}

// replay runs the job with its trace and compares. Without an artefact there
// is nothing to compare with but itself: failures are confirmed as ever.
func replay(c *cobra.Command, job sweep.Job, before *artefact.Artefact, trace bool) error {
	job.Trace, job.Confirm = true, confirmations
	p := newPrinter(output{}, c.OutOrStdout(), false)
	var outcome sweep.Outcome
	err := (sweep.Pool{}).Run(c.Context(), slices.Values([]sweep.Job{job}), func(o sweep.Outcome) {
		outcome = o
		if trace {
			printTrace(c.OutOrStdout(), o)
		}
		p.print(o)
	})
	if err != nil {
		return err
	}
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
func compare(out io.Writer, before *artefact.Artefact, now sweep.Outcome) error {
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
			fmt.Fprintf(out, "first difference: the artefact goes on with\n  - %s\n", before.Events[i])
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
