package explain

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim"
)

// Chance is how often a run failed in the same way when everything after At was drawn
// anew: Failed of Runs.
type Chance struct {
	At     time.Duration `json:"at"`
	Failed int           `json:"failed"`
	Runs   int           `json:"runs"`
}

// Share is the part of the runs that failed, from 0 to 1.
func (c Chance) Share() float64 { return float64(c.Failed) / float64(max(1, c.Runs)) }

// Rerun runs what failed once more for each draw, and says of each, in their order,
// whether it failed in the same way. Runs do not depend on each other.
type Rerun func(draws []sim.Reseed) (same []bool, err error)

// Odds tells when a failure became inevitable: the chance of it over virtual time, of
// as many runs each as asked for. Where it jumps, something happened that mattered.
// Moments are spread evenly up to the violation, and lie right before and after each
// step of the story; a story without steps has none. Same story, seed of the run and
// rerun: same odds. The error is that of the rerun.
func Odds(s Story, of sim.Seed, runs int, again Rerun) ([]Chance, error) {
	var draws []sim.Reseed
	for _, at := range moments(s) {
		for _, seed := range seeds(of, runs) {
			draws = append(draws, sim.Reseed{At: at, Seed: seed})
		}
	}
	if len(draws) == 0 {
		return nil, nil
	}
	same, err := again(draws)
	if err != nil {
		return nil, err
	}
	var out []Chance
	for i, draw := range draws {
		if i%runs == 0 {
			out = append(out, Chance{At: draw.At, Runs: runs})
		}
		if same[i] {
			out[len(out)-1].Failed++
		}
	}
	return out, nil
}

// spread is how many moments lie evenly between the beginning and the violation.
const spread = 11

// moments are those at which everything is drawn anew, in order.
func moments(s Story) []time.Duration {
	if len(s.Steps) == 0 {
		return nil
	}
	var out []time.Duration
	end := s.Steps[len(s.Steps)-1].At
	for i := range spread {
		out = append(out, end*time.Duration(i)/(spread-1))
	}
	for _, step := range s.Steps {
		out = append(out, max(0, step.At-time.Nanosecond), step.At+time.Nanosecond)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// seeds are those that are drawn from.
func seeds(of sim.Seed, runs int) []sim.Seed {
	stream := sim.Stream(of, "odds")
	out := make([]sim.Seed, runs)
	for i := range out {
		out[i] = sim.Seed(stream.Uint64())
	}
	return out
}

// Jump is by how much, at least, a chance differs from the one before where
// something happened that mattered.
const Jump = 0.25

// OddsText is the chance over time for a terminal: a line for each moment, with what
// happened in the story since the one before where it jumps.
func (s *Story) OddsText(odds []Chance) string {
	var b strings.Builder
	for i, c := range odds {
		happened := ""
		if i > 0 && max(c.Share()-odds[i-1].Share(), odds[i-1].Share()-c.Share()) >= Jump {
			happened = s.between(odds[i-1].At, c.At)
		}
		line := fmt.Sprintf("  %12s  %3.0f%%  %-20s  %s", short(c.At), 100*c.Share(), strings.Repeat("#", int(20*c.Share()+0.5)), happened)
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// between is what happened later than from and not later than until.
func (s *Story) between(from, until time.Duration) string {
	var texts []string
	for _, step := range s.Steps {
		if from < step.At && step.At <= until {
			texts = append(texts, step.Text)
		}
	}
	if len(texts) == 0 {
		return "between these two, nothing that the story names"
	}
	return strings.Join(texts, "; ")
}
