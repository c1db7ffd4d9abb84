package shrink

import (
	"fmt"
	"strings"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/scenarios"
)

// Size says how large a plan is. Of two sizes the one with fewer steps and
// faults is the smaller; if those are equal, the one with shorter windows; then
// the one that lasts less long; then the one with the shorter text.
type Size struct {
	Steps, Faults int
	// Windows is how long all faults together are in force, each in whole
	// seconds: splitting seconds explains nothing.
	Windows time.Duration
	Virtual time.Duration // safety phase and time to settle
	Text    int           // bytes of the scenario file
	Lines   int           // of the file's steps and faults; what people count
}

func (s Size) less(t Size) bool {
	for _, pair := range [][2]int{
		{s.Steps + s.Faults, t.Steps + t.Faults}, {int(s.Windows), int(t.Windows)},
		{int(s.Virtual), int(t.Virtual)}, {s.Text, t.Text},
	} {
		if pair[0] != pair[1] {
			return pair[0] < pair[1]
		}
	}
	return false
}

// String is for people: "3 steps and 1 fault in 4 lines".
func (s Size) String() string {
	return fmt.Sprintf("%s and %s in %s", scenarios.Count(s.Steps, "step"), scenarios.Count(s.Faults, "fault"), scenarios.Count(s.Lines, "line"))
}

func sizeOf(p scenarios.Plan, text string) Size {
	s := Size{Steps: len(p.Steps), Faults: len(p.Faults), Virtual: p.Safety + p.Settle, Text: len(text)}
	for _, r := range p.Faults {
		s.Windows += window(r, p.Safety)
	}
	listed := false
	for line := range strings.Lines(text) {
		switch line {
		case "steps:\n", "faults:\n":
			listed = true
			continue
		}
		if listed = listed && strings.ContainsAny(line[:1], " -"); listed {
			s.Lines++
		}
	}
	return s
}

// window is how long a rule is in force, in whole seconds around it.
func window(r faults.Rule, safety time.Duration) time.Duration {
	if r.Momentary() {
		return 0
	}
	until := r.Until
	if until == 0 {
		until = safety
	}
	return ceil(until, time.Second) - r.From.Truncate(time.Second)
}

func ceil(d, unit time.Duration) time.Duration {
	if rest := d % unit; rest != 0 {
		return d - rest + unit
	}
	return d
}
