package model

import "fmt"

// noFreeWhileExported walks the commit log and names the commit by which a
// subject freed or changed a published IP without cause.
//
// An IP is published from the commit that puts it in status.allocatedIP. If at
// that commit the service exists, has type ClusterIP and is exported, then for
// as long as that very service and that very export (same UIDs, neither being
// deleted) are there without a break, the subject may not
//
//   - clear or change status.allocatedIP,
//   - delete the GlobalIngressIP (the request counts, not only the removal),
//   - remove or re-parent the IP's claim.
//
// Once the pair is broken, for however short a time, the release is legal for
// ever: a slow controller may act on an absence that it has proven. Publishing
// while the pair is broken protects nothing, for the same reason. A write that
// keeps the IP (a condition) neither renews nor ends protection. A claim that
// lost a race and is given back before its IP is published is no matter here.
//
// Not the subject's fault: whatever the server itself removes; what follows on
// a user's deletion of the GlobalIngressIP; and, until the subject publishes
// anew, what follows on a user's change of the status or removal of the claim.
//
// Headless targets are not judged: their service alone does not entitle them.
func noFreeWhileExported() Property {
	return Property{
		Name:     "no-free-while-exported",
		Sentence: "A published IP is not cleared, changed, un-claimed or deleted by the subject while its service exists and is exported.",
		Source:   "submariner #3336 (fixed by #3341), #4122, #4104",
		Class:    ClassSafety,
		Check:    checkNoFreeWhileExported,
	}
}

func checkNoFreeWhileExported(h *History) Result {
	watch := stickiness{cluster: newCluster(), terms: map[owner]*term{}, published: map[string]*publication{}, condemned: map[string]bool{}}
	for _, c := range h.derive().changes() {
		message := watch.judge(c)
		if message != "" {
			return violated(message, c.culprit())
		}
		watch.follow(c)
	}
	return held()
}

// stickiness follows which IPs are protected.
type stickiness struct {
	cluster   *cluster
	terms     map[owner]*term
	published map[string]*publication // by UID of the GlobalIngressIP
	condemned map[string]bool         // UIDs of GlobalIngressIPs that a user deleted
}

// term counts the unbroken spans in which a service was exported.
type term struct {
	count      int // of spans begun; the present one's number when whole
	whole      bool
	serviceUID string
	exportUID  string
}

// publication is an IP in a status, and the span in which it got there.
type publication struct {
	ip   string
	term int // 0: published while the pair was broken, or excused
}

// judge says what law the change breaks, given all that went before.
func (s *stickiness) judge(c change) string {
	if !c.subject() {
		return ""
	}
	if gip := c.gipOld; gip != nil && s.protected(gip) {
		switch {
		case c.gipNew == nil:
			return fmt.Sprintf("%s was freed: its GlobalIngressIP %s was removed while the service exists and is exported", gip.ip, gip.owner())
		case c.gipNew.ip == "":
			return fmt.Sprintf("%s was freed: the status of %s was cleared while the service exists and is exported", gip.ip, gip.owner())
		case c.gipNew.ip != gip.ip:
			return fmt.Sprintf("the IP of %s was changed from %s to %s while the service exists and is exported", gip.owner(), gip.ip, c.gipNew.ip)
		case terminating(c.gipNew) && !terminating(gip):
			return fmt.Sprintf("%s is being freed: its GlobalIngressIP %s was deleted while the service exists and is exported", gip.ip, gip.owner())
		}
	}
	if old := c.claimOld; old != nil && (c.claimNew == nil || c.claimNew.owner != old.owner) {
		gip := s.cluster.gips[old.owner]
		if gip != nil && gip.ip == c.Name && s.protected(gip) {
			return fmt.Sprintf("%s was un-claimed while %s publishes it and its service exists and is exported", c.Name, old.owner)
		}
	}
	return ""
}

func (s *stickiness) protected(gip *ingressIP) bool {
	uid := string(gip.GetUID())
	p, t := s.published[uid], s.terms[gip.service()]
	return gip.ip != "" && p != nil && t != nil && t.whole && p.term == t.count && p.ip == gip.ip && !s.condemned[uid]
}

// follow takes note of a change that broke no law.
func (s *stickiness) follow(c change) {
	s.cluster.apply(c)
	switch {
	case c.Resource == exportResource || c.Resource == serviceResource:
		s.renew(ownerOf(c.Namespace, c.Name))
	case c.gipNew != nil:
		s.publish(c)
	case c.claimOld != nil && c.User:
		if gip := s.cluster.gips[c.claimOld.owner]; gip != nil && gip.ip == c.Name {
			s.published[string(gip.GetUID())] = &publication{ip: gip.ip}
		}
	}
}

// renew begins or ends the span in which a service is exported.
func (s *stickiness) renew(service owner) {
	t := s.terms[service]
	if t == nil {
		t = &term{}
		s.terms[service] = t
	}
	if !s.cluster.exported(service) {
		t.whole = false
		return
	}
	serviceUID, exportUID := string(s.cluster.services[service].UID), string(s.cluster.exports[service].GetUID())
	if !t.whole || t.serviceUID != serviceUID || t.exportUID != exportUID {
		t.count++
		t.whole, t.serviceUID, t.exportUID = true, serviceUID, exportUID
	}
}

func (s *stickiness) publish(c change) {
	uid, before := c.UID, ""
	if c.gipOld != nil {
		before = c.gipOld.ip
		if c.User && terminating(c.gipNew) && !terminating(c.gipOld) {
			s.condemned[uid] = true
		}
	}
	if c.gipNew.ip == before {
		return
	}
	p := &publication{ip: c.gipNew.ip}
	t := s.terms[c.gipNew.service()]
	edited := c.User && before != ""
	if c.gipNew.target == targetClusterIP && t != nil && t.whole && !edited {
		p.term = t.count
	}
	s.published[uid] = p
}
