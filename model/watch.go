package model

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

// guarantee names one of the promises of a watch.
type guarantee string

const (
	watchOrdered      guarantee = "watch-ordered"
	watchUnique       guarantee = "watch-unique"
	watchAtomic       guarantee = "watch-atomic"
	watchReliable     guarantee = "watch-reliable"
	watchResumable    guarantee = "watch-resumable"
	watchBookmarkable guarantee = "watch-bookmarkable"
)

// WatchGuarantees lists what every watch of every client may rely on. They
// judge the API server, simulated or real, against its commit log, so like
// store-linearizable they are how the harness checks itself.
//
// They need History.Watches: a history that has watch calls and no watches
// leaves them undecided. Watches with a field selector on anything but
// metadata.name and metadata.namespace are not judged, nor are frames of a
// watch that began without a resourceVersion before its first change: these
// tell a state, not a history.
func WatchGuarantees() []Property {
	source := "etcd API guarantees for watch; Kubernetes API concepts: efficient detection of changes, watch bookmarks"
	return []Property{
		watchProperty(watchOrdered, "The events of a watch come in the order of their revisions.", source),
		watchProperty(watchUnique, "No event comes twice in one watch.", source),
		watchProperty(watchAtomic, "Every event is one commit, whole: that object, that revision, and ADDED, MODIFIED or DELETED as the commit was.", source),
		watchProperty(watchReliable, "Between two events of a watch no matching commit is left out.", source),
		watchProperty(watchResumable, "A watch from a resourceVersion begins with the first matching commit after it, or ends with 410.", source),
		watchProperty(watchBookmarkable, "When a bookmark comes, every matching commit up to its revision has come.", source),
	}
}

func watchProperty(name guarantee, sentence, source string) Property {
	return Property{
		Name: string(name), Sentence: sentence, Source: source, Class: ClassSafety,
		Check: func(h *History) Result {
			found := Derive(h, judgeWatches)
			if found.missing {
				return Undecide("the frames of watches were not recorded")
			}
			if result, broken := found.breaches[name]; broken {
				return result
			}
			return Holds()
		},
	}
}

// watchBreaches is what judging all watches has found: of each guarantee the
// first breach. missing: their frames were not recorded.
type watchBreaches struct {
	breaches map[guarantee]Result
	missing  bool
}

func judgeWatches(h *History) *watchBreaches {
	calls := map[uint64]*Call{}
	for i := range h.Calls {
		if call := &h.Calls[i]; call.Verb == "watch" {
			calls[call.ID] = call
		}
	}
	if len(calls) > 0 && h.Watches == nil {
		return &watchBreaches{missing: true}
	}
	found := &watchBreaches{breaches: map[guarantee]Result{}}
	logs := map[objectID][]*Commit{}
	for i := range h.Commits {
		commit := &h.Commits[i]
		resource := objectID{group: commit.Group, resource: commit.Resource}
		logs[resource] = append(logs[resource], commit)
	}
	for i := range h.Watches {
		w := &h.Watches[i]
		call := calls[w.CallID]
		if call == nil {
			continue
		}
		judge := newWatchJudge(call, logs[objectID{group: call.Group, resource: call.Resource}])
		if judge == nil {
			continue
		}
		for at := range w.Frames {
			judge.frame(&w.Frames[at])
		}
		for name, result := range judge.breaches {
			if known, ok := found.breaches[name]; !ok || result.Culprit.Before(known.Culprit) {
				found.breaches[name] = result
			}
		}
	}
	return found
}

// watchJudge follows one watch along the commit log.
type watchJudge struct {
	call     *Call
	log      []*Commit // of the resource
	selects  selection
	next     int    // of the log: the first commit the watch has not come to
	started  bool   // the watch tells history, no longer a state
	resumed  bool   // it began at a resourceVersion and has told nothing yet
	position uint64 // revision of the last event; at first the one asked for
	seen     map[uint64]bool
	breaches map[guarantee]Result
}

type selection struct {
	namespace string
	labels    labels.Selector
	fields    fields.Selector
}

// newWatchJudge returns nil for watches that cannot be judged.
func newWatchJudge(call *Call, log []*Commit) *watchJudge {
	query, err := url.ParseQuery(call.Query)
	if err != nil {
		return nil
	}
	j := &watchJudge{call: call, log: log, seen: map[uint64]bool{}, breaches: map[guarantee]Result{}}
	j.selects.namespace = call.Namespace
	if j.selects.labels, err = labels.Parse(query.Get("labelSelector")); err != nil {
		return nil
	}
	if j.selects.fields, err = fields.ParseSelector(query.Get("fieldSelector")); err != nil {
		return nil
	}
	for _, requirement := range j.selects.fields.Requirements() {
		if requirement.Field != "metadata.name" && requirement.Field != "metadata.namespace" {
			return nil
		}
	}
	version, _ := strconv.ParseUint(query.Get("resourceVersion"), 10, 64)
	if version > 0 && query.Get("sendInitialEvents") != "true" {
		j.begin(version)
		j.resumed = true
	}
	return j
}

// begin places the watch after a revision.
func (j *watchJudge) begin(revision uint64) {
	j.started, j.position = true, revision
	j.next, _ = slices.BinarySearchFunc(j.log, revision+1, func(c *Commit, r uint64) int {
		switch {
		case c.Revision < r:
			return -1
		case c.Revision > r:
			return 1
		}
		return 0
	})
}

func (j *watchJudge) frame(f *Frame) {
	switch {
	case f.Type == string(watch.Error):
	case f.Type == string(watch.Bookmark):
		j.bookmarked(f)
	case !j.started && f.Type == string(watch.Added):
		j.position = max(j.position, f.Revision)
	default:
		if !j.started {
			j.begin(max(j.position, f.Revision-1))
		}
		j.event(f)
	}
}

func (j *watchJudge) bookmarked(f *Frame) {
	if !j.started {
		if f.InitialEnd {
			j.begin(f.Revision)
		}
		return
	}
	if missed := j.skipTo(f.Revision + 1); missed != nil {
		j.breach(watchBookmarkable, f, fmt.Sprintf("a bookmark at revision %d came before %s", f.Revision, missed))
	}
	j.resumed = false
}

// event judges one change.
func (j *watchJudge) event(f *Frame) {
	j.judgeOrder(f)
	missed := j.skipTo(f.Revision)
	if missed != nil && j.resumed {
		j.breach(watchResumable, f, fmt.Sprintf("the first event is of revision %d, but %s", f.Revision, missed))
	} else if missed != nil {
		j.breach(watchReliable, f, fmt.Sprintf("the event before that of revision %d is missing: %s", f.Revision, missed))
	}
	j.resumed = false
	j.seen[f.Revision] = true
	j.position = max(j.position, f.Revision)
	at, found := slices.BinarySearchFunc(j.log, f.Revision, func(c *Commit, r uint64) int { return int(c.Revision) - int(r) })
	if !found {
		j.breach(watchAtomic, f, fmt.Sprintf("there is no commit of revision %d", f.Revision))
		return
	}
	commit := j.log[at]
	j.next = max(j.next, at+1)
	if commit.Namespace != f.Namespace || commit.Name != f.Name {
		j.breach(watchAtomic, f, fmt.Sprintf("an event of %s/%s bears the revision of %s", f.Namespace, f.Name, commit))
	} else if want := j.selects.eventOf(commit); string(want) != f.Type {
		j.breach(watchAtomic, f, fmt.Sprintf("the event is %s, want %s, of %s", f.Type, want, commit))
	}
}

func (j *watchJudge) judgeOrder(f *Frame) {
	switch {
	case j.seen[f.Revision]:
		j.breach(watchUnique, f, fmt.Sprintf("the event of revision %d came twice", f.Revision))
	case j.resumed && f.Revision <= j.position:
		j.breach(watchResumable, f, fmt.Sprintf("a watch from revision %d began with revision %d", j.position, f.Revision))
	case f.Revision < j.position:
		j.breach(watchOrdered, f, fmt.Sprintf("the event of revision %d came after that of %d", f.Revision, j.position))
	}
}

// skipTo advances to a revision and returns the first matching commit left out.
func (j *watchJudge) skipTo(revision uint64) (missed *Commit) {
	for ; j.next < len(j.log) && j.log[j.next].Revision < revision; j.next++ {
		if missed == nil && j.selects.eventOf(j.log[j.next]) != "" {
			missed = j.log[j.next]
		}
	}
	return missed
}

func (j *watchJudge) breach(name guarantee, f *Frame, message string) {
	if _, known := j.breaches[name]; known {
		return
	}
	message = fmt.Sprintf("watch of %s by %s-%d (call %d): %s", j.call.Resource, j.call.Process, j.call.Incarnation, j.call.ID, message)
	j.breaches[name] = Breach(message, Culprit{Seq: f.Seq, At: f.At, CallID: j.call.ID, Revision: f.Revision, Text: message})
}

// eventOf is the event that a commit is to a watch; empty: none. An object that
// begins to match is added, one that ceases to is deleted.
func (s *selection) eventOf(commit *Commit) watch.EventType {
	if s.namespace != "" && s.namespace != commit.Namespace {
		return ""
	}
	before, after := s.matches(commit, commit.Old), s.matches(commit, commit.New)
	switch {
	case before && after:
		return watch.Modified
	case after:
		return watch.Added
	case before:
		return watch.Deleted
	}
	return ""
}

func (s *selection) matches(commit *Commit, object runtime.Object) bool {
	accessor := Metadata(object)
	return accessor != nil && s.labels.Matches(labels.Set(accessor.GetLabels())) &&
		s.fields.Matches(fields.Set{"metadata.name": commit.Name, "metadata.namespace": commit.Namespace})
}
