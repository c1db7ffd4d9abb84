package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/internal/explain"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/swarm"
	"github.com/seatrial/seatrial/sim"
)

// Collect takes from a run what its page shows. The run must have kept its
// trace; without one, the page has a head and a plan and no more.
func Collect(r scenarios.Result, subject scenarios.Subject) *Data {
	h := &r.Record.History
	c := &collector{data: &Data{About: aboutOf(r)}, history: h, bodies: map[string]int{}}
	for _, law := range r.Verdict.Results {
		c.data.Laws = append(c.data.Laws, Law{Name: law.Name, Class: string(law.Class), Status: string(law.Status), Message: law.Message})
	}
	for _, p := range h.Problems {
		c.data.Detail += fmt.Sprintf("%s %s: %s\n%s\n", p.Kind, p.Process, p.Message, p.Detail)
	}
	c.data.Why = explain.Of(r.Record, r.Verdict)
	c.choose(len(r.Record.Events))
	c.actors(r.Plan, r.Record.Events)
	c.faults(r.Plan, r.Record.Events)
	c.calls(r.Record)
	c.commits()
	if subject.Owners != nil {
		c.data.Owners = subject.Owners(h)
	}
	c.data.Belongs = explain.Belongs(h)
	for _, line := range r.Record.Log {
		c.data.Log = append(c.data.Log, Line{line.At, line.Process, line.Text})
	}
	c.trace(r.Record.Events)
	return c.data
}

func aboutOf(r scenarios.Result) About {
	a := About{
		Subject: r.Subject, Scenario: r.Plan.Name, Seed: fmt.Sprint(uint64(r.Seed)),
		Verdict: string(r.Verdict.Kind), Property: r.Verdict.Property, Message: r.Verdict.Message,
		Hash: r.Record.Hash, Generator: swarm.Version,
		Cleared: r.Record.History.Cleared, Ended: r.Record.History.Ended,
	}
	if c := r.Verdict.Culprit; c != (model.Culprit{}) {
		a.Culprit = &Culprit{Seq: c.Seq, At: c.At, Call: c.CallID, Text: c.Text}
	}
	return a
}

type collector struct {
	data    *Data
	history *model.History
	bodies  map[string]int
	part    part
}

// actors reads the lives of processes from the trace: those under test first,
// then users, as the plan has them, then whoever else there was.
func (c *collector) actors(p scenarios.Plan, events []sim.Event) {
	index := map[string]int{}
	add := func(name string, user bool) {
		if _, known := index[name]; !known {
			index[name] = len(c.data.Actors)
			c.data.Actors = append(c.data.Actors, Actor{Name: name, User: user})
		}
	}
	for _, name := range p.UnderTest() {
		add(name, false)
	}
	for _, name := range p.Users() {
		add(name, true)
	}
	for i := range c.history.Calls {
		add(c.history.Calls[i].Process, c.history.Calls[i].User)
	}
	for _, e := range events {
		name, number := incarnation(e.Process)
		i, known := index[name]
		if !known {
			continue
		}
		lives := &c.data.Actors[i].Lives
		switch e.Type {
		case sim.EventStarted:
			*lives = append(*lives, Life{Number: number, From: e.At, Until: c.history.Ended})
		case sim.EventCrashed, sim.EventStopped:
			// An incarnation that was killed may stop later than the next one starts.
			for j := range *lives {
				if life := &(*lives)[j]; life.Number == number && life.End == "" {
					life.Until, life.End = e.At, string(e.Type)
				}
			}
		}
	}
}

// incarnation splits "controller-2" into the process's name and the number of
// its life.
func incarnation(identity string) (name string, number int) {
	i := strings.LastIndexByte(identity, '-')
	if i < 0 {
		return identity, 0
	}
	if _, err := fmt.Sscanf(identity[i+1:], "%d", &number); err != nil {
		return identity, 0
	}
	return identity[:i], number
}

func (c *collector) faults(p scenarios.Plan, events []sim.Event) {
	byID := map[string]int{}
	for i, r := range p.Faults {
		byID[r.ID] = i
		until := r.Until
		if until == 0 {
			until = p.Safety
		}
		if r.Momentary() {
			until = r.From + max(r.RestartAfter, 0)
		}
		info, _ := faults.Lookup(r.Kind)
		c.data.Faults = append(c.data.Faults, Rule{
			ID: r.ID, Kind: string(r.Kind), Scope: string(info.Scope), Process: r.Process,
			Text: r.Text(faults.FieldID, faults.FieldKind, faults.FieldAt, faults.FieldFrom, faults.FieldUntil),
			From: r.From, Until: until, Always: !r.Momentary() && r.From == 0 && until == p.Safety,
		})
	}
	for _, e := range events {
		i, known := byID[ruleOf(e)]
		if !known {
			continue
		}
		if e.Type == sim.EventCrashed && p.Faults[i].When != faults.AtTime {
			continue // killed at a call: the fault that struck the call is the same
		}
		c.data.Faults[i].Hits = append(c.data.Faults[i].Hits, Hit{e.Seq, e.At, e.Call})
	}
}

// ruleOf is the id of the rule that the event tells the effect of; empty when
// it tells of none.
func ruleOf(e sim.Event) string {
	switch e.Type {
	case sim.EventFault:
		_, id, _ := strings.Cut(e.Detail, " ")
		return id
	case sim.EventCrashed:
		return e.Detail
	case sim.EventSchedule:
		if words := strings.Fields(e.Detail); len(words) >= 2 && !slices.Contains(words[2:], "ends") {
			return words[1]
		}
	}
	return ""
}

func (c *collector) calls(r *sim.Record) {
	events, because := r.Events, explain.Because(r)
	hit := map[uint64][]string{}
	given := map[uint64]time.Duration{} // when a call was given up, or a watch ended
	for _, e := range events {
		switch e.Type {
		case sim.EventFault:
			_, id, _ := strings.Cut(e.Detail, " ")
			hit[e.Call] = append(hit[e.Call], id)
		case sim.EventCancelled, sim.EventEnded:
			given[e.Call] = e.At
		}
	}
	for i := range c.history.Calls {
		call := &c.history.Calls[i]
		if !c.part.hasCall(call) {
			continue
		}
		out := Call{
			ID: call.ID, Actor: call.Process, Life: call.Incarnation, Verb: call.Verb,
			Resource: join(call.Resource, call.Subresource), Object: join(call.Namespace, call.Name), Query: call.Query,
			Seq: call.CallSeq, From: call.Called, Until: call.Returned, Outcome: string(call.Outcome),
			Server: call.Server, Arrived: call.Arrived, Code: call.Code, Back: call.ReturnSeq, Error: call.Error, Faults: hit[call.ID],
			Request: c.wire(call.Request), Response: c.wire(call.Response),
		}
		if reason, known := because[call.ID]; known {
			out.Because, out.Timer = reason.Seq, !reason.Direct
		}
		switch end, ended := given[call.ID]; {
		case ended:
			out.Until = end
		case call.Verb == "watch" && call.Outcome == model.OK, call.ReturnSeq == 0:
			out.Until = c.endOf(call)
		}
		if call.ReturnSeq == 0 {
			out.Outcome = "open"
		}
		c.data.Calls = append(c.data.Calls, out)
	}
	for _, w := range c.history.Watches {
		for _, f := range w.Frames {
			if !c.part.has(f.Seq) {
				continue
			}
			c.data.Frames = append(c.data.Frames, Frame{
				Call: w.CallID, Seq: f.Seq, At: f.At, Type: f.Type, Object: join(f.Namespace, f.Name), Revision: f.Revision,
			})
		}
	}
}

// endOf is when nobody waited for a call any more: its process had died.
func (c *collector) endOf(call *model.Call) time.Duration {
	for _, a := range c.data.Actors {
		for _, life := range a.Lives {
			if a.Name == call.Process && life.Number == call.Incarnation {
				return life.Until
			}
		}
	}
	return c.history.Ended
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "/" + b
}

func (c *collector) commits() {
	for i := range c.history.Commits {
		commit := &c.history.Commits[i]
		if !c.part.has(commit.Seq) {
			continue
		}
		c.data.Commits = append(c.data.Commits, Commit{
			Seq: commit.Seq, Revision: commit.Revision, At: commit.At, Call: commit.CallID, Actor: commit.Process,
			Resource: commit.Resource, Object: join(commit.Namespace, commit.Name),
			Old: c.object(commit.Old), New: c.object(commit.New),
		})
	}
}
