package realcluster

import (
	"slices"
	"strconv"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
)

// recorder collects what happens, from many goroutines, in the order in which it
// is told.
type recorder struct {
	clock

	mu       sync.Mutex
	seq      uint64
	calls    []*model.Call
	written  map[uint64]bool // calls, by ID, that the server answered with success
	made     map[write]uint64
	commits  []model.Commit
	watches  []model.Watch // of users
	problems []model.Problem
	fired    map[string]int
	struck   map[string]int // rule ID → times
	cleared  time.Duration
	// busy is when a subject last wrote, beside Leases and Events.
	busy time.Duration
}

// write names the outcome of a write: which object, in which form.
type write struct{ group, resource, namespace, name, resourceVersion string }

func newRecorder(c clock) *recorder {
	return &recorder{clock: c, written: map[uint64]bool{}, made: map[write]uint64{}, fired: map[string]int{}, struck: map[string]int{}}
}

// begin records that a call is sent. The rest of it is filled in by end.
func (r *recorder) begin(call model.Call) *model.Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seq++
	call.ID, call.CallSeq, call.Called = uint64(len(r.calls)+1), r.seq, r.now()
	if !call.User && changes(call.Verb) && call.Resource != "leases" && call.Resource != "events" {
		r.busy = r.now()
	}
	r.calls = append(r.calls, &call)
	return &call
}

func changes(verb string) bool { return verb != "get" && verb != "list" && verb != "watch" }

// end records what the client of a call was told.
func (r *recorder) end(call *model.Call, outcome model.Outcome, code int, mediaType string, body []byte, problem string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if call.ReturnSeq != 0 {
		return
	}
	r.seq++
	call.ReturnSeq, call.Returned = r.seq, r.now()
	call.Outcome, call.Code, call.Error = outcome, code, problem
	call.ResponseType, call.Response = mediaType, body
}

// served records that the server answered a call with success, whether or not
// its client hears of it: by what is in the answer, commits find their call.
func (r *recorder) served(call *model.Call, resourceVersion string) {
	if !changes(call.Verb) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.written[call.ID] = true
	if resourceVersion != "" {
		key := write{call.Group, call.Resource, call.Namespace, call.Name, resourceVersion}
		if _, taken := r.made[key]; !taken { // a write that changes nothing answers with an old version
			r.made[key] = call.ID
		}
	}
}

// watch records that a user's watch is open, and returns what records its frames.
func (r *recorder) watch(call *model.Call) func(model.Frame) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.watches)
	r.watches = append(r.watches, model.Watch{CallID: call.ID})
	return func(f model.Frame) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.seq++
		f.Seq, f.At = r.seq, r.now()
		r.watches[n].Frames = append(r.watches[n].Frames, f)
	}
}

// commit records a change of an object as the observer heard of it.
func (r *recorder) commit(c model.Commit) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seq++
	c.Seq, c.At = r.seq, r.now()
	r.commits = append(r.commits, c)
}

func (r *recorder) problem(p model.Problem) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p.At = r.now()
	r.problems = append(r.problems, p)
}

func (r *recorder) fire(rule *faults.Rule) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fired[string(rule.Kind)]++
	r.struck[rule.ID]++
}

// clear records that the weather cleared.
func (r *recorder) clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cleared = r.now()
}

// quiet is for how long no subject has written.
func (r *recorder) quiet() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now() - r.busy
}

// history is what was recorded so far, fit to be judged. Commits are put in the
// order of their revisions; none is earlier than the one before it, nor later than
// when a user saw it or one after it.
func (r *recorder) history() *model.History {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := &model.History{Problems: slices.Clone(r.problems), Cleared: r.cleared, Ended: r.now()}
	for _, call := range r.calls {
		h.Calls = append(h.Calls, *call)
	}
	h.Watches = slices.Clone(r.watches)
	h.Commits = slices.Clone(r.commits)
	slices.SortStableFunc(h.Commits, func(a, b model.Commit) int { return int(a.Revision) - int(b.Revision) })
	var last uint64
	for i := range h.Commits {
		c := &h.Commits[i]
		r.attribute(c)
		last = max(last, min(c.Seq, r.seenBy(c.Revision)))
		c.Seq = last
	}
	return h
}

// seenBy is the last moment before a user was shown this revision, or a later one.
func (r *recorder) seenBy(revision uint64) uint64 {
	first := r.seq
	for _, w := range r.watches {
		for _, f := range w.Frames {
			if f.Revision >= revision {
				first = min(first, f.Seq-1)
				break
			}
		}
	}
	return first
}

// attribute finds the call that made a commit. A removal is not in any answer: it
// is ascribed to the last successful deletion, or update that took the last
// finalizer, of the object that was under way before it was heard of.
func (r *recorder) attribute(c *model.Commit) {
	var id uint64
	if c.New != nil {
		id = r.made[write{c.Group, c.Resource, c.Namespace, c.Name, strconv.FormatUint(c.Revision, 10)}]
	} else {
		id = r.remover(c)
	}
	if id == 0 {
		return
	}
	call := r.calls[id-1]
	c.CallID, c.Process, c.User = call.ID, call.Process, call.User
	if call.ReturnSeq != 0 && call.ReturnSeq < c.Seq && call.CallSeq < call.ReturnSeq {
		c.Seq, c.At = call.ReturnSeq, call.Returned
	}
}

func (r *recorder) remover(c *model.Commit) uint64 {
	for i := len(r.calls) - 1; i >= 0; i-- {
		call := r.calls[i]
		same := call.Group == c.Group && call.Resource == c.Resource && call.Namespace == c.Namespace && call.Name == c.Name
		if same && call.CallSeq < c.Seq && r.written[call.ID] && call.Verb != "create" && call.Subresource == "" {
			return call.ID
		}
	}
	return 0
}

// revisionOf is an object's resourceVersion; 0 if it has none.
func revisionOf(object runtime.Object) uint64 {
	accessor, err := meta.Accessor(object)
	if err != nil {
		return 0
	}
	revision, err := strconv.ParseUint(accessor.GetResourceVersion(), 10, 64)
	if err != nil {
		return 0
	}
	return revision
}
