package model

import "fmt"

// noFreeWhileExported walks the commit log and names the commit by which a
// subject freed or changed a published IP without cause.
//
// An IP is published from the commit that puts it in status.allocatedIP. If at
// that commit the GlobalIngressIP has a title, then for as long as it has that
// very title without a break, the subject may not
//
//   - clear or change status.allocatedIP,
//   - delete the GlobalIngressIP (the request counts, not only the removal),
//   - remove or re-parent the IP's claim.
//
// The title of a ClusterIP service's GlobalIngressIP is that the Service (of
// type ClusterIP) and the ServiceExport exist, and neither is being deleted: the
// same title means the same UIDs. That of a headless target needs the same pod
// with the same address, running and selected, or the address among the
// Endpoints, as well.
//
// Once the title is lost, for however short a time, the release is legal for
// ever: a slow controller may act on an absence that it has proven. Publishing
// without a title protects nothing, for the same reason. A write that
// keeps the IP (a condition) neither renews nor ends protection. A claim that
// lost a race and is given back before its IP is published is no matter here.
//
// Not the subject's fault: whatever the server itself removes; what follows on
// a deletion of the GlobalIngressIP by a user or, with its namespace, by the
// server; and, until the subject publishes anew, what follows on a user's change
// of the status or removal of the claim.
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
	watch := stickiness{
		cluster: newCluster(), terms: map[string]*term{}, published: map[string]*publication{},
		condemned: map[string]bool{}, standing: map[owner]map[owner]bool{},
	}
	for _, c := range h.derive().changes() {
		message := watch.judge(c)
		if message != "" {
			return violated(message, c.culprit())
		}
		watch.follow(c)
	}
	return held()
}

// stickiness follows which IPs are protected. Maps without a note are by UID of
// the GlobalIngressIP.
type stickiness struct {
	cluster   *cluster
	terms     map[string]*term
	published map[string]*publication
	condemned map[string]bool // a user, or the server with its namespace, deleted it
	// standing has, for the name of a service or a pod, the GlobalIngressIPs
	// whose title depends on an object of that name.
	standing map[owner]map[owner]bool
}

// term counts the unbroken spans in which a GlobalIngressIP had a title.
type term struct {
	count int    // of spans begun; the present one's number if there is a title
	title string // empty: none at present
}

// publication is an IP in a status, and the span in which it got there.
type publication struct {
	ip   string
	term int // 0: published without a title, or excused
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
	p, t := s.published[uid], s.terms[uid]
	return gip.ip != "" && p != nil && t != nil && t.title != "" && p.term == t.count && p.ip == gip.ip && !s.condemned[uid]
}

// follow takes note of a change that broke no law.
func (s *stickiness) follow(c change) {
	s.cluster.apply(c)
	switch {
	case c.gipNew != nil:
		s.found(c.gipNew)
		s.renew(c.gipNew)
		s.publish(c)
	case c.gipOld != nil:
	case c.claimOld != nil && !c.subject():
		if gip := s.cluster.gips[c.claimOld.owner]; gip != nil && gip.ip == c.Name {
			s.published[string(gip.GetUID())] = &publication{ip: gip.ip}
		}
	default:
		for gip := range s.standing[ownerOf(c.Namespace, c.Name)] {
			if present := s.cluster.gips[gip]; present != nil {
				s.renew(present)
			}
		}
	}
}

// found notes on which names the title of a GlobalIngressIP stands.
func (s *stickiness) found(gip *ingressIP) {
	for _, name := range []owner{gip.service(), ownerOf(gip.GetNamespace(), gip.podRef)} {
		if s.standing[name] == nil {
			s.standing[name] = map[owner]bool{}
		}
		s.standing[name][gip.owner()] = true
	}
}

// renew begins or ends the span in which a GlobalIngressIP has a title.
func (s *stickiness) renew(gip *ingressIP) {
	uid, title := string(gip.GetUID()), s.cluster.title(gip)
	t := s.terms[uid]
	if t == nil {
		t = &term{}
		s.terms[uid] = t
	}
	if title != "" && title != t.title {
		t.count++
	}
	t.title = title
}

func (s *stickiness) publish(c change) {
	uid, before := c.UID, ""
	if c.gipOld != nil {
		before = c.gipOld.ip
		if !c.subject() && terminating(c.gipNew) && !terminating(c.gipOld) {
			s.condemned[uid] = true
		}
	}
	if c.gipNew.ip == before {
		return
	}
	p := &publication{ip: c.gipNew.ip}
	edited := c.User && before != ""
	if t := s.terms[uid]; t.title != "" && !edited {
		p.term = t.count
	}
	s.published[uid] = p
}
