package results

import (
	"fmt"
	"strings"

	"github.com/seatrial/seatrial/scenarios"
)

// Searched is what a search says of itself when it has ended.
type Searched struct {
	// Calls and Commits are how many kinds of call and of change were struck, of how many.
	Calls   Struck `json:"calls"`
	Commits Struck `json:"commits"`
	// NewProbability estimates how likely one more run shows something new, SinceNew is how
	// many runs ago something was, and ProbesLeft how many single faults were not tried.
	NewProbability float64 `json:"newProbability"`
	SinceNew       int     `json:"sinceNew"`
	ProbesLeft     int     `json:"probesLeft"`
	// NeverFired are probes whose fault found nothing; Untested the laws that no run was
	// about, NeverSeen those of what was to be seen once.
	NeverFired int      `json:"neverFired,omitempty"`
	Untested   []string `json:"untested,omitempty"`
	NeverSeen  []string `json:"neverSeen,omitempty"`
}

// Struck is a part of a whole.
type Struck struct {
	Struck int `json:"struck"`
	Of     int `json:"of"`
}

// remark tells it in a line.
func (s *Searched) remark(subject string) string {
	text := fmt.Sprintf("search of %s: struck %d of %d kinds of call, %d of %d kinds of change; the next run shows something new with probability %.2f",
		subject, s.Calls.Struck, s.Calls.Of, s.Commits.Struck, s.Commits.Of, s.NewProbability)
	if s.ProbesLeft > 0 {
		text += fmt.Sprintf("; %s not tried", scenarios.Count(s.ProbesLeft, "probe"))
	}
	if s.NeverFired > 0 {
		text += fmt.Sprintf("; %d never fired", s.NeverFired)
	}
	if len(s.Untested) > 0 {
		text += "; laws never tested: " + strings.Join(s.Untested, ", ")
	}
	if len(s.NeverSeen) > 0 {
		text += "; never seen: " + strings.Join(s.NeverSeen, ", ")
	}
	return text
}

// newProbability is that of the searches of a night, the highest; false: it had none.
func (n *Night) newProbability() (p float64, searched bool) {
	for _, part := range n.Summary.Folders {
		if part.Search != nil {
			p, searched = max(p, part.Search.NewProbability), true
		}
	}
	return p, searched
}

// searches are what the nights' searches had still to expect, a text each; none when no
// night had one.
func searches(nights []Night) (texts []string) {
	any := false
	for i := range nights {
		p, searched := nights[i].newProbability()
		any = any || searched
		text := "–"
		if searched {
			text = fmt.Sprintf("%.2f", p)
		}
		texts = append(texts, text)
	}
	if !any {
		return nil
	}
	return texts
}
