package scenarios

import (
	"fmt"
	"time"

	"github.com/seatrial/seatrial/faults"
)

// drawRestarts draws, for two plans in three, one to three restarts of the
// controller. They are drawn before everything else, because users act and other
// faults strike while the controller is down or on its way up: a start is when
// a controller believes what it reads, and believes it only once.
func drawRestarts(d dice, p *Plan) []faults.Rule {
	var restarts []faults.Rule
	if !d.Chance(0.66) {
		return nil
	}
	for i := range d.Between(1, 3) {
		at := d.Span(p.Safety/4, p.Safety*4/5)
		restarts = append(restarts, faults.Rule{
			ID: fmt.Sprintf("restart-%d", i+1), Kind: faults.Crash, From: at, Probability: 1,
			RestartAfter: d.Scale(100*time.Millisecond, 20*time.Second),
		})
	}
	return restarts
}
