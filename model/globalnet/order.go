package globalnet

import (
	"fmt"
	"maps"
	"slices"

	"github.com/seatrial/seatrial/model"
)

// Order lists in which order our controller does what it does, where another one
// leaves no wrong state behind that would last: a crash, or a request that is late,
// makes a wrong one of it.
func Order(o Options) []model.Property {
	list := []model.Property{writtenFirst(), releasedInOrder()}
	if o.Headless {
		list = append(list, readyFirst())
	}
	return list
}

// writtenFirst: the name of an IP is on its GlobalIngressIP before it is claimed, so
// that a creation of the claim whose outcome is unknown is tried again under the same
// name, by whatever process. It does not matter what has been written there since: a
// creation may be late.
func writtenFirst() model.Property {
	return model.Property{
		Name:     "written-first",
		Sentence: "An IP is claimed only after it was written down on the GlobalIngressIP that claims it.",
		Source:   "docs/globalingressip/design.md §5: an unknown outcome never costs a second IP",
		Class:    model.ClassSafety,
		Check: func(h *model.History) model.Result {
			written := map[ownedAddress]bool{}
			for _, c := range changesOf(h) {
				if c.gipNew != nil {
					written[ownedAddress{c.gipNew.GetAnnotations()[addressNote], c.gipNew.owner()}] = true
				}
				claim := c.claimNew
				if claim == nil || c.claimOld != nil || !claim.parent || !c.Subject() || written[ownedAddress{c.Name, claim.owner}] {
					continue
				}
				return model.Breach(fmt.Sprintf("%s was claimed for %s, which had it not written down", c.Name, claim.owner), c.Culprit())
			}
			return model.Holds()
		},
	}
}

// releasedInOrder: of a GlobalIngressIP whose IP the subject has withdrawn, the claim
// goes before the finalizer. What is left behind then is found by chance only: a cache
// that does not show the claim yet shows nothing to clean up either.
//
// A change of the services, exports, pods or Endpoints of the namespace since the
// GlobalIngressIP was deleted, which is before anything is proven, is an excuse: what is
// due again keeps its claim for its next GlobalIngressIP. So is a claim that was not
// there when the IP was withdrawn.
func releasedInOrder() model.Property {
	return model.Property{
		Name:     "released-in-order",
		Sentence: "A GlobalIngressIP whose IP was withdrawn goes only after the claim to that IP.",
		Source:   "docs/globalingressip/design.md §5: status and internal Service gone → claim gone → finalizer gone",
		Class:    model.ClassSafety,
		Check: func(h *model.History) model.Result {
			claims := map[string]*claim{}
			withdrawn := map[owner]withdrawal{}
			unrest, ending := map[string]int{}, map[owner]int{} // by namespace, and since when
			for i, c := range changesOf(h) {
				if c.gipNew != nil && model.Terminating(c.gipNew) && (c.gipOld == nil || !model.Terminating(c.gipOld)) {
					ending[c.gipNew.owner()] = i
				}
				switch {
				case c.Resource == claimResource:
					put(claims, c.Name, c.claimNew, c.claimNew == nil)
				case c.gipOld == nil && c.gipNew == nil:
					if c.serviceNew != nil && !c.Subject() || c.serviceNew == nil && c.serviceOld == nil {
						forgetIn(withdrawn, c.Namespace)
						unrest[c.Namespace] = i
					}
				case c.gipOld == nil:
					delete(withdrawn, c.gipNew.owner())
				case c.gipNew == nil:
					w, known := withdrawn[c.gipOld.owner()]
					delete(withdrawn, c.gipOld.owner())
					if left := claims[w.ip]; known && c.Subject() && left != nil && string(left.GetUID()) == w.claim {
						return model.Breach(fmt.Sprintf("%s went while %s, which was withdrawn, is claimed for it", c.gipOld.owner(), w.ip), c.Culprit())
					}
				case c.Subject() && c.gipOld.ip != "" && c.gipNew.ip == "" && model.Terminating(c.gipNew):
					if held := claims[c.gipOld.ip]; held != nil && held.owner == c.gipNew.owner() && unrest[c.Namespace] <= ending[held.owner] {
						withdrawn[held.owner] = withdrawal{c.gipOld.ip, string(held.GetUID())}
					}
				}
			}
			return model.Holds()
		},
	}
}

// withdrawal is an IP that is not published any more, and the UID of the claim to it.
type withdrawal struct{ ip, claim string }

func forgetIn(withdrawn map[owner]withdrawal, namespace string) {
	for _, key := range slices.Sorted(maps.Keys(withdrawn)) {
		if within(key, owner(namespace+"/")) {
			delete(withdrawn, key)
		}
	}
}

// readyFirst: who is behind a headless service gets a GlobalIngressIP when it was ready
// once, under that name and in whatever life: caches show the past. Where the service
// ever published those that are not ready, everybody may have one.
func readyFirst() model.Property {
	return model.Property{
		Name:     "ready-first",
		Sentence: "Nothing behind a headless service gets a GlobalIngressIP before it was ever ready, unless the service publishes what is not.",
		Source:   "docs/globalingressip/design.md §5: readiness decides about the creation",
		Class:    model.ClassSafety,
		Check: func(h *model.History) model.Result {
			wereReady, publishes := map[string]bool{}, map[owner]bool{}
			for _, c := range changesOf(h) {
				switch {
				case c.podNew != nil && ready(c.podNew):
					wereReady["pod "+string(ownerOf(c.Namespace, c.Name))] = true
				case c.serviceNew != nil && c.serviceNew.Spec.PublishNotReadyAddresses:
					publishes[ownerOf(c.Namespace, c.Name)] = true
				}
				for _, address := range c.ready {
					wereReady["endpoint "+string(ownerOf(c.Namespace, c.Name))+" "+address] = true
				}
				gip := c.gipNew
				if gip == nil || c.gipOld != nil || !c.Subject() || publishes[gip.service()] {
					continue
				}
				who := "pod " + string(ownerOf(c.Namespace, gip.podRef))
				if gip.target == targetEndpoints {
					who = "endpoint " + string(gip.service()) + " " + gip.address()
				}
				if gip.target != targetClusterIP && !wereReady[who] {
					return model.Breach(fmt.Sprintf("%s was made for %s, which never was ready", gip.owner(), who), c.Culprit())
				}
			}
			return model.Holds()
		},
	}
}
