package model

import (
	"fmt"
	"strings"
)

// blame finds what made a law about the end of a run false for good. The law is
// asked again of the history as it would have been had it ended one change
// earlier, two, and so on: the culprit is the first change after which the law was
// never true again.
//
// When a process under test made it, that is all. Otherwise what should have
// followed is missing, and the culprit is the last call about it that failed and
// that nobody made again with success, if there is one.
//
// A law that knows better than that what is missing says so itself.
//
// A law that is false even of a history without changes is not about changes
// (such as quiet); its own culprit stays, as it does when a law panics on a state
// that no run has ended in before.
func blame(h *History, property Property, result Result) Culprit {
	if result.answerable != nil {
		return result.answerable()
	}
	i, found := h.falseSince(property, result.Message)
	if !found {
		return result.Culprit
	}
	return h.answerable(&h.Commits[i], result.Message)
}

// answerable says who has to answer for a change after which a law never held again.
func (h *History) answerable(commit *Commit, message string) Culprit {
	culprit := commit.Culprit()
	if commit.Subject() {
		culprit.Text = "since then it does not hold: " + culprit.Text
		return culprit
	}
	if call := h.abandoned(commit, message); call != nil {
		return Culprit{Seq: call.CallSeq, At: call.Called, CallID: call.ID,
			Text: fmt.Sprintf("it failed and was not tried again: %s; since then nothing followed on %s", call, commit)}
	}
	culprit.Text = "nothing followed that makes it hold again: " + culprit.Text
	return culprit
}

// falseSince is the index of the first change after which the law was never true
// again. Where laws report one complaint of several, only those count that name an
// object which the last one names.
func (h *History) falseSince(property Property, message string) (index int, found bool) {
	defer func() {
		if recover() != nil {
			found = false // the law knows complete states only
		}
	}()
	names := h.Named(message)
	same := func(r Result) bool {
		for name := range h.Named(r.Message) {
			if names[name] {
				return true
			}
		}
		return len(names) == 0
	}
	if h.after(0, property).Status == Violated {
		return 0, false
	}
	for k := len(h.Commits); k > 0; k-- {
		if k < len(h.Commits)-closeLook {
			return h.bisect(k, property), true
		}
		switch r := h.after(k, property); {
		case r.Status != Violated:
			return index, found
		case same(r):
			index, found = k-1, true
		}
	}
	return index, found
}

// closeLook is how many changes are looked at one by one. What lies further back
// is halved: a law that was true for a moment in between may then be missed.
const closeLook = 300

// bisect finds a change before which the law held and after which it did not,
// among the first k.
func (h *History) bisect(k int, property Property) int {
	low := 0 // holds after low changes, does not after k
	for k-low > 1 {
		if middle := (low + k) / 2; h.after(middle, property).Status == Violated {
			k = middle
		} else {
			low = middle
		}
	}
	return k - 1
}

// after is what the law says of the history with its first k changes only.
func (h *History) after(k int, property Property) Result {
	shorter := *h
	shorter.Commits = h.Commits[:k:k]
	shorter.derived = nil
	return property.Check(&shorter)
}

// abandoned is the last call of a process under test after a change, about the
// changed object or one that the message names, that failed, or whose outcome was
// not known, and that no process made again with success. Not to find something is
// no failure. If there is none, one about a namesake in another namespace is taken:
// that is where copies are.
func (h *History) abandoned(commit *Commit, message string) *Call {
	names := h.Named(message)
	names[nameOf(commit.Namespace, commit.Name)] = true
	last := map[string]bool{}
	for name := range names {
		last[name[strings.LastIndexByte(name, '/')+1:]] = true
	}
	if call := h.givenUp(commit.Seq, func(c *Call) bool { return names[nameOf(c.Namespace, c.Name)] }); call != nil {
		return call
	}
	return h.givenUp(commit.Seq, func(c *Call) bool { return last[c.Name] })
}

// givenUp is the last call of a process under test after an event that failed and
// that none like it made good, of those that are about something.
func (h *History) givenUp(after uint64, about func(*Call) bool) *Call {
	done := map[string]bool{}
	for i := len(h.Calls) - 1; i >= 0; i-- {
		c := &h.Calls[i]
		if c.User || c.CallSeq < after || c.Verb == "watch" || c.Name == "" || !about(c) {
			continue
		}
		what := fmt.Sprint(c.Verb, c.Group, c.Resource, c.Subresource, c.Namespace, c.Name)
		switch {
		case c.Outcome == OK, c.Code == 404, c.Code == 409 && c.Verb == "create":
			done[what] = true // what is to be removed is gone, what is to be made is there
		case c.ReturnSeq > 0 && !done[what]:
			return c
		}
	}
	return nil
}

// Named are the objects of the history, or of its calls, that a message names, as
// namespace/name, or as name for those without a namespace.
func (h *History) Named(message string) map[string]bool {
	said := map[string]bool{}
	for _, word := range strings.FieldsFunc(message, func(r rune) bool { return strings.ContainsRune(" ,;:()\"'=", r) }) {
		said[strings.TrimRight(word, ".")] = true
	}
	out := map[string]bool{}
	for i := range h.Commits {
		if name := nameOf(h.Commits[i].Namespace, h.Commits[i].Name); said[name] {
			out[name] = true
		}
	}
	for i := range h.Calls {
		if name := nameOf(h.Calls[i].Namespace, h.Calls[i].Name); h.Calls[i].Name != "" && said[name] {
			out[name] = true
		}
	}
	return out
}

func nameOf(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}
