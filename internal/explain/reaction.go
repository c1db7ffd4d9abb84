package explain

import (
	"fmt"
	"slices"

	"github.com/seatrial/seatrial/model"
)

// ofReaction: a user, a stand-in or the server itself made the change after which
// the law was false for good, and what a process under test should have answered
// it with is missing. What kept it from that lies after the change.
func (x *run) ofReaction(v model.Verdict, commit *model.Commit) Story {
	end := x.broken(v)
	end.Seq, end.At, end.Call = 0, x.Ended, 0
	begin := x.change(commit, v.Message)
	names := x.about(keyOf(commit.Namespace, commit.Name), v.Message)
	if c := x.lastSubjectCall(commit.Seq, names); c != nil {
		end.Process = c.Process
	}
	if s, ok := x.givenUp(v, commit, names, begin, end); ok {
		return s
	}
	if s, ok := x.diedOverIt(v, commit, names, begin, end); ok {
		return s
	}
	if s, ok := x.misled(v, commit, names, end); ok {
		return s
	}
	first, told := x.firstTold(commit)
	if !told || first.at-commit.At > unheardFor {
		if s, ok := x.neverHeard(v, commit, begin, end, first, told); ok {
			return s
		}
	}
	if s, ok := x.lateNews(v, commit, names, begin, end); ok {
		return s
	}
	if told {
		end.Seq, end.At = 0, first.at
		return Story{
			Sentence: fmt.Sprintf("%s %s; %s was told of it %s later, and what had to follow did not: %s",
				author(commit), effect(commit, v.Message), first.call.Process, short(first.at-commit.At), v.Message),
			Steps: []Step{begin, x.told(first), end},
		}
	}
	end.At = commit.At
	return Story{
		Sentence: fmt.Sprintf("%s %s, and what had to follow did not: %s", author(commit), effect(commit, v.Message), v.Message),
		Steps:    []Step{begin, end},
	}
}

// unheardFor is how late news may be before the lateness is a reason.
const unheardFor = 1e9

// misled: processes under test did something about it, but a fault had misled the
// one that did it last.
func (x *run) misled(v model.Verdict, commit *model.Commit, names concerns, end Step) (Story, bool) {
	for i := len(x.Commits) - 1; i >= 0 && x.Commits[i].Seq > commit.Seq; i-- {
		c := &x.Commits[i]
		call := x.calls[c.CallID]
		if call == nil || call.User || !names[keyOf(c.Namespace, c.Name)] {
			continue
		}
		d := decision{who: identity(call), seq: call.CallSeq, at: call.Called, call: call, what: effect(c, v.Message), names: names}
		all := x.causes(d)
		if len(all) == 0 || all[0].weight < lostAnswer {
			continue
		}
		end.At, end.Process = c.At, c.Process
		return Story{
			Sentence: fmt.Sprintf("%s; nothing more came of it: %s", all[0].sentence, v.Message),
			Steps:    trim(append(slices.Clone(all[0].steps), x.change(c, v.Message), end)),
		}, true
	}
	return Story{}, false
}

// firstTold is the first watch event by which a process under test heard of a change.
func (x *run) firstTold(commit *model.Commit) (input, bool) {
	var first input
	for _, w := range x.Watches {
		c := x.calls[w.CallID]
		if c == nil || c.User || c.Resource != commit.Resource || c.Group != commit.Group {
			continue
		}
		for i := range w.Frames {
			f := &w.Frames[i]
			if f.Revision >= commit.Revision && f.Seq > commit.Seq && f.Namespace == commit.Namespace && f.Name == commit.Name && (first.seq == 0 || f.Seq < first.seq) {
				first = input{seq: f.Seq, at: f.At, call: c, frame: f}
			}
		}
	}
	return first, first.seq > 0
}

func (x *run) lastSubjectCall(after uint64, names concerns) *model.Call {
	for i := len(x.Calls) - 1; i >= 0; i-- {
		if c := &x.Calls[i]; !c.User && c.CallSeq > after && names.call(c) {
			return c
		}
	}
	return nil
}

// givenUp: after the change a call about it failed by a fault, and none like it
// succeeded later.
func (x *run) givenUp(v model.Verdict, commit *model.Commit, names concerns, begin, end Step) (Story, bool) {
	done := map[string]bool{}
	for i := len(x.Calls) - 1; i >= 0; i-- {
		c := &x.Calls[i]
		if c.User || c.CallSeq < commit.Seq || !names.call(c) {
			continue
		}
		if c.Outcome == model.OK {
			done[x.asked(c)] = true
			continue
		}
		h, ok := x.struck(c.ID)
		if !ok || done[x.asked(c)] || c.ReturnSeq == 0 {
			continue
		}
		end.At, end.Process = c.Returned, c.Process
		return Story{
			Sentence: fmt.Sprintf("%s was told %s for %s (%s), and did not try again: %s", c.Process, answered(c), x.asked(c), h.kind, v.Message),
			Steps:    trim([]Step{begin, x.strike(h), x.told(input{seq: c.ReturnSeq, at: c.Returned, call: c}), end}),
		}, true
	}
	return Story{}, false
}

// diedOverIt: the process was down when the change was made, or died within a
// second of hearing of it.
func (x *run) diedOverIt(v model.Verdict, commit *model.Commit, names concerns, begin, end Step) (Story, bool) {
	for i := len(x.deaths) - 1; i >= 0; i-- {
		d := &x.deaths[i]
		die := Step{Kind: Death, Seq: d.seq, At: d.at, Process: d.process, Rule: d.rule, FaultKind: string(d.kind), Text: fmt.Sprintf("%s was killed (%s)", d.process, d.rule)}
		end.Process = d.process
		switch {
		case d.at <= commit.At && commit.At <= d.again:
			end.At = d.again
			return Story{
				Sentence: fmt.Sprintf("%s was down (%s) when %s %s, and its next life did not make up for it: %s", d.process, d.rule, author(commit), effect(commit, v.Message), v.Message),
				Steps:    trim([]Step{die, begin, x.begins(d), end}),
			}, true
		case d.at > commit.At && x.lastWork(d.process, *d, names) != nil:
			c := x.lastWork(d.process, *d, names)
			end.At = d.again
			return Story{
				Sentence: fmt.Sprintf("%s was killed %s after %s (%s), and its next life did not finish it: %s", d.process, short(d.at-c.Called), x.asked(c), d.rule, v.Message),
				Steps:    trim([]Step{begin, x.sends(c), die, x.begins(d), end}),
			}, true
		}
	}
	return Story{}, false
}

// begins is the start of the life after a death.
func (x *run) begins(d *death) Step {
	who := fmt.Sprintf("%s-%d", d.process, d.life+1)
	for _, i := range x.inputs[who] {
		if i.starts {
			return Step{Kind: Told, Seq: i.seq, At: i.at, Process: d.process, Text: who + " starts"}
		}
	}
	return Step{}
}

// neverHeard: something kept the change from every process under test.
func (x *run) neverHeard(v model.Verdict, commit *model.Commit, begin, end Step, first input, told bool) (Story, bool) {
	until := x.Cleared
	if told {
		until = first.at
	}
	for i := range x.Calls {
		c := &x.Calls[i]
		if c.User || c.Resource != commit.Resource || c.Group != commit.Group || c.Called > until {
			continue
		}
		d := decision{who: identity(c), seq: ^uint64(0), at: until}
		h, ok := x.keptAway(d, commit)
		if !ok || h.at > until {
			continue
		}
		steps := []Step{x.strike(h), begin}
		when := "was never told"
		end.At = commit.At
		if told {
			when, end.At = fmt.Sprintf("was told only %s later", short(first.at-commit.At)), first.at
			steps = append(steps, x.told(first))
		}
		end.Process = c.Process
		return Story{
			Sentence: fmt.Sprintf("%s %s, and %s %s (%s): %s", author(commit), effect(commit, v.Message), c.Process, when, h.kind, v.Message),
			Steps:    trim(append(steps, end)),
		}, true
	}
	return Story{}, false
}
