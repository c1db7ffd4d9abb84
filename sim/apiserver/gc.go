package apiserver

import (
	"slices"
	"sort"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
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
	pending map[reference]bool
}

// reference names one object.
type reference struct {
	gr  schema.GroupResource
	key string
}

func newGarbageCollector(s *Server) *garbageCollector {
	g := &garbageCollector{server: s, dependents: map[types.UID]map[reference]bool{}, owners: map[types.UID]reference{}, pending: map[reference]bool{}}
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
			// An owner that waits for this dependent may go on.
			if owner, ok := g.owners[o.UID]; ok {
				g.enqueueWaiting(owner)
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
	if o := g.object(ref); o != nil && o.meta.GetDeletionTimestamp() != nil && waitsFor(o) != "" {
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

func (g *garbageCollector) object(ref reference) *object {
	res := g.server.resources[ref.gr]
	if res == nil {
		return nil
	}
	return res.objects[ref.key]
}

func (g *garbageCollector) enqueue(ref reference) {
	if g.pending[ref] {
		return
	}
	g.pending[ref] = true
	g.server.config.Clock.AfterFunc(g.server.config.ControllerLag, func() {
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
		case owner.meta.GetDeletionTimestamp() != nil && waitsFor(owner) == metav1.FinalizerDeleteDependents:
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
	default:
		policy := metav1.DeletePropagationBackground
		if len(owned.waiting) > 0 && len(g.dependents[o.meta.GetUID()]) > 0 {
			policy = metav1.DeletePropagationForeground
		}
		g.delete(ref, o, policy)
	}
}

func (g *garbageCollector) delete(ref reference, o *object, policy metav1.DeletionPropagation) {
	uid := o.meta.GetUID()
	rv := o.meta.GetResourceVersion()
	g.server.deleteInternally(g.server.resources[ref.gr], o.meta.GetNamespace(), o.meta.GetName(), &metav1.DeleteOptions{
		Preconditions:     &metav1.Preconditions{UID: &uid, ResourceVersion: &rv},
		PropagationPolicy: &policy,
	})
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

// deleteDependents deletes them and lets the owner go when none is left that
// blocks it.
func (g *garbageCollector) deleteDependents(ref reference, o *object) {
	uid := o.meta.GetUID()
	blocked := false
	for _, d := range g.sortedDependents(uid) {
		dep := g.object(d)
		if dep == nil {
			continue
		}
		if dep.meta.GetDeletionTimestamp() == nil {
			g.collect(d, dep)
		}
		if dep = g.object(d); dep != nil && blocks(dep, uid) {
			blocked = true
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
	w := g.server.internalWrite(g.server.resources[ref.gr], o.meta.GetNamespace(), o.meta.GetName())
	next := o.value.DeepCopyObject()
	change(metaOf(next))
	next = w.recordFields(o, next)
	// An object that was valid stays so with fewer references and finalizers.
	_, _ = w.replace(o, next)
}
