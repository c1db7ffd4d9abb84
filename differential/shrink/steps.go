package shrink

import "github.com/seatrial/seatrial/sim/apiserver/corpus"

// Fails says whether a candidate still fails in the way that matters. It may
// change the candidate's expectations but not its requests.
type Fails func(*corpus.Case) bool

// Steps removes as many steps as it can. last is the step that shows the
// failure; what comes after it goes first.
func Steps(c *corpus.Case, last int, fails Fails) *corpus.Case {
	if cut := closed(c, func(i int) bool { return i <= last }); fails(cut) {
		c = cut
	}
	for size := len(c.Steps) / 2; size >= 1; size /= 2 {
		for from := len(c.Steps) - size; from > -size; from -= size {
			candidate := closed(c, func(i int) bool { return i < from || i >= from+size })
			if len(candidate.Steps) < len(c.Steps) && fails(candidate) {
				c = candidate
			}
		}
	}
	return c
}

// closed keeps the chosen steps, without those that refer to one not kept.
func closed(c *corpus.Case, keep func(int) bool) *corpus.Case {
	out := *c
	out.Steps = nil
	steps, watches := map[string]bool{}, map[string]bool{}
	for i, s := range c.Steps {
		if !keep(i) || s.Op == corpus.OpWatchRead && !watches[s.Watch] || !all(steps, s.References()) {
			continue
		}
		steps[s.ID] = true
		if s.Op == corpus.OpWatchStart {
			watches[s.Watch] = true
		}
		out.Steps = append(out.Steps, s)
	}
	return &out
}

func all(have map[string]bool, names []string) bool {
	for _, n := range names {
		if !have[n] {
			return false
		}
	}
	return true
}
