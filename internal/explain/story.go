package explain

import (
	"fmt"
	"strings"
	"time"
)

// Kind is the part that a step has in a story.
type Kind string

const (
	Fault    Kind = "fault"    // a fault struck a call, a watch, a link or a server
	Death    Kind = "death"    // a process was killed
	Change   Kind = "change"   // somebody changed an object
	Told     Kind = "told"     // a process was handed an answer or a watch event
	Known    Kind = "known"    // what a process had last read of an object, and how old that was
	Decision Kind = "decision" // a process sent what it had decided on
	Broken   Kind = "broken"   // the law was broken, or what it asks for did not follow
)

// Step is one event of a story.
type Step struct {
	Kind Kind          `json:"kind"`
	Seq  uint64        `json:"seq,omitempty"` // of the event; 0: it is no event, as the end of a run
	At   time.Duration `json:"at"`            // virtual, since the run began
	Call uint64        `json:"call,omitempty"`
	// Process is who did it or whom it happened to, without the number of its life.
	Process string `json:"process,omitempty"`
	// Rule is the ID of the fault behind it, FaultKind its kind.
	Rule      string `json:"rule,omitempty"`
	FaultKind string `json:"faultKind,omitempty"`
	Text      string `json:"text"`
}

// Story says why a run failed. The zero value is that of a run of which nothing
// can be said.
type Story struct {
	// Sentence is one sentence, without a full stop.
	Sentence string `json:"sentence,omitempty"`
	// Steps are in the order in which they happened, five at most. The last is
	// what broke the law.
	Steps []Step `json:"steps,omitempty"`
}

// Rules lists the faults that the story blames, in order of its steps.
func (s *Story) Rules() []string {
	var out []string
	for _, step := range s.Steps {
		if step.Rule != "" {
			out = append(out, step.Rule)
		}
	}
	return out
}

// Text is the story for a terminal: the sentence, and a line for each step with
// its number, its virtual time and the time since the step before. It ends with a
// line break; a story without steps is empty.
func (s *Story) Text() string {
	if s.Sentence == "" {
		return s.Events()
	}
	return s.Sentence + ".\n" + s.Events()
}

// Events is the part of [Story.Text] after the sentence.
func (s *Story) Events() string {
	if len(s.Steps) == 0 {
		return ""
	}
	var b strings.Builder
	before := s.Steps[0].At
	for i, step := range s.Steps {
		since := ""
		if i > 0 {
			since = "+" + short(step.At-before)
		}
		event := ""
		if step.Seq > 0 {
			event = fmt.Sprintf("event %d", step.Seq)
		}
		fmt.Fprintf(&b, "  %-8s  %12s  %9s  %-11s  %s\n", step.Kind, short(step.At), since, event, step.Text)
		before = step.At
	}
	return b.String()
}

// short is a duration that people read at a glance: three digits or so.
func short(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + short(-d)
	case d >= time.Minute:
		return d.Round(100 * time.Millisecond).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= 10*time.Millisecond:
		return d.Round(time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}
