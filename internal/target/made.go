package target

import (
	"fmt"

	"github.com/seatrial/seatrial/sim"
)

// Made is a run of an earlier sweep.
type Made struct {
	Scenario string
	Seed     sim.Seed
}

// made are the runs of an earlier sweep that the present one has not come to yet.
type made struct {
	left   []Made
	number int // of those that it has come to
}

// has says whether the next run of the sweep was made before. The error says
// that another one was: then the two sweeps are not the same, or something is
// missing.
func (m *made) has(scenario string, seed sim.Seed) (bool, error) {
	if len(m.left) == 0 {
		return false, nil
	}
	m.number++
	next := m.left[0]
	if m.left = m.left[1:]; next != (Made{scenario, seed}) {
		return false, fmt.Errorf("going on with an aimed sweep: its run %d was %s, seed %d, and is now %s, seed %d: runs are missing, or out of their order, or the plan's calls are not the same each time",
			m.number, next.Scenario, next.Seed, scenario, seed)
	}
	return true, nil
}

// whole says that the sweep has come to all of them.
func (m *made) whole() error {
	if len(m.left) == 0 {
		return nil
	}
	return fmt.Errorf("going on with an aimed sweep: it has %d runs, and %d were made: %s is not one of them", m.number, m.number+len(m.left), m.left[0].Scenario)
}
