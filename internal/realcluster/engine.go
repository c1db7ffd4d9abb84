package realcluster

import (
	"context"
	"errors"
	"fmt"
	"os"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// Engine runs jobs on real API servers, as a part of a [sweep] worker. A run is not
// repeated: a real one cannot be. What could not be done is [sweep.Outcome.Error].
type Engine struct{}

// Takes implements [sweep.Engine].
func (Engine) Takes(job sweep.Job) bool { return job.Real != nil }

// Run implements [sweep.Engine].
func (Engine) Run(r sweep.Request) sweep.Outcome {
	result, err := runJob(r)
	if err != nil {
		return sweep.Outcome{Job: r.Job, Error: err.Error()}
	}
	return outcomeOf(r, result)
}

func runJob(r sweep.Request) (*Result, error) {
	real := r.Job.Real
	if err := judgeable(r); err != nil {
		return nil, err
	}
	config, err := clientcmd.BuildConfigFromFlags("", real.Kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", real.Kubeconfig, err)
	}
	if real.Logs != "" {
		if err := os.MkdirAll(real.Logs, 0o755); err != nil {
			return nil, err
		}
	}
	return Run(context.Background(), r.Plan, Options{
		Config: config, Subject: r.Subject, Seed: sim.Seed(r.Job.Seed), Speed: real.Speed, Settle: real.Settle, Folder: real.Logs,
	})
}

// ErrInside: only a simulation sees whether a law holds.
var ErrInside = errors.New("this law is about what only a simulation sees")

// judgeable says why the law that a job asks about cannot be judged from outside; nil: it can.
func judgeable(r sweep.Request) error {
	if law := r.Job.Real.Law; law != "" && inside(law, &r.Plan, &r.Subject) {
		return fmt.Errorf("%s: %w", law, ErrInside)
	}
	return nil
}

func outcomeOf(r sweep.Request, result *Result) sweep.Outcome {
	v := result.Verdict
	o := sweep.Outcome{
		Job: r.Job, Scenario: r.Plan.Name, Verdict: v.Kind, Property: v.Property, Message: v.Message,
		Requests: result.Requests, Virtual: result.Took, Runs: 1, Fired: result.Fired, FaultFree: result.FaultFree, Illegal: r.Plan.Illegal(),
		Leftovers: result.Leftovers,
	}
	o.WritePlan(r.Plan)
	if !result.FaultFree {
		o.Unfired = result.Unfired
	}
	for _, p := range result.History.Problems {
		o.Detail += fmt.Sprintf("%s %s: %s\n%s\n", p.Kind, p.Process, p.Message, p.Detail)
	}
	if v.Kind != model.VerdictPass {
		o.Reproduced = 1
		o.Signature = scenarios.Signature(&scenarios.Result{Verdict: v, Record: &sim.Record{History: *result.History}})
		o.Culprit = &sweep.Culprit{Seq: v.Culprit.Seq, At: v.Culprit.At, Call: v.Culprit.CallID, Revision: v.Culprit.Revision, Text: v.Culprit.Text}
	}
	return o
}
