package globalnet

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/seatrial/seatrial/model"
)

// A row of failures that has to be told is so long and so old: the controller tells
// with the third failure of a key, and other keys make the same calls.
const (
	toldFailures = 8
	toldAfter    = 20 * time.Second
)

// troubleTold follows rows of failures of one call that the address of a service
// needs: reading its Service or export, and the creation and update of its internal
// Service or claim. With the eighth failure in a row, 20 s after the first or later,
// the condition of its GlobalIngressIP must not say that all is well, nor nothing.
//
// Excused is who could not write the status either since the row began; who has no
// GlobalIngressIP to tell it with, or one on its way out; and a GlobalIngressIP that
// came while the row was under way. A 429 is no failure here: the client keeps it to
// itself. A row ends with a success, and with the process.
func troubleTold() model.Property {
	return model.Property{
		Name:     "trouble-told",
		Sentence: "What keeps failing is told: a condition other than Allocated=True, 20 s and eight failures after it began.",
		Source:   "docs/globalingressip/design.md §1: set a condition that says the state could not be verified and why",
		Class:    model.ClassLiveness,
		Check: func(h *model.History) model.Result {
			t := &troubleBook{history: h, changes: changesOf(h), cluster: newCluster(), rows: map[string]row{}, mute: map[owner]time.Duration{}, born: map[string]time.Duration{}}
			return t.follow()
		},
	}
}

// row is a row of failures of one call.
type row struct {
	count int
	since time.Duration
}

type troubleBook struct {
	history *model.History
	changes changes
	cluster *cluster
	rows    map[string]row
	mute    map[owner]time.Duration  // when a status could not be written, last
	born    map[string]time.Duration // GlobalIngressIPs, by UID
}

func (t *troubleBook) follow() model.Result {
	for i := range t.history.Calls {
		call := &t.history.Calls[i]
		if call.User || call.ReturnSeq == 0 {
			continue
		}
		for len(t.changes) > 0 && t.changes[0].Seq < call.CallSeq {
			c := t.changes[0]
			if c.gipOld == nil && c.gipNew != nil {
				t.born[c.UID] = c.At
			}
			t.cluster.apply(c)
			t.changes = t.changes[1:]
		}
		if message := t.judge(call); message != "" {
			return model.Breach(message, model.Culprit{Seq: call.CallSeq, At: call.Called, CallID: call.ID, Text: call.String()})
		}
	}
	return model.Holds()
}

// judge takes note of a call, and says what should have been told when it was made.
func (t *troubleBook) judge(call *model.Call) string {
	if call.Resource == ingressIPResource && call.Subresource == "status" {
		if call.Outcome != model.OK {
			t.mute[ownerOf(call.Namespace, call.Name)] = call.Called
		}
		return ""
	}
	about, concerns := t.about(call)
	if !concerns {
		return ""
	}
	id := strings.Join([]string{call.Process, fmt.Sprint(call.Incarnation), call.Verb, call.Resource, call.Namespace, call.Name}, " ")
	if !call.Troubled() {
		delete(t.rows, id)
		return ""
	}
	if call.Code == http.StatusTooManyRequests {
		return "" // client-go makes such a call again, up to ten times, before it tells the program
	}
	r, known := t.rows[id]
	if !known {
		r.since = call.Called
	}
	r.count++
	t.rows[id] = r
	gip := t.cluster.gips[about]
	if r.count <= toldFailures || call.Called-r.since < toldAfter || gip == nil || model.Terminating(gip) || !gip.made() {
		return ""
	}
	if at, muted := t.mute[about]; muted && at >= r.since || t.born[string(gip.GetUID())] > r.since {
		return ""
	}
	if allocated, told := gip.condition(conditionAllocated); !told || allocated.status == "True" {
		return fmt.Sprintf("%s failed %d times since %s, and %s does not say so: condition %s is %q", call, r.count, r.since, about, conditionAllocated, allocated.status)
	}
	return ""
}

// about is the GlobalIngressIP whose address a call is needed for.
func (t *troubleBook) about(call *model.Call) (owner, bool) {
	own := ownerOf(call.Namespace, call.Name)
	switch {
	case call.Group == claimGroup && call.Resource == claimResource && call.Verb == "create":
		object, err := readBody(call.Request)
		if err != nil {
			return "", false
		}
		return claimOwner(object.Spec.ParentRef)
	case call.Group == "" && call.Resource == serviceResource && (call.Verb == "create" || call.Verb == "update"):
		object, err := readBody(call.Request)
		if err != nil || object.Metadata.Labels[exportedRefLabel] == "" || object.Metadata.DeletionTimestamp != "" {
			return "", false
		}
		return ownerOf(call.Namespace, object.Metadata.Labels[exportedRefLabel]), true
	case call.Verb != "get", strings.Contains(call.Query, "resourceVersion="):
		return "", false
	case call.Group == "" && call.Resource == serviceResource:
		if service := t.cluster.services[own]; service != nil {
			if of, internal := internalOwner(service); internal {
				return of, true
			}
		}
		return own, true
	case call.Group == exportGroup && call.Resource == exportResource:
		return own, true
	}
	return "", false
}
