package sweep

import (
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// doExact is for hosts: inside a module there is no other one to run.
func doExact(job Job, _ scenarios.Plan, _ func(sim.Seed, []byte)) Outcome {
	return Outcome{Job: job, Error: "exact mode does not nest"}
}
