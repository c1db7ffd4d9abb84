package main

import (
	"cmp"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/internal/artifact"
	"github.com/seatrial/seatrial/internal/shrink"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/internal/version"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
)

// comparing is two runs in one picture.
type comparing struct {
	from, other   source
	without, file string
}

func compareCommand() *cobra.Command {
	var f comparing
	c := &cobra.Command{
		Use:   "compare ARTIFACT|FILE.yaml [OTHER] -o compare.html",
		Short: "Show two runs in one picture: two that are given, or one with and without a fault",
		Long: "Run two plans again and show both in one HTML file that needs nothing else, with the first event in which they differ.\n\n" +
			"Without OTHER it is the same plan and seed without a fault: the one that --without names, or else the last that the explanation of the failure blames, or the one that begins last.\n\n" +
			"Exit code 0: the page is written.",
		Example:           "  seatrial compare failures/historical-1457-seed-12 -o compare.html\n  seatrial compare storm.yaml calm.yaml --seed 7 -o compare.html",
		ValidArgsFunction: completeRuns,
		Args:              arguments(cobra.RangeArgs(1, 2)),
		RunE:              f.run,
	}
	c.Flags().StringVarP(&f.file, "output", "o", "", "HTML `file` to write")
	c.MarkFlagRequired("output")
	c.Flags().StringVar(&f.without, "without", "", "leave out the fault of this `ID` in the second run")
	f.from.addFlags(c)
	return c
}

func (f *comparing) run(c *cobra.Command, args []string) error {
	if len(args) > 1 && f.without != "" {
		return fmt.Errorf("compare: --without makes the second run of the first: leave %s away", args[1])
	}
	f.other = f.from
	job, _, err := f.from.job(c, args[:1])
	if err != nil {
		return err
	}
	if err := writable(f.file); err != nil {
		return err
	}
	defer f.from.subject.close()
	pool, first, err := f.from.openOnce(c, 1, &job)
	if err != nil {
		return err
	}
	second, title, err := f.second(c, pool, args, first)
	if err != nil {
		return err
	}
	page, differs, at, err := artifact.PageOfTwo(artifact.Words{Version: version.String(), Replay: replayCommandFor(first)}, first, second, title)
	if err != nil {
		return err
	}
	if err := writeFile(f.file, page); err != nil {
		return err
	}
	f.print(c.OutOrStdout(), styleOf(c, c.OutOrStdout()), first, second, title)
	if differs == 0 {
		fmt.Fprintln(c.OutOrStdout(), "the shorter of the two is the beginning of the other")
	} else {
		fmt.Fprintf(c.OutOrStdout(), "they part at event %d, about %s\n", differs, at)
	}
	fmt.Fprintln(c.OutOrStdout(), f.file)
	return nil
}

func (f *comparing) print(out io.Writer, s style, first, second sweep.Outcome, title string) {
	fmt.Fprintf(out, "%s\n%s\n    the second is %s\n", s.leading(first.Verdict, summary(first)), s.leading(second.Verdict, summary(second)), title)
}

// second is the run that the first is compared with, and what is different in it.
func (f *comparing) second(c *cobra.Command, pool sweep.Pool, args []string, first sweep.Outcome) (sweep.Outcome, string, error) {
	if len(args) == 1 {
		return f.lessAFault(c, pool, first)
	}
	job, _, err := f.other.job(c, args[1:])
	if err != nil {
		return sweep.Outcome{}, "", err
	}
	defer f.other.subject.close()
	if pool, err = f.other.subject.open(c, 1); err != nil {
		return sweep.Outcome{}, "", err
	}
	job = f.other.subject.job(job)
	job.Once = true
	o, err := once(c, pool, job)
	return o, args[1], err
}

// lessAFault is the run without one fault.
func (f *comparing) lessAFault(c *cobra.Command, pool sweep.Pool, first sweep.Outcome) (sweep.Outcome, string, error) {
	plan, err := scenarios.Parse(first.Scenario, []byte(first.Plan), f.from.subject.language())
	if err != nil {
		return sweep.Outcome{}, "", err
	}
	id := cmp.Or(f.without, lastBlamed(first), lastFault(plan))
	if id == "" {
		return sweep.Outcome{}, "", fmt.Errorf("compare: the plan has no fault to be left out (want a second run to compare with)")
	}
	less, err := shrink.Without(plan, id)
	if err != nil {
		return sweep.Outcome{}, "", fmt.Errorf("compare: --without: %w", err)
	}
	text, err := scenarios.Marshal(less)
	if err != nil {
		return sweep.Outcome{}, "", fmt.Errorf("compare: without %s the plan makes no sense: %w", id, err)
	}
	job := first.Job
	job.Plan, job.File = string(text), first.Scenario+" without "+id
	o, err := once(c, pool, job)
	return o, "without " + id, err
}

// lastBlamed is the last fault that the explanation of a failure blames.
func lastBlamed(o sweep.Outcome) string {
	if o.Why == nil || o.Verdict == model.VerdictPass {
		return ""
	}
	if rules := o.Why.Rules(); len(rules) > 0 {
		return rules[len(rules)-1]
	}
	return ""
}

// lastFault is the one that begins last.
func lastFault(p scenarios.Plan) string {
	id, begins := "", time.Duration(0)
	for _, r := range p.Faults {
		if id == "" || r.From >= begins {
			id, begins = r.ID, r.From
		}
	}
	return id
}
