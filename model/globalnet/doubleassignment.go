package globalnet

import (
	"fmt"

	"github.com/seatrial/seatrial/model"
)

// A hold is one way in which an owner has an IP.
type hold struct {
	ip    string
	owner owner
	via   via
}

// via names the object through which an IP is held.
type via string

const (
	viaClaim   via = "claim"            // an IPAddress object bears the IP's name
	viaService via = "internal Service" // externalIPs: the data path
	viaStatus  via = "status"           // status.allocatedIP: what consumers read
)

// holds lists what the object before and after a change holds.
func (c *change) holds() (before, after []hold) {
	if c.gipOld != nil && c.gipOld.ip != "" {
		before = append(before, hold{c.gipOld.ip, c.gipOld.owner(), viaStatus})
	}
	if c.gipNew != nil && c.gipNew.ip != "" {
		after = append(after, hold{c.gipNew.ip, c.gipNew.owner(), viaStatus})
	}
	if c.claimOld != nil {
		before = append(before, hold{c.Name, c.claimOld.owner, viaClaim})
	}
	if c.claimNew != nil {
		after = append(after, hold{c.Name, c.claimNew.owner, viaClaim})
	}
	if c.serviceOld != nil {
		if who, internal := internalOwner(c.serviceOld); internal {
			for _, ip := range c.serviceOld.Spec.ExternalIPs {
				before = append(before, hold{ip, who, viaService})
			}
		}
	}
	if c.serviceNew != nil {
		if who, internal := internalOwner(c.serviceNew); internal {
			for _, ip := range c.serviceNew.Spec.ExternalIPs {
				after = append(after, hold{ip, who, viaService})
			}
		}
	}
	return before, after
}

// without returns the members of a that are not in b.
func without(a, b []hold) []hold {
	var rest []hold
	for _, h := range a {
		found := false
		for _, other := range b {
			found = found || h == other
		}
		if !found {
			rest = append(rest, h)
		}
	}
	return rest
}

// noDoubleAssignment walks the commit log and names the commit by which a
// subject gave an IP to a second owner. An IP is held through the claim, the
// internal Service and the status alike, so a claim by A while B still
// publishes the IP breaks the law too.
//
// Users are not under test. A commit by a user or by the server itself is
// never the culprit. When a user takes a hold away that is the controller's to
// give back (deletes the claim, clears the status, removes the internal
// Service, strips a finalizer), or creates the second hold, conflicts of that
// owner over that IP are excused until the owner holds it no longer. So are
// those over an IP that a user wrote into a status or an internal Service that
// the controller had written before: it may give the IP away before it has
// noticed. What was there before the controller is not excused: it is to adopt
// that.
// Deleting a GlobalIngressIP that has no finalizer is not such a case: that is
// a request which a controller must survive (catalogue: delete-down).
func noDoubleAssignment() model.Property {
	return model.Property{
		Name:     "no-double-assignment",
		Sentence: "At no revision do two owners hold one IP, be it by claim, internal Service or status.",
		Source:   "docs/globalingressip/design.md §5; catalogue: delete-down, crash-before-status, time-travel, split-brain",
		Class:    model.ClassSafety,
		Check:    checkNoDoubleAssignment,
	}
}

func checkNoDoubleAssignment(h *model.History) model.Result {
	holdings := map[string][]holding{}
	managed := map[string]bool{} // by UID: objects that a subject has written to
	for _, c := range changesOf(h) {
		managed[c.UID] = managed[c.UID] || c.Subject()
		before, after := c.holds()
		for _, gone := range without(before, after) {
			holdings[gone.ip] = release(holdings[gone.ip], gone, c.tampers())
		}
		for _, added := range without(after, before) {
			rival, conflict := rivalOf(holdings[added.ip], added.owner)
			if conflict && c.Subject() {
				message := fmt.Sprintf("%s was given to %s (%s) while %s holds it (%s)",
					added.ip, added.owner, added.via, rival.owner, rival.via)
				return model.Breach(message, c.Culprit())
			}
			forged := c.User && managed[c.UID] && added.via != viaClaim
			holdings[added.ip] = append(holdings[added.ip], holding{hold: added, excused: conflict || forged})
		}
	}
	return model.Holds()
}

// holding is one hold in force; excused: a user is to blame for what it collides with.
type holding struct {
	hold
	excused bool
}

// release removes a hold; if a user took it, what the owner has left of the IP
// is excused.
func release(holds []holding, gone hold, userEdited bool) []holding {
	var rest []holding
	for _, h := range holds {
		if h.hold == gone {
			continue
		}
		h.excused = h.excused || userEdited && h.owner == gone.owner
		rest = append(rest, h)
	}
	return rest
}

// rivalOf finds another owner's hold, unless either side is excused.
func rivalOf(holds []holding, newcomer owner) (rival hold, found bool) {
	for _, h := range holds {
		if h.owner == newcomer && h.excused {
			return hold{}, false
		}
		if h.owner != newcomer && !h.excused && !found {
			rival, found = h.hold, true
		}
	}
	return rival, found
}

// tampers tells whether a user took away what was the controller's to give back.
func (c *change) tampers() bool {
	if !c.User {
		return false
	}
	request := c.gipNew == nil && c.gipOld != nil && len(c.gipOld.GetFinalizers()) == 0
	return !request
}
