package model

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// quietFor is how long before the end of a run the world must have come to
// rest. It is the longest retry interval of a Kubernetes work queue in the
// field (30s), so whatever still writes would write for ever.
const quietFor = 30 * time.Second

// answered is how soon a user's change is answered when nothing fails.
const answered = 10 * time.Second

const quietName = "quiet"

// quiet judges the last 30 s of a run, the closed interval [Ended-30s, Ended]
// by the time of the call. Writes that certainly failed do not count (that is
// bounded-retries' matter), nor do Leases and Events, nor dry runs. A
// successful write that changes nothing counts: it is the beginning of an
// endless loop. What comes within 10 s after a user's change answers it: a user who had
// to wait may be as late as that. A liveness phase shorter than 30 s leaves the property
// undecided.
func quiet() Property {
	return Property{
		Name:     quietName,
		Sentence: "When nothing changes any more, the subject stops writing: no write in the last 30 s, leases and events excepted.",
		Source:   "level-triggered controllers converge; an unconditional status update is an endless loop",
		Class:    ClassLiveness,
		Check:    checkQuiet,
	}
}

func checkQuiet(h *History) Result {
	if h.Ended-h.Cleared < quietFor {
		return Undecide(fmt.Sprintf("the liveness phase lasted %s, less than %s", h.Ended-h.Cleared, quietFor))
	}
	var first *Call
	count := 0
	for i := range h.Calls {
		call := &h.Calls[i]
		if call.User || call.Called < h.Ended-quietFor || call.Outcome == Failed || !call.Writes() || call.Housekeeping() || h.answersUser(call) {
			continue
		}
		if first == nil {
			first = call
		}
		count++
	}
	if first == nil {
		return Holds()
	}
	if len(h.Restless) > 0 {
		return Breach("it does not come to rest: in the last minute "+repetitions(h.Restless),
			Culprit{Seq: first.CallSeq, At: first.Called, CallID: first.ID, Text: first.String()})
	}
	return Breach(fmt.Sprintf("%d writes in the last %s, the first: %s", count, quietFor, first),
		Culprit{Seq: first.CallSeq, At: first.Called, CallID: first.ID, Text: first.String()})
}

// answersUser tells whether a user changed something just before a call.
func (h *History) answersUser(call *Call) bool {
	return slices.ContainsFunc(h.Commits, func(c Commit) bool {
		return c.User && c.CallID != 0 && c.At <= call.Called && call.Called-c.At < answered
	})
}

// repetitions names the cycle: who writes what, back and forth.
func repetitions(all []Repetition) string {
	parts := make([]string, len(all))
	for i, r := range all {
		parts[i] = r.String()
	}
	return strings.Join(parts, ", ")
}
