package apiserver

import (
	"slices"
	"sort"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
)

// garbageCollector is the part of kube-controller-manager that deletes
// dependents whose owners are gone, and lets owners go that wait for their
// dependents.
type garbageCollector struct {
	server *Server
	// dependents are the keys of the objects that name a uid as owner.
	dependents map[types.UID]map[reference]bool
	// owners is where each live uid is.
	owners  map[types.UID]reference
	pending map[reference]func() // planned, with what cancels it
}

func newGarbageCollector(s *Server) *garbageCollector {
	g := &garbageCollector{server: s, dependents: map[types.UID]map[reference]bool{}, owners: map[types.UID]reference{}, pending: map[reference]func(){}}
	for _, res := range s.sorted {
		for _, k := range res.keys {
			g.owners[res.objects[k].meta.GetUID()] = reference{gr: res.gr, key: k}
		}
	}
	return g
}

func (g *garbageCollector) observe(res *resource, e *event) {
	ref := reference{gr: res.gr, key: e.key}
	if e.old != nil {
		for _, o := range e.old.meta.GetOwnerReferences() {
			delete(g.dependents[o.UID], ref)
			// An owner that waits for this dependent may go on, once the
			// collector has heard of it.
			if owner, ok := g.owners[o.UID]; ok {
				if o := g.object(owner); o != nil && waiting(o) != "" {
					if cancel := g.pending[owner]; cancel != nil && e.deleted {
						cancel()
						delete(g.pending, owner)
					}
					g.enqueue(owner)
				}
			}
		}
	}
	uid := e.current.meta.GetUID()
	if e.deleted {
		delete(g.owners, uid)
		for _, d := range g.sortedDependents(uid) {
			g.enqueue(d)
		}
		return
	}
	g.owners[uid] = ref
	for _, o := range e.current.meta.GetOwnerReferences() {
		if g.dependents[o.UID] == nil {
			g.dependents[o.UID] = map[reference]bool{}
		}
		g.dependents[o.UID][ref] = true
	}
	if len(e.current.meta.GetOwnerReferences()) > 0 {
		g.enqueue(ref)
	}
	g.enqueueWaiting(ref)
	if waiting(e.current) == metav1.FinalizerDeleteDependents && (e.old == nil || waiting(e.old) == "") {
		// The owner is looked at first and found to have dependents: it goes
		// only when they are seen to be gone.
		for _, d := range g.sortedDependents(uid) {
			g.enqueue(d)
		}
	}
}

func (g *garbageCollector) sortedDependents(uid types.UID) []reference {
	out := make([]reference, 0, len(g.dependents[uid]))
	for ref := range g.dependents[uid] {
		out = append(out, ref)
	}
	sort.Slice(out, func(i, j int) bool {
		if a, b := out[i].gr.String(), out[j].gr.String(); a != b {
			return a < b
		}
		return out[i].key < out[j].key
	})
	return out
}

// enqueueWaiting looks at an owner again if it waits for its dependents.
func (g *garbageCollector) enqueueWaiting(ref reference) {
	if o := g.object(ref); o != nil && waiting(o) != "" {
		g.enqueue(ref)
	}
}

// waitsFor is the finalizer by which an object waits for the collector.
func waitsFor(o *object) string {
	for _, f := range o.meta.GetFinalizers() {
		if f == metav1.FinalizerOrphanDependents || f == metav1.FinalizerDeleteDependents {
			return f
		}
	}
	return ""
}

// waiting is the same of an object that is being deleted, else "".
func waiting(o *object) string {
	if o.meta.GetDeletionTimestamp() == nil {
		return ""
	}
	return waitsFor(o)
}

func (g *garbageCollector) object(ref reference) *object { return g.server.at(ref) }

func (g *garbageCollector) enqueue(ref reference) { g.enqueueIn(ref, g.server.config.ControllerLag) }

func (g *garbageCollector) enqueueIn(ref reference, lag time.Duration) {
	if g.pending[ref] != nil {
		return
	}
	g.pending[ref] = g.server.config.Clock.AfterFunc(lag, func() {
		delete(g.pending, ref)
		if o := g.object(ref); o != nil {
			g.process(ref, o)
		}
	})
}

func (g *garbageCollector) process(ref reference, o *object) {
	if o.meta.GetDeletionTimestamp() != nil {
		switch waitsFor(o) {
		case metav1.FinalizerOrphanDependents:
			g.orphan(ref, o)
		case metav1.FinalizerDeleteDependents:
			g.deleteDependents(ref, o)
		}
		return
	}
	g.collect(ref, o)
}

// owned sorts the owner references of an object by what became of the owner.
type owned struct{ solid, waiting, dangling []metav1.OwnerReference }

func (g *garbageCollector) classify(o *object) owned {
	var out owned
	for _, r := range o.meta.GetOwnerReferences() {
		ref, exists := g.owners[r.UID]
		switch owner := g.object(ref); {
		case !exists || owner == nil || !g.reachable(o, owner, r):
			out.dangling = append(out.dangling, r)
		case waiting(owner) == metav1.FinalizerDeleteDependents:
			out.waiting = append(out.waiting, r)
		default:
			out.solid = append(out.solid, r)
		}
	}
	return out
}

// reachable: an owner counts if it has the name given and lies in the
// dependent's namespace or in none.
func (g *garbageCollector) reachable(o, owner *object, r metav1.OwnerReference) bool {
	ns := owner.meta.GetNamespace()
	return owner.meta.GetName() == r.Name && (ns == "" || ns == o.meta.GetNamespace())
}

// collect deletes an object that has owners but no living one. With a living
// one, the references to the others are removed.
func (g *garbageCollector) collect(ref reference, o *object) {
	owned := g.classify(o)
	gone := append(slices.Clone(owned.dangling), owned.waiting...)
	switch {
	case len(gone) == 0:
	case len(owned.solid) > 0:
		g.removeOwners(ref, o, gone)
	case len(owned.waiting) > 0 && len(g.dependents[o.meta.GetUID()]) > 0:
		g.breakCircle(ref, o)
		if o = g.object(ref); o != nil {
			g.delete(ref, o, metav1.DeletePropagationForeground)
		}
	default:
		g.delete(ref, o, policyOf(o))
	}
}

// policyOf is how an object wants to be deleted that no owner waits for.
func policyOf(o *object) metav1.DeletionPropagation {
	switch waitsFor(o) {
	case metav1.FinalizerOrphanDependents:
		return metav1.DeletePropagationOrphan
	case metav1.FinalizerDeleteDependents:
		return metav1.DeletePropagationForeground
	}
	return metav1.DeletePropagationBackground
}

// breakCircle lets an object no longer hold its owners when one of its own
// dependents waits in turn: they could be waiting for each other.
func (g *garbageCollector) breakCircle(ref reference, o *object) {
	if !slices.ContainsFunc(g.sortedDependents(o.meta.GetUID()), func(d reference) bool {
		dep := g.object(d)
		return dep != nil && waiting(dep) == metav1.FinalizerDeleteDependents
	}) {
		return
	}
	g.edit(ref, o, func(m metav1.Object) {
		owners := slices.Clone(m.GetOwnerReferences())
		for i := range owners {
			if ptr.Deref(owners[i].BlockOwnerDeletion, false) {
				owners[i].BlockOwnerDeletion = ptr.To(false)
			}
		}
		m.SetOwnerReferences(owners)
	})
}

func (g *garbageCollector) delete(ref reference, o *object, policy metav1.DeletionPropagation) {
	uid := o.meta.GetUID()
	rv := o.meta.GetResourceVersion()
	g.server.deleteInternally(g.server.resources[ref.gr], o.meta.GetNamespace(), o.meta.GetName(), &metav1.DeleteOptions{
		Preconditions:     &metav1.Preconditions{UID: &uid, ResourceVersion: &rv},
		PropagationPolicy: &policy,
	}, func() { g.enqueueIn(ref, refusedRetry) })
}

// orphan cuts the dependents loose and lets the owner go.
func (g *garbageCollector) orphan(ref reference, o *object) {
	uid := o.meta.GetUID()
	for _, d := range g.sortedDependents(uid) {
		if dep := g.object(d); dep != nil {
			g.removeOwners(d, dep, []metav1.OwnerReference{{UID: uid}})
		}
	}
	g.removeFinalizer(ref, metav1.FinalizerOrphanDependents)
}

// deleteDependents lets an owner go when no dependent is left that blocks it,
// and looks at those that do. Each step takes its time, and the owner is there
// until the last: whoever makes a new dependent meanwhile holds it longer.
func (g *garbageCollector) deleteDependents(ref reference, o *object) {
	uid := o.meta.GetUID()
	blocked := false
	for _, d := range g.sortedDependents(uid) {
		dep := g.object(d)
		if dep == nil || !blocks(dep, uid) {
			continue
		}
		blocked = true
		if waiting(dep) != metav1.FinalizerDeleteDependents {
			g.enqueue(d)
		}
	}
	if !blocked {
		g.removeFinalizer(ref, metav1.FinalizerDeleteDependents)
	}
}

func blocks(dep *object, uid types.UID) bool {
	for _, r := range dep.meta.GetOwnerReferences() {
		if r.UID == uid && r.BlockOwnerDeletion != nil && *r.BlockOwnerDeletion {
			return true
		}
	}
	return false
}

func (g *garbageCollector) removeOwners(ref reference, o *object, gone []metav1.OwnerReference) {
	g.edit(ref, o, func(m metav1.Object) {
		m.SetOwnerReferences(slices.DeleteFunc(m.GetOwnerReferences(), func(r metav1.OwnerReference) bool {
			return slices.ContainsFunc(gone, func(x metav1.OwnerReference) bool { return x.UID == r.UID })
		}))
	})
}

func (g *garbageCollector) removeFinalizer(ref reference, name string) {
	if o := g.object(ref); o != nil {
		g.edit(ref, o, func(m metav1.Object) {
			m.SetFinalizers(slices.DeleteFunc(slices.Clone(m.GetFinalizers()), func(f string) bool { return f == name }))
		})
	}
}

// edit changes the metadata of an object as a patch would.
func (g *garbageCollector) edit(ref reference, o *object, change func(metav1.Object)) {
	g.server.editMetadata(ref, o, change, func() { g.enqueueIn(ref, refusedRetry) })
}
