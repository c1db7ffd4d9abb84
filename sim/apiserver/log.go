package apiserver

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// change is a write that has passed all checks.
type change struct {
	res       *resource
	key       string
	requestID uint64
	old       *object        // nil: creation
	value     runtime.Object // nil: deletion
	fields    *fieldLog
	behind    bool
}

// commit appends a change to the revision log and tells everybody. The value
// belongs to the log from then on.
func (s *Server) commit(c change) *object {
	if c.old != c.res.objects[c.key] {
		panic(fmt.Sprintf("apiserver: log: commit on a state of %s %s that is not the present one", c.res.identity, c.key))
	}
	s.revision++
	e := &event{revision: s.revision, key: c.key, old: c.old}
	if c.value == nil {
		e.deleted = true
		e.current = c.old.at(s.revision)
	} else {
		m := metaOf(c.value)
		m.SetResourceVersion(formatRevision(s.revision))
		e.current = &object{key: c.key, revision: s.revision, value: c.value, meta: m, fields: c.fields, behind: c.behind}
	}
	if e.old == nil {
		c.res.creations[c.key]++
	}
	c.res.apply(e)
	if c.res.admits {
		s.plan = nil
	}
	s.allocated(c.res, c.old, e)
	s.report(c, e)
	s.distribute(c.res, e)
	s.notifyActors(c.res, e)
	return e.current
}

// allocated lets the kind's pools know what a committed change gave back.
func (s *Server) allocated(res *resource, old *object, e *event) {
	if old == nil || res.kind.Custom {
		return
	}
	if a, ok := res.kind.Versions[0].Strategy.(kinds.Allocator); ok {
		var now runtime.Object
		if !e.deleted {
			now = e.current.value
		}
		a.Committed(now, old.value)
	}
}

func (s *Server) report(c change, e *event) {
	if s.config.OnCommit == nil {
		return
	}
	m := e.current.meta
	out := Commit{
		Revision:  e.revision,
		Time:      s.config.Clock.Now(),
		RequestID: c.requestID,
		Resource:  c.res.gr.WithVersion(c.res.kind.Storage),
		Namespace: m.GetNamespace(),
		Name:      m.GetName(),
		UID:       m.GetUID(),
	}
	if c.old != nil {
		out.Old = c.old.value
	}
	if !e.deleted {
		out.New = e.current.value
	}
	s.config.OnCommit(out)
}

// Revision is the revision of the latest commit.
func (s *Server) Revision() uint64 { return s.revision }

// Compact forbids lists at revisions before rev, as etcd's compaction does: an
// exact list or a continue token from before it answers 410. A watch cache
// keeps what it has; see [Server.ForgetWatchHistory] for the 410 of watches. A
// revision in the future or before an earlier compaction is ignored.
func (s *Server) Compact(rev uint64) {
	if rev <= s.compacted || rev > s.revision {
		return
	}
	s.compacted = rev
	for _, res := range s.sorted {
		keep := rev
		if !s.config.DisableWatchCache {
			for _, c := range res.caches {
				keep = min(keep, c.since)
			}
		}
		res.forget(keep)
	}
}

// Objects returns the stored objects of a resource in key order. They are
// shared and must not be changed.
func (s *Server) Objects(gr schema.GroupResource) []runtime.Object {
	res := s.resources[gr]
	if res == nil {
		return nil
	}
	out := make([]runtime.Object, 0, len(res.keys))
	for _, k := range res.keys {
		out = append(out, res.objects[k].value)
	}
	return out
}

// Object returns one stored object, or nil.
func (s *Server) Object(gr schema.GroupResource, n types.NamespacedName) runtime.Object {
	res := s.resources[gr]
	if res == nil {
		return nil
	}
	o := res.objects[objectKey(n.Namespace, n.Name)]
	if o == nil {
		return nil
	}
	return o.value
}

// Resources lists what is stored, sorted by group and resource.
func (s *Server) Resources() []schema.GroupResource {
	out := make([]schema.GroupResource, 0, len(s.sorted))
	for _, r := range s.sorted {
		out = append(out, r.gr)
	}
	return out
}

func (s *Server) addResource(res *resource) {
	s.resources[res.gr] = res
	i, _ := slices.BinarySearchFunc(s.sorted, res, compareResources)
	s.sorted = slices.Insert(s.sorted, i, res)
}

func (s *Server) removeResource(res *resource) {
	delete(s.resources, res.gr)
	s.sorted = slices.DeleteFunc(s.sorted, func(r *resource) bool { return r == res })
}

func compareResources(a, b *resource) int {
	switch {
	case a.identity < b.identity:
		return -1
	case a.identity > b.identity:
		return 1
	}
	return 0
}
