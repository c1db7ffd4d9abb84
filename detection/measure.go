package detection

import (
	"syscall"
	"testing"
	"time"

	"github.com/seatrial/seatrial/detection/bugs"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/search"
	"github.com/seatrial/seatrial/scenarios/swarm"
	"github.com/seatrial/seatrial/sim"
)

// Finding is what came of one search.
type Finding struct {
	Found    bool            `json:"found"`
	Stage    search.Stage    `json:"stage"`
	Property string          `json:"property"` // that was violated
	Message  string          `json:"message"`
	By       string          `json:"by"`   // the probe; empty for a seed
	Runs     int             `json:"runs"` // until then, that one included, or all
	CPU      time.Duration   `json:"cpu"`  // of this process's own code
	Coverage search.Coverage `json:"-"`
}

// tell says whether the search goes on after a run.
func (f *Finding) tell(r search.Found, began time.Duration) bool {
	f.Runs++
	f.CPU = userTime() - began
	if r.Verdict.Kind == model.VerdictPass {
		return true
	}
	f.Found, f.Stage, f.By, f.Property, f.Message = true, r.Stage, r.By, r.Verdict.Property, r.Verdict.Message
	if r.FaultFree {
		f.Stage = search.FaultFree
	}
	return false
}

// Search searches an entry from a seed on, for at most budget runs. It stops at the first
// violation.
func Search(t *testing.T, b bugs.Bug, mended bool, first sim.Seed, budget int) Finding {
	var f Finding
	began := userTime()
	f.Coverage = search.Explore(t, Subject(b, mended), search.Options{
		Seed: first, Runs: budget, Done: func(r search.Found) bool { return f.tell(r, began) },
	})
	return f
}

// Seeds is what a search is compared with: the swarm alone.
func Seeds(t *testing.T, b bugs.Bug, mended bool, first sim.Seed, budget int) Finding {
	var f Finding
	began, subject := userTime(), Subject(b, mended)
	for seed := first; seed < first+sim.Seed(budget); seed++ {
		r := swarm.Try(t, subject, seed, scenarios.Extras{}, scenarios.RunOptions{})
		if !f.tell(search.Found{Result: r, Stage: search.Swarm}, began) {
			break
		}
	}
	return f
}

// userTime is the CPU time that the process has spent in its own code.
func userTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic("detection: no resource usage: " + err.Error())
	}
	return time.Duration(usage.Utime.Nano())
}
