package sweep

import (
	"fmt"

	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// Engine runs jobs in another way than in this process and in virtual time: bit for
// bit in a module, or on a real API server. A worker has the engines that its program
// gives it, so that programs link only what they use.
type Engine interface {
	// Takes says whether a job is for this engine.
	Takes(Job) bool
	// Run runs one. What cannot be run at all is told in [Outcome.Error].
	Run(Request) Outcome
}

// Request is a job for an [Engine], with what the worker found of it.
type Request struct {
	Job     Job
	Subject scenarios.Subject
	// Plan is the job's, or the one drawn from its seed, and has the job's seed. It and
	// the Subject are empty when only a [Guest] has the subject.
	Plan scenarios.Plan
	// OnHang tells the pool of a run that does not end, and ends the process.
	OnHang func(seed sim.Seed, stacks []byte)
}

// engine is the one that takes a job; nil: it is for this process.
func (w *work) engine(job Job) (Engine, error) {
	for _, e := range w.engines {
		if e.Takes(job) && job.Reseed != nil {
			return nil, fmt.Errorf("a run of %s in exact mode or on a real API server cannot be drawn anew from a moment on", job.Subject)
		}
		if e.Takes(job) {
			return e, nil
		}
	}
	if job.Exact != nil || job.Real != nil {
		return nil, fmt.Errorf("the worker of %s has no engine for such a job", job.Subject)
	}
	return nil, nil
}
