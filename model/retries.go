package model

import (
	"fmt"
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

func checkBoundedRetries(h *History) Result {
	type identity struct {
		process, verb, group, resource, subresource, namespace, name string
	}
	tries := map[identity][]time.Duration{}
	for i := range h.Calls {
		call := &h.Calls[i]
		if call.User || call.Outcome == OK || call.Housekeeping() {
			continue
		}
		id := identity{call.Process, call.Verb, call.Group, call.Resource, call.Subresource, call.Namespace, call.Name}
		made := append(tries[id], call.Called)
		tries[id] = made
		if len(made) > retryBound && call.Called-made[len(made)-1-retryBound] < retryWindow {
			return Breach(fmt.Sprintf("tried more than %d times within %s: %s", retryBound, retryWindow, call),
				Culprit{Seq: call.CallSeq, At: call.Called, CallID: call.ID, Text: call.String()})
		}
	}
	return Holds()
}
