package model

import (
	"fmt"
	"net/http"
	"time"
)

// A client may try the same call retryBound times in retryWindow without
// success. The bound is far above what Kubernetes' own back-off comes to: a
// work queue that begins at 5 ms and doubles makes 14 attempts in the first
// minute, and client-go turns each into at most 11 requests when connections
// are reset. It is far below a loop without back-off: hundreds per second.
const (
	retryBound  = 300
	retryWindow = time.Minute
)

// boundedRetries judges calls of subjects that did not succeed (refused, error
// or unknown outcome) by identity: process, verb, resource, namespace/name. The
// lease of the leader election is left out, since its retries have a period of
// their own. Windows are half-open, [t, t+1m).
func boundedRetries() Property {
	return Property{
		Name:     "bounded-retries",
		Sentence: "However long an outage lasts, no call is tried again more than 300 times a minute without success.",
		Source:   "controller-runtime and client-go back off exponentially; a retry storm keeps an API server down",
		Class:    ClassLiveness,
		Check:    checkBoundedRetries,
	}
}

// callIdentity says which call it is, whatever is in it.
type callIdentity struct {
	process, verb, group, resource, subresource, namespace, name string
	incarnation                                                  int
}

func (c *Call) identity() callIdentity {
	return callIdentity{c.Process, c.Verb, c.Group, c.Resource, c.Subresource, c.Namespace, c.Name, c.Incarnation}
}

func checkBoundedRetries(h *History) Result {
	tries := map[callIdentity][]time.Duration{}
	for i := range h.Calls {
		call := &h.Calls[i]
		if call.User || call.Outcome == OK || call.Housekeeping() {
			continue
		}
		id := call.identity()
		id.incarnation = 0
		made := append(tries[id], call.Called)
		tries[id] = made
		if len(made) > retryBound && call.Called-made[len(made)-1-retryBound] < retryWindow {
			return Breach(fmt.Sprintf("tried more than %d times within %s: %s", retryBound, retryWindow, call),
				Culprit{Seq: call.CallSeq, At: call.Called, CallID: call.ID, Text: call.String()})
		}
	}
	return Holds()
}

// Pace bounds how often a call may be tried that has been failing for some time: at
// most Most times in any Window, half-open, once the row of failures is older than
// After.
type Pace struct {
	After, Window time.Duration
	Most          int
}

// outagePaces are for any controller. Sixty in ten seconds is no back-off, whatever
// client-go makes of one attempt. A constant second is none after five minutes: a
// work queue is at 30 s or more by then.
var outagePaces = []Pace{{0, 10 * time.Second, 60}, {5 * time.Minute, time.Minute, 40}}

// retriesFall is about the shape: whoever backs off tries the seldomer the longer.
func retriesFall() Property {
	return RetriesFall("retries-fall",
		"The longer a call fails, the seldomer it is tried: not 60 times in ten seconds, and after five minutes not 40 times a minute.",
		"client-go's work queues and controller-runtime double the pause with every failure", outagePaces, nil)
}

// newsAge is how long after a user's change a controller may hear of it, and try at
// once what has been failing.
const newsAge = 30 * time.Second

// RetriesFall makes a property of paces that the retries of every call keep to. A row
// of failures is of one call (process, incarnation, verb, resource, namespace/name)
// and ends with a success. A refusal that says something about the object is an
// answer and no failure: only calls without an answer, 408, 429 and 5xx are. Leases
// and Events are left out, and what is none of the law's concern; nil: all is. What a
// user changes in the call's namespace in that time, or up to 30 s before, is a reason
// to try once more than the pace allows.
func RetriesFall(name, sentence, source string, paces []Pace, concern func(*Call) bool) Property {
	return Property{Name: name, Sentence: sentence, Source: source, Class: ClassLiveness, Check: func(h *History) Result {
		rows := map[callIdentity][]time.Duration{}
		for i := range h.Calls {
			call := &h.Calls[i]
			if call.User || call.Housekeeping() || concern != nil && !concern(call) {
				continue
			}
			id := call.identity()
			if !call.Troubled() {
				delete(rows, id)
				continue
			}
			row := append(rows[id], call.Called)
			rows[id] = row
			for _, p := range paces {
				// The first of the tries in question must itself be older than After.
				n := len(row) - 1 - p.Most
				if !p.exceeded(row, n) {
					continue
				}
				if n -= h.userChanges(call.Namespace, row[n]-newsAge, call.Called); p.exceeded(row, n) {
					return Breach(fmt.Sprintf("tried more than %d times within %s, after %s of failures: %s", p.Most, p.Window, row[n]-row[0], call),
						Culprit{Seq: call.CallSeq, At: call.Called, CallID: call.ID, Text: call.String()})
				}
			}
		}
		return Holds()
	}}
}

// exceeded: from the n-th try of a row on there are too many up to the last one.
func (p *Pace) exceeded(row []time.Duration, n int) bool {
	return n >= 0 && row[n]-row[0] >= p.After && row[len(row)-1]-row[n] < p.Window
}

// userChanges counts what users changed in a namespace in [from, until].
func (h *History) userChanges(namespace string, from, until time.Duration) int {
	n := 0
	for i := range h.Commits {
		if c := &h.Commits[i]; c.User && c.Namespace == namespace && c.At >= from && c.At <= until {
			n++
		}
	}
	return n
}

// Troubled tells whether a call failed for a reason that is none of the object's: no
// answer, or one that asks to come back later.
func (c *Call) Troubled() bool {
	return c.Outcome != OK && (c.Unknown() || c.Code == 0 || c.Code == http.StatusRequestTimeout || c.Code == http.StatusTooManyRequests || c.Code >= 500)
}
