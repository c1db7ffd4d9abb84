package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/model"
)

func confirmCommand() *cobra.Command {
	var from source
	var real realCluster
	var asJSON bool
	c := &cobra.Command{
		Use:               "confirm ARTIFACT|FILE.yaml|--seed N --kubeconfig FILE",
		Short:             "Run the plan of a failure on a real API server and say whether it fails there, too",
		Example:           "  seatrial confirm failures/historical-1457-seed-12 --kubeconfig kind.kubeconfig",
		ValidArgsFunction: completeRuns,
		Long: "Run the plan of a failure on a real API server, in real time, and say whether it fails there, too:\n" +
			"confirmed, not confirmed, or not possible and why. Users act through client-go; the controller runs as\n" +
			"processes of its own, behind a proxy on loopback that injects the plan's faults. A scenario file or a seed\n" +
			"is run in simulation first.\n\n" +
			"The cluster should be empty and nobody else's: what the run leaves is deleted.\n\n" +
			"Exit codes: 1 confirmed (3 if it crashes or hangs) · 0 not confirmed, it passes there · 4 not possible,\n" +
			"or it fails in another way, or a fault of the plan struck nothing.",
		Args: arguments(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			if real.kubeconfig == "" {
				return explained(c, errors.New("--kubeconfig: missing"))
			}
			job, before, err := from.job(c, args)
			if err := errors.Join(err, real.check(c)); err != nil {
				return err
			}
			job.Exact = nil // there, nothing is
			defer from.subject.close()
			pool, err := from.subject.open(c, 1)
			if err != nil {
				return err
			}
			job = from.subject.job(job)
			var simulated sweep.Outcome
			if before != nil {
				simulated = before.Outcome
			} else if simulated, err = runOne(c, pool, job); err != nil {
				return err
			}
			f := confirmation{Simulated: simulated.Property, Signature: simulated.Signature, Seed: job.Seed, Subject: job.Subject, Scenario: simulated.Scenario}
			if simulated.Verdict == model.VerdictPass {
				f.Answer, f.Why = notPossible, "it passes in simulation: there is nothing to confirm"
				return f.tell(c.OutOrStdout(), asJSON)
			}
			if job.Plan == "" {
				job.Plan, job.File = simulated.Plan, simulated.Scenario+".yaml"
			}
			if job, err = real.job(job); err != nil {
				return err
			}
			job.Real.Law = simulated.Property
			fmt.Fprintf(c.ErrOrStderr(), "seatrial: running %s on the API server of %s, in real time\n", simulated.Scenario, real.kubeconfig)
			outcome, err := runOne(c, pool, job)
			var impossible *jobError
			if errors.As(err, &impossible) {
				f.Answer, f.Why = notPossible, impossible.message
				return f.tell(c.OutOrStdout(), asJSON)
			}
			if err != nil {
				return err
			}
			f.judge(outcome)
			return f.tell(c.OutOrStdout(), asJSON)
		},
	}
	from.addFlags(c)
	real.addFlags(c, "kubeconfig")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return c
}

// jobError is what was wrong with a job that could not be run.
type jobError struct{ message string }

func (e *jobError) Error() string { return e.message }

// runOne runs a job; a [*jobError] says that it could not be run.
func runOne(c *cobra.Command, pool sweep.Pool, job sweep.Job) (outcome sweep.Outcome, err error) {
	err = pool.Run(c.Context(), slices.Values([]sweep.Job{job}), func(o sweep.Outcome) { outcome = o })
	if err == nil && outcome.Error != "" {
		err = &jobError{outcome.Error}
	}
	return outcome, err
}

// What seatrial confirm answers.
const (
	confirmed    = "confirmed"
	notConfirmed = "not confirmed"
	notPossible  = "not possible"
)

// confirmation is what became of a failure on a real API server, as --json prints it.
type confirmation struct {
	Answer    string   `json:"answer"`
	Why       string   `json:"why"`
	Subject   string   `json:"subject"`
	Scenario  string   `json:"scenario"`
	Seed      uint64   `json:"seed"`
	Simulated string   `json:"simulated"` // the property that is violated in simulation
	Verdict   string   `json:"verdict,omitempty"`
	Property  string   `json:"property,omitempty"`
	Message   string   `json:"message,omitempty"`
	Signature string   `json:"signature,omitempty"`
	Unfired   []string `json:"unfired,omitempty"`   // faults that struck nothing there
	Leftovers string   `json:"leftovers,omitempty"` // what could not be removed from the cluster
	Requests  int      `json:"requests"`
	Seconds   float64  `json:"real_seconds"`

	code int
}

// judge compares what happened on the real API server.
func (f *confirmation) judge(o sweep.Outcome) {
	simulated := f.Signature
	f.Verdict, f.Property, f.Message, f.Signature = string(o.Verdict), o.Property, o.Message, o.Signature
	f.Leftovers = o.Leftovers
	f.Unfired, f.Requests, f.Seconds = o.Unfired, o.Requests, o.Virtual.Seconds()
	switch {
	case o.Verdict == model.VerdictPass && len(o.Unfired) > 0:
		f.Answer, f.Why, f.code = notConfirmed, "it passes there, but not every fault found something to strike", exitInconclusive
	case o.Verdict == model.VerdictPass:
		f.Answer, f.Why, f.code = notConfirmed, "it passes there", exitPass
	case o.Property != f.Simulated:
		f.Answer, f.Why, f.code = notConfirmed, "it fails there in another way", exitInconclusive
	default:
		f.Answer, f.Why, f.code = confirmed, "it fails there by the same property", exitViolated
		if simulated != "" && simulated == o.Signature {
			f.Why = "it fails there in the same way"
		}
		if o.Verdict == model.VerdictCrash {
			f.code = exitCrash
		}
	}
}

// tell prints the answer; the error carries the exit code.
func (f *confirmation) tell(out io.Writer, asJSON bool) error {
	if f.Answer == notPossible {
		f.code, f.Signature = exitInconclusive, ""
	}
	switch {
	case asJSON:
		if err := json.NewEncoder(out).Encode(f); err != nil {
			return err
		}
	default:
		fmt.Fprintf(out, "%s: %s, seed %d, %s: %s\n", f.Answer, f.Scenario, f.Seed, f.Subject, f.Why)
		if f.Property != "" {
			fmt.Fprintf(out, "    %s: %s\n", f.Property, f.Message)
		}
		for _, id := range f.Unfired {
			fmt.Fprintf(out, "    fault %s struck nothing\n", id)
		}
		if f.Leftovers != "" {
			fmt.Fprintf(out, "    the cluster is not as it was: %s\n", f.Leftovers)
		}
		if f.Requests > 0 {
			fmt.Fprintf(out, "    %d requests in %.0fs of real time\n", f.Requests, f.Seconds)
		}
	}
	if f.code == exitPass {
		return nil
	}
	return &exitError{code: f.code}
}
