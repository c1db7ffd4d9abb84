package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// most is how many steps a story has at most: what is seen at one glance.
const most = 5

// Of explains a verdict. A pass, an inconclusive run and a verdict without a
// culprit have the zero story. The record should have kept its trace: without
// events no fault and no death is known, and the story is one of what processes
// were told.
func Of(r *sim.Record, v model.Verdict) Story {
	if r == nil || v.Culprit == (model.Culprit{}) {
		return Story{}
	}
	x := newRun(r)
	switch v.Kind {
	case model.VerdictCrash:
		return x.ofCrash(v)
	case model.VerdictSafety, model.VerdictLiveness:
		return x.ofCulprit(v)
	}
	return Story{}
}

// ofCulprit tells of a change or a call that broke a law.
func (x *run) ofCulprit(v model.Verdict) Story {
	commit, call := x.culprit(v.Culprit)
	switch {
	case commit != nil && call != nil && !call.User:
		return x.ofChange(v, commit, call)
	case commit != nil && v.Kind == model.VerdictSafety:
		return x.ofConsequence(v, commit)
	case commit != nil:
		return x.ofReaction(v, commit)
	case call != nil:
		return x.ofCall(v, call)
	}
	return Story{Sentence: v.Message, Steps: []Step{x.broken(v)}}
}

// culprit finds the change and the call that a culprit means, as far as it is one.
func (x *run) culprit(c model.Culprit) (*model.Commit, *model.Call) {
	var commit *model.Commit
	if c.Revision > 0 {
		commit = x.atRevision(c.Revision)
	}
	if commit == nil && c.Seq > 0 {
		if i := slices.IndexFunc(x.Commits, func(m model.Commit) bool { return m.Seq == c.Seq }); i >= 0 {
			commit = &x.Commits[i]
		}
	}
	id := c.CallID
	if commit != nil {
		id = commit.CallID
	}
	return commit, x.calls[id]
}

// broken is the last step of every story.
func (x *run) broken(v model.Verdict) Step {
	return Step{Kind: Broken, Seq: v.Culprit.Seq, At: v.Culprit.At, Call: v.Culprit.CallID, Text: fmt.Sprintf("%s: %s", v.Property, v.Message)}
}

// ofChange: a process under test made the change that broke the law.
func (x *run) ofChange(v model.Verdict, commit *model.Commit, call *model.Call) Story {
	d := decision{
		who: identity(call), seq: call.CallSeq, at: call.Called, call: call,
		what: effect(commit, v.Message), names: x.about(keyOf(commit.Namespace, commit.Name), v.Message),
	}
	end := x.broken(v)
	end.Process, end.Text = call.Process, fmt.Sprintf("%s %s, and breaks %s", call.Process, d.what, v.Property)
	return x.story(d, x.sends(call), end)
}

// ofConsequence: somebody else made the change that broke the law, as a garbage collector
// does. What a process under test had last done to the object led there.
func (x *run) ofConsequence(v model.Verdict, commit *model.Commit) Story {
	end := x.broken(v)
	what := fmt.Sprintf("%s %s, and that broke %s", author(commit), effect(commit, v.Message), v.Property)
	end.Text = what
	for i := len(x.Commits) - 1; i >= 0; i-- {
		c := &x.Commits[i]
		call := x.calls[c.CallID]
		if c.Seq >= commit.Seq || call == nil || call.User || c.Resource != commit.Resource || c.Namespace != commit.Namespace || c.Name != commit.Name {
			continue
		}
		d := decision{
			who: identity(call), seq: call.CallSeq, at: call.Called, call: call,
			what: effect(c, v.Message), names: x.about(keyOf(c.Namespace, c.Name), v.Message),
		}
		s := x.story(d, x.change(c, v.Message), end)
		s.Sentence += fmt.Sprintf("; %s later %s", short(commit.At-c.At), what)
		return s
	}
	return Story{Sentence: what, Steps: trim([]Step{x.change(commit, v.Message), end})}
}

// sends is a request as a step.
func (x *run) sends(c *model.Call) Step {
	return Step{Kind: Decision, Seq: c.CallSeq, At: c.Called, Call: c.ID, Process: c.Process, Text: fmt.Sprintf("%s sends %s", c.Process, x.asked(c))}
}

// ofCall: the culprit is a call without a change: one that was given up, one that
// should not have been made, or whose answer no order of events explains.
func (x *run) ofCall(v model.Verdict, call *model.Call) Story {
	end := x.broken(v)
	end.Process = call.Process
	names := x.about(keyOf(call.Namespace, call.Name), v.Message)
	if h, ok := x.struck(call.ID); ok {
		told := input{seq: call.ReturnSeq, at: call.Returned, call: call}
		end.Seq, end.At = max(end.Seq, call.ReturnSeq), max(end.At, call.Returned)
		what := "and did nothing more about it"
		if v.Kind == model.VerdictSafety {
			what = "and that broke " + v.Property
		}
		return Story{
			Sentence: fmt.Sprintf("%s was told %s for %s (%s), %s: %s", call.Process, answered(call), x.asked(call), h.kind, what, v.Message),
			Steps:    trim(append(x.trigger(call, names), x.strike(h), x.told(told), end)),
		}
	}
	d := decision{who: identity(call), seq: call.CallSeq, at: call.Called, call: call, what: "sent " + x.asked(call), names: names}
	return x.story(d, x.sends(call), end)
}

// trigger is the change that made a process ask, if it is seen.
func (x *run) trigger(call *model.Call, names concerns) []Step {
	d := decision{who: identity(call), seq: call.CallSeq, at: call.Called, call: call, names: names}
	for _, l := range x.chain(d) {
		if l.frame != nil {
			if c := x.atRevision(l.frame.Revision); c != nil {
				return []Step{x.change(c, "")}
			}
		}
	}
	return nil
}

// ofCrash: a process panicked, or ended by itself.
func (x *run) ofCrash(v model.Verdict) Story {
	end := x.broken(v)
	i := slices.IndexFunc(x.Problems, func(p model.Problem) bool { return p.At == v.Culprit.At && strings.Contains(v.Culprit.Text, p.Message) })
	if i < 0 || x.Problems[i].Process == "" {
		return Story{Sentence: v.Message, Steps: []Step{end}}
	}
	p := &x.Problems[i]
	end.Process = p.Process
	who := x.aliveAt(p)
	d := decision{who: who, seq: x.lastSeq(who, p), at: p.At, what: fmt.Sprintf("ended (%s: %s)", p.Kind, p.Message), names: concerns{}}
	return x.story(d, end)
}

// aliveAt is the life of a process in which a problem came up.
func (x *run) aliveAt(p *model.Problem) string {
	for life := 1; ; life++ {
		who, next := fmt.Sprintf("%s-%d", p.Process, life), fmt.Sprintf("%s-%d", p.Process, life+1)
		later := x.inputs[next]
		if len(later) == 0 || later[0].at > p.At {
			return who
		}
	}
}

// lastSeq is the number right after the last thing that a process was handed before
// a problem.
func (x *run) lastSeq(who string, p *model.Problem) uint64 {
	seq := uint64(0)
	for _, i := range x.inputs[who] {
		if i.at <= p.At {
			seq = i.seq
		}
	}
	return seq + 1
}

// story puts the heaviest cause of a decision before what came of it.
func (x *run) story(d decision, ends ...Step) Story {
	all := x.causes(d)
	if len(all) == 0 {
		process, _ := split(d.who)
		return Story{Sentence: fmt.Sprintf("%s %s, and nothing that it was told before explains it", process, d.what), Steps: trim(ends)}
	}
	best := all[0]
	if rival, ok := x.rival(d); ok && rival.weight > best.weight {
		best = rival
	}
	// A fault at work tells more than who pressed the button, but both are told
	// when there is room.
	steps := slices.Clone(best.steps)
	if best.weight > acted && len(steps)+len(ends) < 4 {
		for _, c := range all[1:] {
			if c.weight == acted {
				steps = append(steps, c.steps[0])
			}
		}
	}
	return Story{Sentence: best.sentence, Steps: trim(append(steps, ends...))}
}

// rival is the heaviest cause of what another process under test last did about the
// same objects: of two that are at odds either may be the one that was misled.
func (x *run) rival(d decision) (cause, bool) {
	process, _ := split(d.who)
	for i := len(x.Commits) - 1; i >= 0; i-- {
		c := &x.Commits[i]
		call := x.calls[c.CallID]
		if c.Seq > d.seq || call == nil || call.User || call.Process == process || !d.names[keyOf(c.Namespace, c.Name)] {
			continue
		}
		other := decision{who: identity(call), seq: call.CallSeq, at: call.Called, call: call, what: effect(c, ""), names: d.names}
		all := x.causes(other)
		if len(all) == 0 || all[0].weight < lostAnswer {
			return cause{}, false
		}
		best := all[0]
		best.weight -= 3 // its own reasons come first
		best.sentence += fmt.Sprintf("; %s later %s %s", short(d.at-c.At), process, d.what)
		best.steps = append(slices.Clone(best.steps), x.change(c, ""))
		return best, true
	}
	return cause{}, false
}

// trim puts steps into the order of time, each event once, and leaves out of too
// many those in the middle. The last step stays the last: what happened after it is
// left out, and when it is no event it is not before any other.
func trim(steps []Step) []Step {
	last := steps[len(steps)-1]
	var out []Step
	for _, s := range steps[:len(steps)-1] {
		known := slices.ContainsFunc(out, func(o Step) bool { return o.Seq == s.Seq && o.Seq != 0 })
		later := last.Seq != 0 && s.Seq >= last.Seq // what came after it was no cause of it
		if !known && s.Text != "" && !later {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b Step) int {
		if a.At != b.At {
			return int(a.At - b.At)
		}
		return int(a.Seq) - int(b.Seq)
	})
	if len(out) > 0 && last.Seq == 0 {
		// It is no event: what did not follow is missing from then on.
		last.At = max(last.At, out[len(out)-1].At)
	}
	for len(out) > most-1 {
		i := slices.IndexFunc(out, func(s Step) bool { return s.Kind == Decision || s.Kind == Known })
		if i < 0 {
			i = 1
		}
		out = slices.Delete(out, i, i+1)
	}
	return append(out, last)
}
