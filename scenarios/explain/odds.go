package explain

import (
	"slices"
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

// Rerun runs what failed once more, with everything from at on drawn from another
// seed ([sim.Reseed]), and says whether it failed in the same way.
type Rerun func(at time.Duration, seed sim.Seed) bool

// Odds tells when a failure became inevitable: the chance of it over virtual time, of
// as many runs each as asked for. Where it jumps, something happened that mattered.
// Moments are spread evenly up to the violation, and lie right before and after each
// step of the story. Same record, story and rerun: same odds.
//
// Each calls again len(moments) × runs times, in order; who has several cores asks
// [Moments] and [Seeds] and shares the work out.
func Odds(r *sim.Record, s Story, runs int, again Rerun) []Chance {
	var out []Chance
	for _, at := range Moments(s) {
		c := Chance{At: at, Runs: runs}
		for _, seed := range Seeds(r.Seed, runs) {
			if again(at, seed) {
				c.Failed++
			}
		}
		out = append(out, c)
	}
	return out
}

// spread is how many moments lie evenly between the beginning and the violation.
const spread = 11

// Moments are those at which [Odds] draws anew, in order: a story without steps has none.
func Moments(s Story) []time.Duration {
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

// Seeds are those that [Odds] draws from.
func Seeds(of sim.Seed, runs int) []sim.Seed {
	stream := sim.Stream(of, "odds")
	out := make([]sim.Seed, runs)
	for i := range out {
		out[i] = sim.Seed(stream.Uint64())
	}
	return out
}
