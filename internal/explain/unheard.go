package explain

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
)

// unheard are changes that a process had not been told of when it decided, of the
// objects that the decision is about and that it looks at. For each object the
// first of them counts.
func (x *run) unheard(d decision) []cause {
	process, _ := split(d.who)
	seen := map[string]bool{}
	var out []cause
	for i := range x.Commits {
		c := &x.Commits[i]
		if c.Seq > d.seq {
			break
		}
		name := objectOf(c.Resource, c.Namespace, c.Name)
		if seen[name] || !d.names[keyOf(c.Namespace, c.Name)] {
			continue
		}
		// Of its own changes it was told by their answers, but its cache may be behind.
		own := c.Process == process
		k, looks := x.knows(d.who, d.seq, c, own)
		if !looks || k.revision >= c.Revision || k.revision == 0 {
			continue
		}
		if _, faulty := x.keptAway(d, c); own && !faulty {
			continue
		}
		seen[name] = true
		out = append(out, x.notHeardOf(d, c, k))
	}
	return out
}

func (x *run) notHeardOf(d decision, c *model.Commit, k knowledge) cause {
	process, _ := split(d.who)
	why, faulty := x.keptAway(d, c)
	reason, weight := "", notTold
	steps := []Step{x.change(c, ""), {
		Kind: Known, At: k.at, Call: k.by.ID, Process: process, Seq: x.seqOf(d.who, k),
		Text: fmt.Sprintf("%s last reads %s, as of revision %d: %s before it decides", process, objectOf(c.Resource, c.Namespace, c.Name), k.revision, short(d.at-k.at)),
	}}
	if faulty {
		reason, weight = fmt.Sprintf(" (%s)", why.kind), notToldWhy
		steps = append(steps, x.strike(why))
	}
	verb := "had not heard"
	if c.Process == process {
		verb = "had not seen in its cache"
		weight -= 2
	}
	if d.at-c.At < 20*time.Millisecond {
		weight -= 15 // the news was on its way as it always is
	}
	return cause{
		weight: weight,
		sentence: fmt.Sprintf("%s %s%s that %s ago %s %s, and %s",
			process, verb, reason, short(d.at-c.At), author(c), effect(c, ""), d.what),
		steps: steps,
	}
}

// seqOf is the event by which an incarnation came to know.
func (x *run) seqOf(who string, k knowledge) uint64 {
	for _, i := range x.inputs[who] {
		if i.call == k.by && i.at == k.at {
			return i.seq
		}
	}
	return k.by.CallSeq
}

// keptAway finds the fault that kept a change from a process until it decided:
// one on its watch or its lists of the resource, one on its link, or a server
// whose cache was behind.
func (x *run) keptAway(d decision, c *model.Commit) (hit, bool) {
	process, _ := split(d.who)
	var found []hit
	for i := range x.Calls {
		call := &x.Calls[i]
		if identity(call) != d.who || call.Resource != c.Resource || call.Group != c.Group {
			continue
		}
		for _, h := range x.hits[call.ID] {
			if misleads(h.kind) && h.at >= c.At-time.Second && h.seq < d.seq && (call.Verb == "watch" || call.Verb == "list" || call.Verb == "get") {
				found = append(found, h)
			}
		}
	}
	found = append(found, x.overlapping(process, c.At, d.at)...)
	if len(found) == 0 {
		return hit{}, false
	}
	return slices.MinFunc(found, func(a, b hit) int {
		return cmp.Or(directness(a.kind)-directness(b.kind), int(a.seq)-int(b.seq))
	}), true
}

// directness orders faults by how surely they keep news away.
func directness(kind faults.Kind) int {
	switch kind {
	case faults.WatchDelayed, faults.EventLost, faults.Partition, faults.Pause, faults.CacheLag:
		return 0
	}
	return 1
}

// overlapping are the faults in force on a process's link, or on its servers, in a
// span of time.
func (x *run) overlapping(process string, from, until time.Duration) []hit {
	var out []hit
	for _, w := range x.windows {
		if (w.process == "" && w.kind != faults.GCLag || w.process == process) && w.at <= until && w.until >= from && w.rule != "" && w.kind != "cleared" {
			out = append(out, w.hit)
		}
	}
	return out
}

// earlierLives: the life before ended by a fault, which left work half done, hid
// what changed meanwhile, or is why the process begins anew.
func (x *run) earlierLives(d decision) []cause {
	process, life := split(d.who)
	var out []cause
	for _, death := range x.deaths {
		if death.process != process || death.life >= life || death.seq > d.seq {
			continue
		}
		how := fmt.Sprintf("%s was killed (%s)", process, death.rule)
		end := Step{Kind: Death, Seq: death.seq, At: death.at, Process: process, Rule: death.rule, FaultKind: string(faults.Crash), Text: how}
		recent := -(life - 1 - death.life) * 4
		if c := x.lastWork(process, death, d.names); c != nil {
			weight := halfDone
			if c.ReturnSeq > 0 && c.ReturnSeq < death.seq && death.at-c.Returned > pause {
				weight = whileDown - 1 // it had its answer, and time to go on
			}
			out = append(out, cause{
				weight:   weight + recent,
				sentence: fmt.Sprintf("%s was killed %s after %s (%s), and %s later %s", process, short(death.at-c.Called), x.asked(c), death.rule, short(d.at-death.at), d.what),
				steps:    []Step{{Kind: Decision, Seq: c.CallSeq, At: c.Called, Call: c.ID, Process: process, Text: fmt.Sprintf("%s sends %s", process, x.asked(c))}, end},
			})
		}
		if c := x.changedWhileDown(death, d.names); c != nil {
			out = append(out, cause{
				weight:   whileDown + recent,
				sentence: fmt.Sprintf("while %s was down (%s), %s %s; its next life %s", process, death.rule, author(c), effect(c, ""), d.what),
				steps:    []Step{end, x.change(c, "")},
			})
		}
		if x.hasBegun(d) {
			continue
		}
		out = append(out, cause{
			weight:   newLife + recent,
			sentence: fmt.Sprintf("%s was killed (%s), and %s later its next life %s", process, death.rule, short(d.at-death.at), d.what),
			steps:    []Step{end},
		})
	}
	return out
}

// hasBegun: before a decision its life had written about the same and had its answer, some
// time before. What it decides is then no part of its start.
func (x *run) hasBegun(d decision) bool {
	process, life := split(d.who)
	return slices.ContainsFunc(x.Calls, func(c model.Call) bool {
		return c.Process == process && c.Incarnation == life && c.ReturnSeq > 0 && c.ReturnSeq < d.seq && d.at-c.Returned > time.Second &&
			c.Outcome == model.OK && isWrite(&c) && d.names.call(&c)
	})
}

// pause is how long a process that does nothing has come to rest.
const pause = 200 * time.Millisecond

// lastWork is the last write about the names that a life sent in the second before
// it died.
func (x *run) lastWork(process string, end death, names concerns) *model.Call {
	for i := len(x.Calls) - 1; i >= 0; i-- {
		c := &x.Calls[i]
		if c.Process != process || c.Incarnation != end.life || c.CallSeq > end.seq {
			continue
		}
		if end.at-c.Called > time.Second {
			return nil
		}
		if isWrite(c) && names.call(c) {
			return c
		}
	}
	return nil
}

func isWrite(c *model.Call) bool {
	switch c.Verb {
	case "create", "update", "patch", "apply", "delete", "deletecollection":
		return true
	}
	return false
}

// changedWhileDown is the first change to one of the names that was made by
// somebody else between two lives.
func (x *run) changedWhileDown(end death, names concerns) *model.Commit {
	for i := range x.Commits {
		c := &x.Commits[i]
		if c.At >= end.at && c.Seq > end.seq && c.At <= end.again && c.Process != end.process && names[keyOf(c.Namespace, c.Name)] {
			return c
		}
	}
	return nil
}
