package globalnet

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/seatrial/seatrial/model"
)

// Told lists what operators of our controller look at: conditions, Events,
// annotations, and how it behaves towards an API server in trouble. Metrics are in
// [Metrics].
func Told() []model.Property {
	return []model.Property{statusCoherent(), troubleTold(), eventsBounded(), eventsTold(), annotationsTrue(), specKept(), backsOff(), callsLimited()}
}

// statusCoherent judges every status that a subject writes by itself: conditions
// of each type once, Allocated about the generation that the object has, and True
// only with an IP. A status that was written on an older object is refused by the
// API server, so there is no excuse in a cache that is behind.
func statusCoherent() model.Property {
	return model.Property{
		Name:     "status-coherent",
		Sentence: "Every status that the subject writes says things once, about the present generation, and Allocated only with an IP.",
		Source:   "Kubernetes API conventions: typical status properties; submariner #2463",
		Class:    model.ClassSafety,
		Check: func(h *model.History) model.Result {
			for _, c := range changesOf(h) {
				if c.gipNew == nil || c.gipOld == nil || !c.Subject() || sameStatus(c.gipOld, c.gipNew) {
					continue
				}
				if fault := c.gipNew.incoherent(); fault != "" {
					return model.Breach(fault, c.Culprit())
				}
			}
			return model.Holds()
		},
	}
}

func sameStatus(a, b *ingressIP) bool {
	return a.ip == b.ip && slices.Equal(a.conditions, b.conditions)
}

func (g *ingressIP) incoherent() string {
	seen := map[string]bool{}
	for _, c := range g.conditions {
		switch {
		case seen[c.kind]:
			return fmt.Sprintf("%s was given condition %s more than once", g.owner(), c.kind)
		case c.kind != conditionAllocated:
		case c.status == "True" && g.ip == "":
			return fmt.Sprintf("%s was given condition %s=True without an IP", g.owner(), c.kind)
		case c.observedGeneration != g.GetGeneration():
			return fmt.Sprintf("%s was given condition %s of generation %d, but its generation is %d", g.owner(), c.kind, c.observedGeneration, g.GetGeneration())
		}
		seen[c.kind] = true
	}
	return ""
}

// eventsBounded counts how often a subject told the same thing of one object: as
// many times, at most, as there were changes of what it may be told of. These are
// changes of the GlobalIngressIP of its name, and that its Service or export came,
// went, or changed its type. A process that was started anew may say everything
// once more.
func eventsBounded() model.Property {
	return model.Property{
		Name:     "events-bounded",
		Sentence: "An Event is told again only after a change of what it is about.",
		Source:   "Kubernetes API conventions: Events are for people, and rate limited",
		Class:    model.ClassSafety,
		Check:    checkEventsBounded,
	}
}

type saying struct{ uid, reason, message string }

func checkEventsBounded(h *model.History) model.Result {
	news, said := map[owner]int{}, map[saying]int{}
	incarnations := 0
	for i := range h.Commits {
		c := &h.Commits[i]
		event, ok := c.New.(*corev1.Event)
		if !ok || !c.Subject() {
			if isNews(c) {
				news[ownerOf(c.Namespace, c.Name)]++
			}
			continue
		}
		if call := h.Call(c.CallID); call != nil {
			incarnations = max(incarnations, call.Incarnation)
		}
		about := event.InvolvedObject
		key := saying{string(about.UID), event.Reason, event.Message}
		said[key] += max(1, int(event.Count)) - countBefore(c)
		changes := news[ownerOf(about.Namespace, about.Name)]
		if most := changes + incarnations; said[key] > most {
			return model.Breach(fmt.Sprintf("%s %s/%s was told %d times that %s (%s), and there were %d changes of it",
				about.Kind, about.Namespace, about.Name, said[key], event.Message, event.Reason, changes), c.Culprit())
		}
	}
	return model.Holds()
}

func countBefore(c *model.Commit) int {
	if before, ok := c.Old.(*corev1.Event); ok && before != nil {
		return max(1, int(before.Count))
	}
	return 0
}

func isNews(commit *model.Commit) bool {
	c, ok := readCommit(commit)
	switch {
	case !ok:
		return false
	case c.gipOld != nil || c.gipNew != nil, c.exportOld == nil && c.exportNew != nil, c.exportOld != nil && c.exportNew == nil:
		return true
	case commit.Group == "" && commit.Resource == serviceResource:
		return c.serviceOld == nil || c.serviceNew == nil || c.serviceOld.Spec.Type != c.serviceNew.Spec.Type
	}
	return false
}

const (
	reasonAllocated = "Allocated"
	reasonReleased  = "Released"
)

// eventsTold judges calm moments only, for whoever tells Events does so in its own
// time and gives up: when an IP is published first, and when the claim of a
// GlobalIngressIP that is being deleted is given back, an Event about the
// GlobalIngressIP follows within 10 s. Namespaces on their way out take no Events.
func eventsTold() model.Property {
	return model.Property{
		Name:     "events-told",
		Sentence: "While nothing stands in the way, an Event tells of every allocation and every release within 10 s.",
		Source:   "docs/globalingressip/design.md §5: conditions, Events, metrics",
		Class:    model.ClassLiveness,
		Check: func(h *model.History) model.Result {
			if len(h.Disturbances) == 0 {
				return model.Undecide("it was not recorded when something stood in the way")
			}
			return checkEventsTold(h)
		},
	}
}

func checkEventsTold(h *model.History) model.Result {
	told, leaving := eventsOf(h)
	cluster := newCluster()
	for _, c := range changesOf(h) {
		gip, reason := cluster.toTell(&c)
		cluster.apply(c)
		if gip == nil || leaving[gip.GetNamespace()] || c.At+promptness > h.Ended || !h.Undisturbed(c.At) || !h.Undisturbed(c.At+promptness) {
			continue
		}
		about := saying{uid: string(gip.GetUID()), reason: reason}
		if !slices.ContainsFunc(told[about], func(at time.Duration) bool { return at >= c.At && at <= c.At+promptness }) {
			return model.Breach(fmt.Sprintf("no Event %s tells of %s", reason, c.Commit), c.Culprit())
		}
	}
	return model.Holds()
}

// toTell is what a change has to be told as, and of which GlobalIngressIP; nil: it
// has not.
func (c *cluster) toTell(change *change) (*ingressIP, string) {
	if !change.Subject() {
		return nil, ""
	}
	if old, now := change.gipOld, change.gipNew; old != nil && now != nil && old.ip == "" && now.ip != "" {
		return now, reasonAllocated
	}
	if claim := change.claimOld; claim != nil && change.claimNew == nil {
		if gip := c.gips[claim.owner]; gip != nil && model.Terminating(gip) {
			return gip, reasonReleased
		}
	}
	return nil, ""
}

// eventsOf lists when which Event was told, and the namespaces that are on their way out.
func eventsOf(h *model.History) (told map[saying][]time.Duration, leaving map[string]bool) {
	told, leaving = map[saying][]time.Duration{}, map[string]bool{}
	for i := range h.Commits {
		c := &h.Commits[i]
		if event, ok := c.New.(*corev1.Event); ok {
			key := saying{uid: string(event.InvolvedObject.UID), reason: event.Reason}
			told[key] = append(told[key], c.At)
		}
		if c.Group == "" && c.Resource == namespaceResource && (c.New == nil || model.Terminating(model.Metadata(c.New))) {
			leaving[c.Name] = true
		}
	}
	return told, leaving
}

// annotationsTrue judges the end state: what the subject wrote down about where a
// pod is, and reads back, is where it is.
func annotationsTrue() model.Property {
	return model.Property{
		Name:     "annotations-true",
		Sentence: "After the weather has cleared, the GlobalIngressIP of a pod names the address that the pod has.",
		Source:   "docs/globalingressip/design.md §2 and §5: a pod that moves keeps its global IP; annotation and rule follow",
		Class:    model.ClassLiveness,
		Check: ofEachInTheEnd(func(end *cluster, key owner, gip *ingressIP) string {
			want := end.addressBehind(gip)
			if is := gip.GetAnnotations()[podIPNote]; gip.target == targetPod && gip.made() && !model.Terminating(gip) && want != "" && is != want {
				return fmt.Sprintf("%s says that its pod is at %q, but it is at %s", key, is, want)
			}
			return ""
		}),
	}
}

// specKept judges the end state: what users edited in the spec of a GlobalIngressIP that
// the subject looks after is as it was. Consumers read the spec, too. It is asked where
// service, export and pod are as they were when it was made.
func specKept() model.Property {
	return model.Property{
		Name:     "spec-kept",
		Sentence: "After the weather has cleared, a GlobalIngressIP that the subject looks after says in its spec what it leads to, whoever edited it.",
		Source:   "docs/globalingressip/design.md §5: what users edit in a spec is undone",
		Class:    model.ClassLiveness,
		Check: ofEachInTheEnd(func(end *cluster, key owner, gip *ingressIP) string {
			if end.misdirected(gip) {
				return fmt.Sprintf("the spec of %s says that it is a %s of service %q, pod %q, which is an edit", key, gip.target, gip.serviceRef, gip.podRef)
			}
			return ""
		}),
	}
}

// misdirected compares a spec with what was written down when the GlobalIngressIP was made.
func (c *cluster) misdirected(gip *ingressIP) bool {
	notes, service := gip.GetAnnotations(), gip.GetLabels()[serviceRefLabel]
	want, pod := targetClusterIP, ""
	switch {
	case service == "":
		service = gip.GetName()
	case notes[endpointsIPNote] != "":
		want = targetEndpoints
	case notes[podNote] != "":
		want, pod = targetPod, notes[podNote]
	default:
		return false
	}
	meant := &ingressIP{Object: gip.Object, target: want, serviceRef: service, podRef: pod}
	if !gip.made() || model.Terminating(gip) || !gip.madeFor(c.services[meant.service()]) || c.title(meant) == "" {
		return false
	}
	return gip.target != want || gip.serviceRef != service || gip.podRef != pod && want == targetPod
}

// callLimit is how long our controller may wait for the answer to one call: ten
// seconds, and what a slow network adds.
const callLimit = 15 * time.Second

// callsLimited is about answers and broken connections that were waited for too long:
// what is given up in time never comes. Lists and watches may take long.
func callsLimited() model.Property {
	return model.Property{
		Name:     "calls-limited",
		Sentence: "No answer about a single object is waited for longer than 15 s.",
		Source:   "docs/globalingressip/design.md §5: a connection gone silent cannot hold a worker",
		Class:    model.ClassLiveness,
		Check: func(h *model.History) model.Result {
			for i := range h.Calls {
				call := &h.Calls[i]
				ours := !call.User && !call.Housekeeping() && call.Name != "" && call.Verb != "list" && call.Verb != "watch"
				if ours && call.ReturnSeq != 0 && call.Returned-call.Called > callLimit {
					return model.Breach(fmt.Sprintf("waited %s for: %s", call.Returned-call.Called, call),
						model.Culprit{Seq: call.ReturnSeq, At: call.Returned, CallID: call.ID, Text: call.String()})
				}
			}
			return model.Holds()
		},
	}
}

// backsOff is the shape of our own back-off: 50 ms doubling to 30 s for each key of
// the work queue. Several keys may make one call, and events bring keys back before
// their time; a constant second is beyond that. Reads of what many keys have in
// common, such as the Service of many pods, are left out.
func backsOff() model.Property {
	return model.RetriesFall("backs-off",
		"A call that has been failing for 15 s is tried not more than 8 times in ten seconds, and one for a minute not more than 15 times a minute.",
		"docs/globalingressip/design.md §3: per key 50 ms doubling to 30 s",
		[]model.Pace{{After: 15 * time.Second, Window: 10 * time.Second, Most: 8}, {After: time.Minute, Window: time.Minute, Most: 15}},
		func(c *model.Call) bool {
			return c.Writes() || c.Verb == "get" && (c.Resource == claimResource || c.Resource == ingressIPResource)
		})
}
