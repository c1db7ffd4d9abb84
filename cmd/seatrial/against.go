package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/realcluster"
	"github.com/seatrial/seatrial/scenarios/sweep"
	"github.com/seatrial/seatrial/sim"
)

// realCluster is what the flags say about running on a real API server.
type realCluster struct {
	kubeconfig string
	speed      int
	logs       string
}

func (r *realCluster) addFlags(c *cobra.Command) {
	c.Flags().StringVar(&r.kubeconfig, "against", "",
		"run on the API server of this `kubeconfig`, in real time; the cluster must have no ServiceExports and GlobalIngressIPs")
	c.Flags().IntVar(&r.speed, "speed", 1, "with --against: divide the times of users and faults by `N`")
	c.Flags().StringVar(&r.logs, "logs", "", "with --against: `folder` that keeps the controller's logs")
}

func (r *realCluster) check(c *cobra.Command, subject *underTest) error {
	if r.kubeconfig == "" {
		for _, name := range []string{"speed", "logs"} {
			if c.Flags().Changed(name) {
				return fmt.Errorf("--%s has no meaning without --against", name)
			}
		}
		return nil
	}
	if err := subject.onlyOurs("--against"); err != nil {
		return err
	}
	if r.speed < 1 {
		return fmt.Errorf("--speed %d: want at least 1", r.speed)
	}
	if r.logs != "" {
		return os.MkdirAll(r.logs, 0o755)
	}
	return nil
}

// run runs the jobs one after the other. Nothing is run again: a real run cannot
// be repeated.
func (r *realCluster) run(c *cobra.Command, out output, jobs iter.Seq[sweep.Job]) error {
	config, err := clientcmd.BuildConfigFromFlags("", r.kubeconfig)
	if err != nil {
		return fmt.Errorf("--against %s: %w", r.kubeconfig, err)
	}
	if err := out.prepare(); err != nil {
		return err
	}
	p := newPrinter(out, c.OutOrStdout(), false)
	for job := range jobs {
		job.Real = true
		job.Replay = fmt.Sprintf("%s run %s --seed %d --subject %s --against %s --speed %d",
			quote(os.Args[0]), quote(job.File), job.Seed, job.Subject, quote(r.kubeconfig), r.speed)
		outcome, err := r.runOne(c.Context(), job, realcluster.Options{Config: config, Speed: r.speed, Folder: r.logs})
		if err != nil {
			if errors.Is(err, realcluster.ErrNotEmpty) || errors.Is(err, realcluster.ErrInfeasible) {
				return fmt.Errorf("%s: %w", job.File, err)
			}
			return finishRun(c, p, fmt.Errorf("%s: %w", job.File, err))
		}
		p.print(outcome)
	}
	return p.finish()
}

func (r *realCluster) runOne(ctx context.Context, job sweep.Job, o realcluster.Options) (sweep.Outcome, error) {
	o.Subject, _ = registry().Find(job.Subject) // it was checked with the flags
	plan, err := scenarios.Parse(job.File, []byte(job.Plan), o.Subject.Language)
	if err != nil {
		return sweep.Outcome{}, err
	}
	o.Seed = sim.Seed(job.Seed)
	result, err := realcluster.Run(ctx, plan, o)
	if err != nil {
		return sweep.Outcome{}, err
	}
	v := result.Verdict
	outcome := sweep.Outcome{
		Job: job, Scenario: plan.Name, Verdict: v.Kind, Property: v.Property, Message: v.Message,
		Requests: result.Requests, Virtual: result.Took, Runs: 1, Fired: result.Fired, Plan: job.Plan,
	}
	if v.Kind != model.VerdictPass {
		outcome.Reproduced = 1
		outcome.Culprit = &sweep.Culprit{
			Seq: v.Culprit.Seq, At: v.Culprit.At, Call: v.Culprit.CallID, Revision: v.Culprit.Revision, Text: v.Culprit.Text,
		}
	}
	return outcome, nil
}
