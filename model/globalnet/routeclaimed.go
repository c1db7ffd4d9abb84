package globalnet

import (
	"fmt"

	"github.com/seatrial/seatrial/model"
)

// routeClaimed walks the commit log and names the commit by which a subject put an
// IP to use that it had not claimed, or gave a claim back that was still in use. In
// use means: the internal Service carries it, or the status shows it. It does not
// take a second owner to break this law, so it sees what no-double-assignment sees
// only when somebody else happens to get the IP.
//
// It is asked of subjects that promise claims. Excused is:
//
//   - what users put to use, as long as it stands; and
//   - what an owner uses after somebody else than the subject took its claim away,
//     until it has claimed that IP again. A cache may show for long what is gone.
//
// Not excused: use by one owner of an IP that a user took from another, and what was
// there before the subject, such as Submariner's objects, once the subject has
// claimed it.
func routeClaimed(o Options) model.Property {
	return model.Property{
		Name:     "route-claimed",
		Sentence: "At no revision does a subject's internal Service carry, or its status show, an IP that its GlobalIngressIP has not claimed.",
		Source:   "docs/globalingressip/design.md §5: before an IP is used anywhere it is claimed; status and internal Service gone → claim gone",
		Class:    model.ClassSafety,
		Check: func(h *model.History) model.Result {
			if !o.Claims {
				return model.Holds()
			}
			return checkRouteClaimed(h)
		},
	}
}

// use is what routeClaimed knows of one history so far.
type use struct {
	claims map[string]owner
	byUser map[hold]bool         // what is in use; true: excused
	taken  map[ownedAddress]bool // claims that somebody else took away
}

type ownedAddress struct {
	ip    string
	owner owner
}

func checkRouteClaimed(h *model.History) model.Result {
	u := use{claims: map[string]owner{}, byUser: map[hold]bool{}, taken: map[ownedAddress]bool{}}
	for _, c := range changesOf(h) {
		before, after := c.holds()
		for _, gone := range without(before, after) {
			if message := u.end(&c, gone); message != "" {
				return model.Breach(message, c.Culprit())
			}
		}
		for _, added := range without(after, before) {
			if message := u.begin(&c, added); message != "" {
				return model.Breach(message, c.Culprit())
			}
		}
	}
	return model.Holds()
}

func (u *use) end(c *change, gone hold) string {
	if gone.via != viaClaim {
		delete(u.byUser, gone)
		return ""
	}
	delete(u.claims, gone.ip)
	if !c.Subject() {
		u.taken[ownedAddress{gone.ip, gone.owner}] = true
		return ""
	}
	for _, via := range []via{viaService, viaStatus} {
		if excused, inUse := u.byUser[hold{gone.ip, gone.owner, via}]; inUse && !excused {
			return fmt.Sprintf("the claim of %s to %s was given back while it is in use (%s)", gone.owner, gone.ip, via)
		}
	}
	return ""
}

func (u *use) begin(c *change, added hold) string {
	key := ownedAddress{added.ip, added.owner}
	if added.via == viaClaim {
		u.claims[added.ip] = added.owner
		delete(u.taken, key)
		return ""
	}
	excused := !c.Subject() || u.taken[key]
	u.byUser[added] = excused
	if holder := u.claims[added.ip]; !excused && holder != added.owner {
		if holder == "" {
			holder = "nobody"
		}
		return fmt.Sprintf("%s was put to use by %s (%s) while %s has claimed it", added.ip, added.owner, added.via, holder)
	}
	return ""
}
