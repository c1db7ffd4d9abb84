package globalnet

import (
	"fmt"
	"slices"

	"github.com/seatrial/seatrial/model"
)

// noFreeWhileExported walks the commit log and names the commit by which a
// subject freed or changed a published IP without cause.
//
// The title of a ClusterIP service's GlobalIngressIP is that the Service (of
// type ClusterIP) and the ServiceExport exist, and neither is being deleted: the
// same title means the same UIDs. That of a headless target needs the same pod
// with the same address, running and selected, or the address among the
// Endpoints, as well.
//
// An IP is published from the commit that puts it in status.allocatedIP. As long
// as the title has been there without a break since before the creation of the
// GlobalIngressIP was asked for, the subject may not
//
//   - clear or change status.allocatedIP,
//   - delete the GlobalIngressIP (the request counts, not only the removal),
//   - remove or re-parent the IP's claim.
//
// Why since before its creation: a controller may bind a GlobalIngressIP to the
// UIDs for which it made it. If the service is re-created while the controller
// is on its way from there to the publication, it publishes an IP for a service
// of the past, finds that out, and takes it back; slow, not wrong. If it bears the
// UID of another Service in its annotation, it has no title. For the same
// reason a title once lost, for however short a time, makes the release legal
// for ever: an absence that was proven may be acted on late. A write that keeps
// the IP (a condition) neither renews nor ends protection. A claim that lost a
// race and is given back before its IP is published is no matter here.
//
// Not the subject's fault: whatever the server itself removes; what follows on
// a deletion of the GlobalIngressIP by a user or, with its namespace, by the
// server; and, until the subject publishes anew, what follows on a user's change
// of the status or removal of the claim. What a user writes into the status of a
// GlobalIngressIP that the subject created or changed is no publication, nor in one
// that a user put in its place, as from a backup; in one of a name that the subject
// never had its hands on, as Submariner leaves them, it is, unless it is of no CIDR and no
// internal Service carries it.
//
// With [Options.MoveOutside] an IP that is of none of the CIDRs any more may be changed
// for one that is.
//
// Of a subject that promises claims more is asked (docs/globalingressip/design.md §5): a change of
// the type, as long as the service does not become headless, takes no title away; and
// when a user deletes the GlobalIngressIP of a ClusterIP service under its standing
// title, the IP is kept for the next one: its claim stays, and that IP is what the
// subject publishes next. What excuses it from that is another user's hand in it: on
// the claim, or on the next GlobalIngressIP; and an IP that is none of the CIDRs'.
func noFreeWhileExported(o Options) model.Property {
	return model.Property{
		Name:     "no-free-while-exported",
		Sentence: "A published IP is not cleared, changed, un-claimed or deleted by the subject while its service exists and is exported.",
		Source:   "submariner #3336 (fixed by #3341), #4122, #4104",
		Class:    model.ClassSafety,
		Check:    func(h *model.History) model.Result { return checkNoFreeWhileExported(h, &o) },
	}
}

func checkNoFreeWhileExported(h *model.History, o *Options) model.Result {
	watch := stickiness{
		history: h, options: o, cluster: newCluster(), promised: map[owner]promise{}, titles: map[string]string{}, published: map[string]string{},
		touched: map[owner]bool{}, excused: map[string]bool{}, dependents: map[owner]map[owner]bool{}, upset: map[owner]uint64{},
	}
	watch.cluster.everyType = o.Claims
	for _, c := range changesOf(h) {
		message := watch.judge(c)
		if message != "" {
			return model.Breach(message, c.Culprit())
		}
		watch.follow(c)
	}
	return model.Holds()
}

// stickiness follows which IPs are protected. Maps without a note are by UID of
// the GlobalIngressIP.
type stickiness struct {
	history *model.History
	options *Options
	cluster *cluster
	// promised are the IPs that are kept for the next GlobalIngressIP of a name.
	promised map[owner]promise
	// titles are those with which GlobalIngressIPs were created; an entry is
	// emptied when the title is lost, and never filled again.
	titles    map[string]string
	published map[string]string // IPs that are protected if there is a title
	touched   map[owner]bool    // a subject created or changed it, or one of its name before
	excused   map[string]bool   // a user, or the server with its namespace, deleted it
	// dependents has, for the name of a service or a pod, the GlobalIngressIPs
	// whose title depends on an object of that name; upset has the last event
	// by which such an object came, went or changed.
	dependents map[owner]map[owner]bool
	upset      map[owner]uint64
}

// promise is what a user's deletion of a GlobalIngressIP does not take away: its IP
// and the title to it.
type promise struct {
	ip, title string
	gip       *ingressIP
}

// judge says what law the change breaks, given all that went before.
func (s *stickiness) judge(c change) string {
	if !c.Subject() {
		return ""
	}
	if gip := c.gipOld; gip != nil && s.protected(gip) {
		switch {
		case c.gipNew == nil:
			return fmt.Sprintf("%s was freed: its GlobalIngressIP %s was removed while the service exists and is exported", gip.ip, gip.owner())
		case c.gipNew.ip == "":
			return fmt.Sprintf("%s was freed: the status of %s was cleared while the service exists and is exported", gip.ip, gip.owner())
		case c.gipNew.ip != gip.ip && s.options.moved(gip.ip, c.gipNew.ip):
		case c.gipNew.ip != gip.ip:
			return fmt.Sprintf("the IP of %s was changed from %s to %s while the service exists and is exported", gip.owner(), gip.ip, c.gipNew.ip)
		case model.Terminating(c.gipNew) && !model.Terminating(gip):
			return fmt.Sprintf("%s is being freed: its GlobalIngressIP %s was deleted while the service exists and is exported", gip.ip, gip.owner())
		}
	}
	if gip := c.gipNew; gip != nil && gip.ip != "" && (c.gipOld == nil || c.gipOld.ip != gip.ip) {
		if kept, ok := s.promised[gip.owner()]; ok && kept.ip != gip.ip {
			return fmt.Sprintf("the IP of %s was changed from %s to %s after a user had deleted its GlobalIngressIP, while the service exists and is exported", gip.owner(), kept.ip, gip.ip)
		}
	}
	if old := c.claimOld; old != nil && (c.claimNew == nil || c.claimNew.owner != old.owner) {
		if kept, ok := s.promised[old.owner]; ok && kept.ip == c.Name {
			return fmt.Sprintf("%s was un-claimed after a user had deleted the GlobalIngressIP %s, while the service exists and is exported", c.Name, old.owner)
		}
		gip := s.cluster.gips[old.owner]
		if gip != nil && gip.ip == c.Name && s.protected(gip) {
			return fmt.Sprintf("%s was un-claimed while %s publishes it and its service exists and is exported", c.Name, old.owner)
		}
	}
	return ""
}

func (s *stickiness) protected(gip *ingressIP) bool {
	uid := string(gip.GetUID())
	return gip.ip != "" && s.published[uid] == gip.ip && s.titles[uid] != "" && !s.excused[uid]
}

// follow takes note of a change that broke no law.
func (s *stickiness) follow(c change) {
	s.keep(c)
	s.cluster.apply(c)
	switch {
	case c.gipNew != nil:
		if c.gipOld == nil {
			s.born(c)
		}
		s.publish(c)
		s.touched[c.gipNew.owner()] = s.touched[c.gipNew.owner()] || c.Subject()
	case c.gipOld != nil:
	case c.claimOld != nil || c.claimNew != nil:
		if c.claimOld != nil && !c.Subject() {
			s.unclaimed(c)
		}
	default:
		s.upsets(c)
	}
}

// keep takes note of what is promised and what ends a promise.
func (s *stickiness) keep(c change) {
	key := ownerOf(c.Namespace, c.Name)
	switch {
	case c.claimOld != nil && c.claimNew == nil && !c.Subject():
		delete(s.promised, c.claimOld.owner)
	case c.gipOld == nil && c.gipNew == nil:
	case c.Subject():
		if c.gipNew != nil && c.gipNew.ip == s.promised[key].ip {
			delete(s.promised, key) // kept
		}
	case c.gipOld == nil, c.gipNew != nil && !(model.Terminating(c.gipNew) && !model.Terminating(c.gipOld)):
		delete(s.promised, key)
	case c.User && s.options.Claims && s.options.usable(c.gipOld.ip) && s.protected(c.gipOld) && c.gipOld.target == targetClusterIP:
		if claim := s.cluster.claims[c.gipOld.ip]; claim != nil && claim.owner == key {
			s.promised[key] = promise{c.gipOld.ip, s.titles[c.UID], c.gipOld}
		}
	}
}

// born notes the title with which a GlobalIngressIP was created, and on which
// names it stands.
func (s *stickiness) born(c change) {
	gip, asked := c.gipNew, c.Seq
	if call := s.history.Call(c.CallID); call != nil {
		asked = call.CallSeq
	}
	title := s.cluster.title(gip)
	if !gip.madeFor(s.cluster.services[gip.service()]) {
		title = ""
	}
	for _, name := range []owner{gip.service(), ownerOf(gip.GetNamespace(), gip.podRef)} {
		if s.upset[name] > asked {
			title = ""
		}
		if s.dependents[name] == nil {
			s.dependents[name] = map[owner]bool{}
		}
		s.dependents[name][gip.owner()] = true
	}
	s.titles[c.UID] = title
}

// upsets looks whether anybody lost a title by a change to a service, an
// export, a pod or Endpoints.
func (s *stickiness) upsets(c change) {
	name := ownerOf(c.Namespace, c.Name)
	if c.serviceOld == nil || c.serviceNew == nil || s.cluster.entitles(c.serviceOld) != s.cluster.entitles(c.serviceNew) {
		s.upset[name] = c.Seq
	}
	for key := range s.dependents[name] {
		if kept, ok := s.promised[key]; ok && s.cluster.title(kept.gip) != kept.title {
			delete(s.promised, key)
		}
		gip := s.cluster.gips[key]
		if gip == nil {
			continue
		}
		if uid := string(gip.GetUID()); s.titles[uid] != s.cluster.title(gip) {
			s.titles[uid] = ""
		}
	}
}

func (s *stickiness) publish(c change) {
	before := ""
	if c.gipOld != nil {
		before = c.gipOld.ip
		if !c.Subject() && model.Terminating(c.gipNew) && !model.Terminating(c.gipOld) {
			s.excused[c.UID] = true
		}
	}
	if c.gipNew.ip == before {
		return
	}
	s.published[c.UID] = c.gipNew.ip
	if c.User && (before != "" || s.touched[c.gipNew.owner()] || s.forged(c.gipNew)) {
		s.published[c.UID] = ""
	}
}

// forged: the IP that a user wrote is of no CIDR, and no internal Service carries it, as
// one does before Submariner publishes anything.
func (s *stickiness) forged(gip *ingressIP) bool {
	if gip.target != targetClusterIP || s.options.everUsable(gip.ip) {
		return false
	}
	for _, internal := range s.cluster.internalServices(gip.service()) {
		if slices.Contains(internal.Spec.ExternalIPs, gip.ip) {
			return false
		}
	}
	return true
}

// unclaimed ends the protection of an IP whose claim somebody else took.
func (s *stickiness) unclaimed(c change) {
	if gip := s.cluster.gips[c.claimOld.owner]; gip != nil && gip.ip == c.Name {
		s.published[string(gip.GetUID())] = ""
	}
}
