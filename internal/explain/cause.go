package explain

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/seatrial/seatrial/model"
)

// decision is a request, or the end of a process, whose reason is looked for.
type decision struct {
	who   string // the incarnation
	seq   uint64 // of the event before which everything lies that can be a reason
	at    time.Duration
	call  *model.Call // nil for the end of a process
	what  string      // what it did, as the second half of a sentence
	names concerns
}

// cause is what may have led to a decision. The heaviest is told.
type cause struct {
	weight   int
	sentence string
	steps    []Step
}

// Weights of causes. They order kinds of causes by how often each, when it is
// there, is the reason; within a kind what lies nearer weighs more.
const (
	toldWrong   = 100 // an injected answer about the object, in the chain that led to the decision
	arrivedLate = 95
	deposedThen = 92 // it had lost its lease behind a fault
	halfDone    = 88 // killed in the middle of work on the object
	notToldWhy  = 84 // a change not heard of, and a fault that kept it away
	conflicted  = 85 // told of a conflict, and it went on from there
	waited      = 86 // it decided on what it knew before it waited for an answer
	toldLate    = 78 // what it acted on was old news
	lostAnswer  = 76
	whileDown   = 74 // something changed between two lives
	notTold     = 60 // a change not heard of, without a fault: a race
	newLife     = 45 // the decision belongs to what a process does when it starts
	toldOther   = 40 // an injected answer about something else
	acted       = 10 // it did what it was told
)

// causes lists all that may have led to a decision, the heaviest first.
func (x *run) causes(d decision) []cause {
	var all []cause
	all = append(all, x.wrongAnswers(d)...)
	all = append(all, x.lateAnswers(d)...)
	all = append(all, x.unheard(d)...)
	all = append(all, x.refused(d)...)
	all = append(all, x.earlierLives(d)...)
	all = append(all, x.lostAnswers(d)...)
	all = append(all, x.lateArrival(d)...)
	all = append(all, x.deposed(d)...)
	all = append(all, x.ordinary(d)...)
	slices.SortStableFunc(all, func(a, b cause) int { return b.weight - a.weight })
	return all
}

// link is one step back: what a request was made because of.
type link struct {
	input
	direct bool // handed over in the instant in which the request was made
}

// chain walks back from a decision: what made the process ask, what had made it
// ask that, and so on, within one life.
func (x *run) chain(d decision) []link {
	const longest = 24
	var out []link
	seq, at := d.seq, d.at
	for len(out) < longest {
		past := x.before(d.who, seq)
		if len(past) == 0 {
			break
		}
		last := past[len(past)-1]
		l := link{last, last.at == at}
		if !l.direct {
			// A timer woke it, most often that of a work queue: what it last heard
			// about the same object is why it is in the queue.
			for i := len(past) - 1; i >= 0; i-- {
				if d.names.input(past[i]) {
					l.input = past[i]
					break
				}
			}
		}
		out = append(out, l)
		if l.starts || l.frame != nil || l.call == nil || l.ends {
			break
		}
		seq, at = l.call.CallSeq, l.call.Called
	}
	return out
}

// wrongAnswers are the injected answers in the chain.
func (x *run) wrongAnswers(d decision) []cause {
	var out []cause
	for depth, l := range x.chain(d) {
		if l.call == nil || l.frame != nil {
			continue
		}
		h, ok := x.struck(l.call.ID)
		if !ok || l.call.Outcome == model.OK && !l.ends {
			continue
		}
		weight := toldOther
		if (d.names.call(l.call) || l.call.Name == "" && l.direct) && !x.madeGood(l.call, d.seq) {
			weight = toldWrong
		}
		out = append(out, cause{
			weight: weight - depth,
			sentence: fmt.Sprintf("%s was told %s for %s (%s), and %s later %s",
				l.call.Process, answered(l.call), x.asked(l.call), h.kind, short(d.at-l.at), d.what),
			steps: []Step{x.strike(h), x.told(l.input)},
		})
	}
	return out
}

// madeGood tells whether a process asked the same again before an event, and was
// answered: client libraries do so by themselves, and the failure was not seen. A
// write that may have had its effect is another matter.
func (x *run) madeGood(failed *model.Call, before uint64) bool {
	if isWrite(failed) && failed.Outcome == model.Unknown {
		return false
	}
	for i := range x.Calls {
		c := &x.Calls[i]
		if c.CallSeq > failed.CallSeq && c.CallSeq <= before && c.Process == failed.Process && c.Outcome == model.OK &&
			c.Verb == failed.Verb && c.Resource == failed.Resource && c.Subresource == failed.Subresource &&
			c.Namespace == failed.Namespace && c.Name == failed.Name && bytes.Equal(c.Request, failed.Request) {
			return true
		}
	}
	return false
}

// longWait is what an answer takes after which the world is another.
const longWait = time.Second

// lateAnswers are answers in the chain that a fault made late: what the process had
// read before it asked was old when it went on.
func (x *run) lateAnswers(d decision) []cause {
	var out []cause
	for depth, l := range x.chain(d) {
		if l.call == nil || l.frame != nil || l.call.Verb == "watch" || l.call.Returned-l.call.Called < longWait || l.call.Outcome != model.OK {
			continue
		}
		took := l.call.Returned - l.call.Called
		slow := slices.Concat(x.hits[l.call.ID], x.overlapping(l.call.Process, l.call.Called, l.call.Returned))
		if len(slow) == 0 {
			continue
		}
		out = append(out, cause{
			weight: waited - depth,
			sentence: fmt.Sprintf("%s waited %s for the answer to %s (%s), and %s later, still acting on what it had read before, %s",
				l.call.Process, short(took), x.asked(l.call), slow[0].kind, short(d.at-l.at), d.what),
			steps: []Step{x.strike(slow[0]), x.told(l.input)},
		})
	}
	return out
}

// strike is a fault as a step.
func (x *run) strike(h hit) Step {
	s := Step{Kind: Fault, Seq: h.seq, At: h.at, Call: h.call, Rule: h.rule, FaultKind: string(h.kind), Text: fmt.Sprintf("%s (%s)", h.kind, h.rule)}
	if c := x.calls[h.call]; c != nil {
		s.Process = c.Process
		s.Text += fmt.Sprintf(" strikes %s's %s", c.Process, x.asked(c))
	}
	return s
}

// told is what a process was handed, as a step.
func (x *run) told(i input) Step {
	s := Step{Kind: Told, Seq: i.seq, At: i.at}
	if i.call == nil {
		return s
	}
	s.Call, s.Process = i.call.ID, i.call.Process
	switch {
	case i.frame != nil:
		s.Text = fmt.Sprintf("%s is told %s %s", s.Process, i.frame.Type, objectOf(i.call.Resource, i.frame.Namespace, i.frame.Name))
	case i.ends:
		s.Text = fmt.Sprintf("%s's %s ends", s.Process, x.asked(i.call))
	default:
		s.Text = fmt.Sprintf("%s is told %s for %s", s.Process, answered(i.call), x.asked(i.call))
	}
	return s
}

// lateArrival: the request itself was on its way for long.
func (x *run) lateArrival(d decision) []cause {
	if d.call == nil || d.call.Arrived-d.call.Called < time.Second {
		return nil
	}
	for _, h := range append(x.hits[d.call.ID], x.overlapping(d.call.Process, d.call.Called, d.call.Arrived)...) {
		return []cause{{
			weight:   arrivedLate,
			sentence: fmt.Sprintf("%s's %s was on its way for %s (%s), and when it arrived it %s", d.call.Process, x.asked(d.call), short(d.call.Arrived-d.call.Called), h.kind, d.what),
			steps:    []Step{x.strike(h)},
		}}
	}
	return nil
}

// lostAnswers: an earlier write to the object took effect, and its author was
// told that it had failed, or nothing.
func (x *run) lostAnswers(d decision) []cause {
	process, _ := split(d.who)
	for i := len(x.Calls) - 1; i >= 0; i-- {
		c := &x.Calls[i]
		if c.CallSeq >= d.seq || c.Process != process || c.Outcome != model.Unknown || c.ReturnSeq == 0 || c.ReturnSeq > d.seq || !d.names.call(c) {
			continue
		}
		h, ok := x.struck(c.ID)
		made := x.commitOf(c.ID)
		if !ok || made == nil {
			continue
		}
		return []cause{{
			weight: lostAnswer,
			sentence: fmt.Sprintf("%s could not know that its %s had succeeded (%s), and %s later %s",
				process, x.asked(c), h.kind, short(d.at-c.Returned), d.what),
			steps: []Step{x.strike(h), x.change(made, ""), x.told(input{seq: c.ReturnSeq, at: c.Returned, call: c})},
		}}
	}
	return nil
}

// ordinary: nothing went wrong on the way; it did what it was told, or what its
// timer said.
func (x *run) ordinary(d decision) []cause {
	for _, l := range x.chain(d) {
		if l.frame == nil {
			continue
		}
		c := x.atRevision(l.frame.Revision)
		if c == nil {
			break
		}
		if why, faulty := x.keptAway(decision{who: d.who, seq: l.seq, at: l.at}, c); faulty && l.at-c.At > unheardFor {
			return []cause{{
				weight:   toldLate,
				sentence: fmt.Sprintf("%s was told only %s later (%s) that %s %s, and %s later %s", l.call.Process, short(l.at-c.At), why.kind, author(c), effect(c, ""), short(d.at-l.at), d.what),
				steps:    []Step{x.change(c, ""), x.strike(why), x.told(l.input)},
			}}
		}
		return []cause{{
			weight:   acted,
			sentence: fmt.Sprintf("%s %s, and %s later %s %s", author(c), effect(c, ""), short(d.at-c.At), l.call.Process, d.what),
			steps:    []Step{x.change(c, ""), x.told(l.input)},
		}}
	}
	return x.readOf(d)
}

// readOf is, for a process that asks instead of watching, what another had made of the
// object when it was read last.
func (x *run) readOf(d decision) []cause {
	process, _ := split(d.who)
	for _, l := range x.chain(d) {
		if l.call == nil || l.call.Outcome != model.OK || l.call.Verb != "get" && l.call.Verb != "list" {
			continue
		}
		for i := len(x.Commits) - 1; i >= 0; i-- {
			c := &x.Commits[i]
			if c.Seq > l.seq || c.At > l.call.Arrived || c.Resource != l.call.Resource || !d.names[keyOf(c.Namespace, c.Name)] {
				continue
			}
			if c.Process == process {
				return nil // as it had left it
			}
			return []cause{{
				weight:   acted,
				sentence: fmt.Sprintf("%s %s, and %s later %s, which had read that, %s", author(c), effect(c, ""), short(d.at-c.At), process, d.what),
				steps:    []Step{x.change(c, ""), x.told(l.input)},
			}}
		}
	}
	return nil
}

// change is a commit as a step.
func (x *run) change(c *model.Commit, message string) Step {
	return Step{Kind: Change, Seq: c.Seq, At: c.At, Call: c.CallID, Process: c.Process,
		Text: fmt.Sprintf("%s %s (revision %d)", author(c), effect(c, message), c.Revision)}
}
