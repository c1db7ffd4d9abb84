package globalnet

import (
	"fmt"
	"net/http"
	"time"

	"github.com/seatrial/seatrial/model"
)

// The counters and the gauge of docs/globalingressip/operations.md.
const (
	metricAllocations = "globalingressip_allocations_total"
	metricReleases    = "globalingressip_releases_total"
	metricErrors      = "globalingressip_api_errors_total"
	metricRetries     = "globalingressip_retries_total"
	metricWaiting     = "globalingressip_waiting"

	// neverSent are errors of class canceled: who lost the leadership gives calls up
	// that are under way, and others before they are sent.
	neverSent = "canceled"
)

// countsTrue compares the counters of each process that is alive at the end with what
// the history has of its last life. Where the process cannot know an outcome, or
// client-go tries again by itself after a 429 or a 5xx, the truth is a range:
//
//   - allocations: statuses that got their first IP, and perhaps those that got
//     another one;
//   - releases: claims deleted, and those that were found to be gone;
//   - errors: failed calls about the objects it looks after; that something is not
//     there is no error;
//   - retries: some, if calls went without an answer more than a few times;
//   - waiting: the GlobalIngressIPs whose condition says that they wait for an IP, if
//     the world is at rest.
func countsTrue() model.Property {
	return model.Property{
		Name:     "counts-true",
		Sentence: "Counters say how often the process has allocated, released, failed and retried, and the gauge how many wait.",
		Source:   "docs/globalingressip/operations.md; Prometheus: whoever alerts on a counter relies on it",
		Class:    model.ClassLiveness,
		Check: func(h *model.History) model.Result {
			if h.Ended <= h.Cleared {
				return model.Undecide("the run has no liveness phase")
			}
			if lie := miscounted(h); lie != "" {
				return model.Breach(lie, model.Culprit{At: h.Ended, Text: "the end of the run"})
			}
			return model.Holds()
		},
	}
}

// span is a range that a counter may be in.
type span struct{ least, most float64 }

func (s *span) add(certain bool) {
	if s.most++; certain {
		s.least++
	}
}

// life is what the last life of a process has done.
type life struct {
	incarnation                           int
	allocated, released, failed, answered span
}

func miscounted(h *model.History) string {
	lives := livesOf(h)
	said := map[string]map[string]float64{}
	for _, m := range h.Metrics {
		if said[m.Process] == nil {
			said[m.Process] = map[string]float64{}
		}
		if m.Labels["class"] == "canceled" {
			said[m.Process][neverSent] += m.Value
			continue
		}
		said[m.Process][m.Name] += m.Value
	}
	for _, m := range h.Metrics {
		l, known := lives[m.Process]
		if !known || m.Name != metricAllocations {
			continue // once for each process
		}
		counts := said[m.Process]
		for _, c := range []struct {
			name string
			want span
		}{{metricAllocations, l.allocated}, {metricReleases, l.released}, {metricErrors, l.failed}} {
			is := counts[c.name]
			if c.name == metricErrors && is < c.want.least {
				is += counts[neverSent]
			}
			if is < c.want.least || is > c.want.most {
				return fmt.Sprintf("%s says %s=%v, but it was between %v and %v", m.Process, c.name, is, c.want.least, c.want.most)
			}
		}
		if unanswered := l.answered.most - l.answered.least; unanswered >= 5 && counts[metricRetries] == 0 {
			return fmt.Sprintf("%s says %s=0, but %v calls went without an answer", m.Process, metricRetries, unanswered)
		}
	}
	return miscountedWaiting(h, said)
}

func livesOf(h *model.History) map[string]*life {
	lives := map[string]*life{}
	for i := range h.Calls {
		call := &h.Calls[i]
		if call.User {
			continue
		}
		l := lives[call.Process]
		if l == nil || l.incarnation < call.Incarnation {
			l = &life{incarnation: call.Incarnation}
			lives[call.Process] = l
		}
		l.note(call)
	}
	for _, c := range changesOf(h) {
		call := h.Call(c.CallID)
		if call == nil || call.User || c.gipOld == nil || c.gipNew == nil || c.gipOld.ip == c.gipNew.ip || c.gipNew.ip == "" {
			continue
		}
		if l := lives[call.Process]; l != nil && l.incarnation == call.Incarnation {
			l.allocated.add(call.Outcome == model.OK && c.gipOld.ip == "")
		}
	}
	return lives
}

// note counts a call of a process's reconcilers.
func (l *life) note(call *model.Call) {
	switch call.Verb {
	case "get", "create", "update", "delete":
	default:
		return
	}
	switch {
	case call.Group == ingressIPGroup, call.Group == exportGroup, call.Group == claimGroup && call.Resource == claimResource:
	case call.Group == "" && (call.Resource == serviceResource || call.Resource == podResource || call.Resource == endpointsResource):
	default:
		return
	}
	gone := call.Code == http.StatusNotFound
	if call.Resource == claimResource && call.Verb == "delete" && (call.Outcome == model.OK || gone || call.Unknown()) {
		l.released.add(call.Outcome == model.OK)
	}
	if call.Outcome != model.OK && !gone {
		// client-go may have tried again by itself, without telling.
		l.failed.add(!call.Unknown() && call.Code != 0 && call.Code != http.StatusTooManyRequests && call.Code < 500)
	}
	l.answered.add(call.Code != 0)
}

// miscountedWaiting compares the gauge with the conditions, unless somebody is still
// at work: who waits in line is taken out of it for each attempt.
func miscountedWaiting(h *model.History, said map[string]map[string]float64) string {
	for i := len(h.Calls) - 1; i >= 0 && h.Calls[i].Called > h.Ended-2*time.Second; i-- {
		if call := &h.Calls[i]; !call.User && call.Group != "coordination.k8s.io" {
			return ""
		}
	}
	waiting := 0
	for _, gip := range endOf(h).gips {
		if c, _ := gip.condition(conditionAllocated); c.reason == reasonPoolAllocation && !model.Terminating(gip) {
			waiting++
		}
	}
	for _, m := range h.Metrics {
		if m.Name == metricWaiting && m.Value != float64(waiting) {
			return fmt.Sprintf("%s says that %v GlobalIngressIPs wait for an IP, but %d say so of themselves", m.Process, said[m.Process][metricWaiting], waiting)
		}
	}
	return ""
}
