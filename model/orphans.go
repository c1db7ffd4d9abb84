package model

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Remains lists the properties of what may not be left behind: orphans and
// finalizers when the world has come to rest, times that are not the run's. They
// hold for any controller, but not in a world whose users put finalizers on
// objects and leave them there.
func Remains() []Property { return []Property{noOrphans(), finalizersRemoved(), noWallClock()} }

// noOrphans judges the end state: an object with owner references has an owner
// that exists, by uid. The simulated cluster has a garbage collector, so an
// orphan that stays is one that the collector may not remove: a finalizer that
// nobody takes away any more, or an owner that never was.
func noOrphans() Property {
	return Property{
		Name:     "no-orphans",
		Sentence: "After the weather has cleared, no object is left all of whose owners are gone.",
		Source:   "Kubernetes documentation: garbage collection, owners and dependents",
		Class:    ClassLiveness,
		Check: func(h *History) Result {
			if h.Ended-h.Cleared < quietFor {
				return Undecide(fmt.Sprintf("the liveness phase lasted %s, less than %s", h.Ended-h.Cleared, quietFor))
			}
			if result := checkOrphans(h.End().all()); result.Status != Held {
				return result
			}
			return tested(slices.ContainsFunc(h.Commits, func(c Commit) bool {
				return c.New != nil && len(Metadata(c.New).GetOwnerReferences()) > 0
			}))
		},
	}
}

func checkOrphans(all []stored) Result {
	alive := map[string]bool{}
	for _, o := range all {
		alive[string(Metadata(o.object).GetUID())] = true
	}
	for _, o := range all {
		owners := Metadata(o.object).GetOwnerReferences()
		if len(owners) == 0 {
			continue
		}
		var names []string
		for _, owner := range owners {
			if alive[string(owner.UID)] {
				names = nil
				break
			}
			names = append(names, fmt.Sprintf("%s %s (uid %s)", owner.Kind, owner.Name, owner.UID))
		}
		if names != nil {
			culprit := o.commit.Culprit()
			return Breach(fmt.Sprintf("%s is still there%s, and its owner is not: %s", o.id, heldBy(o), strings.Join(names, ", ")), culprit)
		}
	}
	return Holds()
}

func heldBy(o stored) string {
	if finalizers := Metadata(o.object).GetFinalizers(); len(finalizers) > 0 {
		return fmt.Sprintf(" (finalizers %s)", strings.Join(finalizers, ", "))
	}
	return ""
}

// waitsForOthers are the finalizers by which an object waits for what depends on
// it; what holds those up is reported instead, if there is anything.
var waitsForOthers = []string{"foregroundDeletion", "orphan"}

// finalizersRemoved judges the end state: an object whose deletion was asked for
// 30 s before the end or earlier is gone.
func finalizersRemoved() Property {
	return Property{
		Name:     "finalizers-removed",
		Sentence: "After the weather has cleared, nothing that was deleted is still held by a finalizer.",
		Source:   "Kubernetes documentation: finalizers; a controller that adds one has to remove it",
		Class:    ClassLiveness,
		Check: func(h *History) Result {
			if h.Ended-h.Cleared < quietFor {
				return Undecide(fmt.Sprintf("the liveness phase lasted %s, less than %s", h.Ended-h.Cleared, quietFor))
			}
			if result := checkFinalizers(h); result.Status != Held {
				return result
			}
			return tested(slices.ContainsFunc(h.Commits, func(c Commit) bool {
				return c.New != nil && Terminating(Metadata(c.New)) && len(Metadata(c.New).GetFinalizers()) > 0
			}))
		},
	}
}

func checkFinalizers(h *History) Result {
	result := Holds()
	for _, o := range h.End().all() {
		object := Metadata(o.object)
		if !Terminating(object) || h.markedAt(o) > h.Ended-quietFor || len(object.GetFinalizers()) == 0 {
			continue
		}
		found := Breach(fmt.Sprintf("%s was deleted and is still held by %s", o.id, strings.Join(object.GetFinalizers(), ", ")), o.commit.Culprit())
		waits := !slices.ContainsFunc(object.GetFinalizers(), func(f string) bool { return !slices.Contains(waitsForOthers, f) })
		if !waits {
			return found
		}
		if result.Status == Held {
			result = found
		}
	}
	return result
}

// markedAt is when an object's deletion was asked for.
func (h *History) markedAt(o stored) time.Duration {
	uid := string(Metadata(o.object).GetUID())
	for i := range h.Commits {
		if c := &h.Commits[i]; c.UID == uid && c.New != nil && Terminating(Metadata(c.New)) {
			return c.At
		}
	}
	return 0
}
