package globalnet

import (
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatrial/seatrial/model"
)

// promptness is how long something that a controller has to do may be undone while
// nothing stands in its way and it has nothing else to do. What takes longer was
// not waiting for its turn: nobody had told the controller, or it waits for the
// next of its rare retries (30 s). Work in a calm world takes milliseconds.
const promptness = 10 * time.Second

// Promptness lists what a subject does soon when nothing stands in its way. The
// properties need to know when something does: a history without disturbances
// leaves them undecided.
func Promptness(o Options) []model.Property {
	list := []model.Property{servedSoon(o), publishedRouted(o)}
	if o.Headless {
		list = append(list, rulesFollow())
	}
	return list
}

// servedSoon follows every exported service through the commit log: whether it is
// served in the sense of converges, or lacks something, be it that it was just
// exported or that its ports, pods or Endpoints have changed. It may lack
// something for as long as it takes, but not through 10 s in which nothing stood
// in the way and no process under test had a call under way.
//
// Who waits for an IP because none is free lacks nothing, nor who is to move there; who still waits 10 s
// after one became free does. An IP is free if nobody has claimed it, publishes it
// or carries it. Pools that change do so with a start: what comes before
// [Options.Since] is not judged.
//
// Nor is the lack of a service counted while one of its objects is being deleted
// and somebody else's finalizer keeps it, or while the GlobalIngressIP of its name
// leads elsewhere.
func servedSoon(o Options) model.Property {
	return model.Property{
		Name:     "served-soon",
		Sentence: "While nothing stands in the way, an exported service is served, and follows a change of its ports, pods and Endpoints, within 10 s; who waits for an IP gets one within 10 s of its being free.",
		Source:   "docs/globalingressip/design.md §3 and §5: waiting GlobalIngressIPs are retried promptly; submariner #1734, #1738",
		Class:    model.ClassLiveness,
		Check: func(h *model.History) model.Result {
			if len(h.Disturbances) == 0 {
				return model.Undecide("it was not recorded when something stood in the way")
			}
			s := &demand{delays: newDelays(h, o.Since), cluster: newCluster(), options: o, used: map[string]int{}, waiting: map[owner]bool{}}
			return s.follow(changesOf(h))
		},
	}
}

// delays are what is undone at the moment, by what it is about.
type delays struct {
	history *model.History
	open    map[string]delay
	from    time.Duration // what was undone before counts as undone since then
}

type delay struct {
	complaint string
	since     time.Duration
}

func newDelays(h *model.History, from time.Duration) *delays {
	return &delays{history: h, open: map[string]delay{}, from: from}
}

// note says how it stands with something from now on; an empty complaint: well. It
// returns what was undone for too long until now. Every note about something is
// progress: the time counts anew.
func (d *delays) note(about, complaint string, now time.Duration) (model.Result, bool) {
	before, known := d.open[about]
	delete(d.open, about)
	if complaint != "" {
		d.open[about] = delay{complaint, max(now, d.from)}
	}
	if !known {
		return model.Result{}, false
	}
	return before.tooLong(d.history, now)
}

// rest judges what is undone when the run is over.
func (d *delays) rest() model.Result {
	for _, about := range slices.Sorted(maps.Keys(d.open)) {
		if result, found := d.open[about].tooLong(d.history, d.history.Ended); found {
			return result
		}
	}
	return model.Holds()
}

func (d delay) tooLong(h *model.History, now time.Duration) (model.Result, bool) {
	if now-d.since < promptness {
		return model.Result{}, false
	}
	calm := h.LongestIdle(d.since, now)
	if calm.Until-calm.From < promptness {
		return model.Result{}, false
	}
	message := fmt.Sprintf("%s, from %s on for %s, though nothing stood in the way from %s to %s",
		d.complaint, d.since, now-d.since, calm.From, calm.Until)
	return model.Breach(message, model.Culprit{At: calm.From + promptness, Text: message}), true
}

// demand follows who is served.
type demand struct {
	*delays
	cluster *cluster
	options Options
	// used counts the holds on each usable IP; waiting are those that wait for one.
	used    map[string]int
	waiting map[owner]bool
}

func (s *demand) follow(all changes) model.Result {
	for _, c := range all {
		concerned := s.concerned(&c)
		s.cluster.apply(c)
		if s.count(&c) {
			concerned = append(concerned, slices.Sorted(maps.Keys(s.waiting))...)
		}
		slices.Sort(concerned)
		for _, service := range slices.Compact(concerned) {
			if result, found := s.note(string(service), s.lack(service), c.At); found {
				return result
			}
		}
	}
	return s.rest()
}

// count keeps account of free IPs, and tells whether there are others than before.
func (s *demand) count(c *change) bool {
	before, after := c.holds()
	free := s.free()
	for _, gone := range without(before, after) {
		if s.used[gone.ip]--; s.used[gone.ip] <= 0 {
			delete(s.used, gone.ip)
		}
	}
	for _, added := range without(after, before) {
		if s.options.usable(added.ip) {
			s.used[added.ip]++
		}
	}
	return (free > 0) != (s.free() > 0)
}

func (s *demand) free() int { return s.options.size() - len(s.used) }

// concerned are the services that a change may matter to, before or after it.
func (s *demand) concerned(c *change) []owner {
	own := ownerOf(c.Namespace, c.Name)
	switch {
	case c.Resource == podResource:
		return s.headlessIn(c.Namespace)
	case c.claimOld != nil || c.claimNew != nil:
		return s.claimants(c)
	case c.gipOld != nil || c.gipNew != nil:
		list := []owner{own}
		for _, gip := range []*ingressIP{c.gipOld, c.gipNew} {
			if gip == nil {
				continue
			}
			list = append(list, gip.service())
			// Who publishes the same IP is served again when this one no longer does.
			for _, other := range slices.Sorted(maps.Keys(s.cluster.publishers[gip.ip])) {
				list = append(list, s.cluster.gips[other].service())
			}
		}
		return list
	case c.Resource == endpointsResource || c.Resource == serviceResource:
		list := []owner{own}
		if service := s.cluster.services[own]; service != nil {
			if of, internal := internalOwner(service); internal {
				list = append(list, of)
			}
		}
		if c.serviceNew != nil {
			if of, internal := internalOwner(c.serviceNew); internal {
				list = append(list, of)
			}
		}
		return list
	}
	return []owner{own}
}

func (s *demand) headlessIn(namespace string) []owner {
	var list []owner
	for key := range s.cluster.exports {
		if service := s.cluster.services[key]; service != nil && service.Namespace == namespace && headless(service) {
			list = append(list, key)
		}
	}
	return list
}

func (s *demand) claimants(c *change) []owner {
	var list []owner
	for _, claim := range []*claim{c.claimOld, c.claimNew} {
		if claim == nil {
			continue
		}
		list = append(list, claim.owner)
		if gip := s.cluster.gips[claim.owner]; gip != nil {
			list = append(list, gip.service())
		}
	}
	return list
}

// lack says what an exported service lacks at the moment and ought not to; empty:
// nothing, or it is not exported.
func (s *demand) lack(service owner) string {
	delete(s.waiting, service)
	if s.cluster.kept(service) {
		return ""
	}
	for _, t := range s.cluster.targetsOf(service, &s.options) {
		problem := s.cluster.unserved(t, &s.options)
		if problem == "" {
			continue
		}
		gip, _ := s.cluster.ingressIPFor(t)
		if gip == nil || gip.ip == "" || s.options.outside(gip.ip) {
			s.waiting[service] = true
			if s.free() <= 0 {
				continue
			}
		}
		return problem
	}
	return ""
}

// kept tells whether a service cannot be served as things are: an object of its is
// on its way out and somebody else's finalizer keeps it, or the GlobalIngressIP of
// its name is none that the subject looks after.
func (c *cluster) kept(service owner) bool {
	if gip := c.gips[service]; gip != nil && (keptByOthers(gip) || gip.target != targetClusterIP || !gip.made()) {
		return true
	}
	return slices.ContainsFunc(c.internalServices(service), func(s *corev1.Service) bool { return keptByOthers(s) })
}

// keptByOthers tells whether an object that was deleted waits for a finalizer that
// is none of a global IP controller's.
func keptByOthers(object metav1.Object) bool {
	return model.Terminating(object) && len(object.GetFinalizers()) > len(ourFinalizers(object))
}

// publishedRouted is about order: an address is published when it leads somewhere.
// Where something stood in the way in the 45 s before, a cache may have shown a
// route that was gone; and within 10 s after a user took a route away, the subject
// may not know it. Nor does an IP have to lead to a pod that its service does not select
// any more, say, when it is published.
func publishedRouted(o Options) model.Property {
	return model.Property{
		Name:     "published-routed",
		Sentence: "While nothing stands in the way, an IP is published only after the internal Service carries it, or a rule leads from it.",
		Source:   "docs/globalingressip/design.md §5: claim → internal Service → status, claim → rule → status",
		Class:    model.ClassSafety,
		Check: func(h *model.History) model.Result {
			if len(h.Disturbances) == 0 {
				return model.Undecide("it was not recorded when something stood in the way")
			}
			return checkPublishedRouted(h, &o)
		},
	}
}

func checkPublishedRouted(h *model.History, o *Options) model.Result {
	book, rules, cluster := newRuleBook(), h.HostChanges, newCluster()
	taken := map[owner]time.Duration{} // when a user last changed an internal Service, by whom it serves
	for _, c := range changesOf(h) {
		for len(rules) > 0 && rules[0].Seq < c.Seq {
			book.hostChange(&rules[0])
			rules = rules[1:]
		}
		cluster.apply(c)
		for _, service := range []*corev1.Service{c.serviceOld, c.serviceNew} {
			if service == nil || c.Subject() {
				continue
			}
			if of, internal := internalOwner(service); internal {
				taken[of] = c.At
			}
		}
		gip := c.gipNew
		if gip == nil || gip.ip == "" || !c.Subject() || c.gipOld != nil && c.gipOld.ip == gip.ip || !h.Undisturbed(c.At) {
			continue
		}
		touched, ever := taken[gip.owner()]
		switch {
		case gip.target == targetClusterIP && (!ever || c.At-touched > promptness) && !cluster.routed(gip):
			return model.Breach(fmt.Sprintf("%s was published by %s before its internal Service carries it", gip.ip, gip.owner()), c.Culprit())
		case o.Headless && gip.target != targetClusterIP && len(h.HostChanges) > 0 && cluster.owed(gip, o) && !book.leads(gip.ip):
			return model.Breach(fmt.Sprintf("%s was published by %s before a rule leads from it", gip.ip, gip.owner()), c.Culprit())
		}
	}
	return model.Holds()
}

func (c *cluster) routed(gip *ingressIP) bool {
	return slices.ContainsFunc(c.internalServices(gip.owner()), func(s *corev1.Service) bool {
		return slices.Contains(s.Spec.ExternalIPs, gip.ip)
	})
}

// owed tells whether a headless target has to be reached as things are.
func (c *cluster) owed(gip *ingressIP, o *Options) bool {
	return slices.ContainsFunc(c.targetsOf(gip.service(), o), gip.leadsTo)
}
