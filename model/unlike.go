package model

import (
	"math"
	"slices"
	"strings"
)

// turn is a change to an object, and whether the object was as asked after it.
type turn struct {
	commit *Commit
	alike  bool
}

// turns are all changes to the objects of a normal name, each with whether they then
// were as the run without faults ends.
func (h *History) turns(d difference) []turn {
	n := newNormal(h)
	alive := map[objectID]bool{}
	var out []turn
	for i := range h.Commits {
		c := &h.Commits[i]
		if n.name(c.objectID()) != d.name {
			continue
		}
		if alive[c.objectID()] = c.New != nil; c.New == nil {
			delete(alive, c.objectID())
		}
		alike := d.path == "" && countOf(make([]leaves, len(alive))) == d.was
		if d.path != "" && c.New != nil {
			value, there := n.object(stored{c.objectID(), c.New, c})[d.path]
			alike = shown(value, there) == d.was
		}
		out = append(out, turn{c, alike})
	}
	return out
}

// life are the turns of the n-th object of the name, counted from 1, or of the last one
// that there is; and which one that was. A field is one of an object, and what another was
// that had its name does not count. How many there are is a matter of all.
func (d difference) life(turns []turn, n int) (of []turn, number int) {
	if d.path != "" {
		for _, t := range turns {
			if t.commit.Old == nil && number < n {
				number, of = number+1, nil
			} else if t.commit.Old == nil {
				return of, number
			}
			of = append(of, t)
		}
		return of, number
	}
	return turns, 0
}

// since is the first of the turns after which none was alike; nil: none ever was, or the
// last one is.
func since(turns []turn) *Commit {
	last := len(turns) - 1
	for last >= 0 && !turns[last].alike {
		last--
	}
	if last < 0 || last == len(turns)-1 {
		return nil
	}
	return turns[last+1].commit
}

// unlikeSince blames the first change after which one object, of that normal name,
// never was again as in the run that it is compared with. If it never was, the last
// change to it is where progress ended.
func (h *History) unlikeSince(d difference, message string) Culprit {
	turns := h.turns(d)
	if c := since(turns); c != nil {
		return h.answerable(c, message)
	}
	if len(turns) == 0 {
		return Culprit{At: h.Ended, Text: "no such object was ever there"}
	}
	culprit := turns[len(turns)-1].commit.Culprit()
	culprit.Text = "last change: " + culprit.Text
	return culprit
}

// missing is the culprit when an object never became as it is in the baseline: a change
// is missing that the baseline has, and what prompted it there was not answered here.
// An object that was alike once has the culprit that it has.
func (h *History) missing(baseline *History, d difference, message string, known Culprit) Culprit {
	life, number := d.life(h.turns(d), math.MaxInt)
	if c := since(life); c != nil {
		return h.answerable(c, message)
	}
	if prompt := h.unanswered(baseline, d, number); prompt != nil {
		return h.answerable(prompt, message)
	}
	return known
}

// unanswered is what prompted, in the baseline, the change that makes the object of that
// number as it ends there, as this history has it. Nil: it has none.
func (h *History) unanswered(baseline *History, d difference, number int) *Commit {
	turns, _ := d.life(baseline.turns(d), max(1, number))
	for d.path != "" && len(turns) > 0 && turns[len(turns)-1].commit.New == nil {
		turns = turns[:len(turns)-1] // that it went later is another matter
	}
	right := len(turns)
	for right > 0 && turns[right-1].alike {
		right--
	}
	if right == len(turns) {
		return nil
	}
	prompt := baseline.promptOf(turns[right].commit)
	if prompt == nil {
		return nil
	}
	return h.counterpartOf(baseline, prompt)
}

// promptOf is the change, by somebody who is not under test, that a process under test
// answered with another: the last one that it had been told of by a watch when it sent
// its request, of those of objects with a name in common if there are such. One that is
// not by a process under test is its own prompt. Nil: nothing is known of any.
func (h *History) promptOf(c *Commit) *Commit {
	if !c.Subject() {
		return c
	}
	call := h.callByID(c.CallID)
	if call == nil {
		return nil
	}
	var akin, any *Commit
	var akinSeq, anySeq uint64
	for i := range h.Watches {
		w := &h.Watches[i]
		watcher := h.callByID(w.CallID)
		if watcher == nil || watcher.Process != call.Process || watcher.Incarnation != call.Incarnation {
			continue
		}
		for j := range w.Frames {
			f := &w.Frames[j]
			told := h.commitAt(f.Revision)
			if f.Seq > call.CallSeq || told == nil || told.Subject() || told.Name != f.Name || told.Namespace != f.Namespace {
				continue
			}
			if f.Seq > anySeq {
				any, anySeq = told, f.Seq
			}
			if f.Seq > akinSeq && (strings.Contains(c.Name, f.Name) || strings.Contains(f.Name, c.Name)) {
				akin, akinSeq = told, f.Seq
			}
		}
	}
	if akin != nil {
		return akin
	}
	return any
}

// counterpartOf is the change of this history that corresponds to one of the baseline: by the
// same author, to the same object, of the same kind, and as many of those before it.
func (h *History) counterpartOf(baseline *History, c *Commit) *Commit {
	alike := func(o *Commit) bool {
		return o.Process == c.Process && o.Group == c.Group && o.Resource == c.Resource && o.Namespace == c.Namespace && o.Name == c.Name &&
			(o.Old == nil) == (c.Old == nil) && (o.New == nil) == (c.New == nil)
	}
	before := 0
	for i := range baseline.Commits {
		if o := &baseline.Commits[i]; o.Seq < c.Seq && alike(o) {
			before++
		}
	}
	for i := range h.Commits {
		if o := &h.Commits[i]; alike(o) {
			if before == 0 {
				return o
			}
			before--
		}
	}
	return nil
}

// callByID is nil for a call that the history does not have, such as 0.
func (h *History) callByID(id uint64) *Call {
	i := slices.IndexFunc(h.Calls, func(c Call) bool { return c.ID == id })
	if i < 0 {
		return nil
	}
	return &h.Calls[i]
}

// commitAt is the change of a revision; nil: there is none.
func (h *History) commitAt(revision uint64) *Commit {
	i, found := slices.BinarySearchFunc(h.Commits, revision, func(c Commit, r uint64) int { return int(c.Revision) - int(r) })
	if !found {
		return nil
	}
	return &h.Commits[i]
}
