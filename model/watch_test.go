package model

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/watch"
)

// A faithful watch is made from the commit log by the rules of selection; each
// bad history is a faithful one with its frames falsified. A bad history must
// break the guarantee named and no other, where it can break one alone.

// watches opens a watch and delivers all that the log has for it after from.
func (t teller) watches(r resource, query string, from uint64) *Watch {
	t.seq++
	t.Calls = append(t.Calls, Call{
		ID: uint64(len(t.Calls) + 1), Process: t.process, Incarnation: 1, User: t.user, Verb: "watch",
		Group: r.group, Version: r.version, Resource: r.name, Query: query, CallSeq: t.seq, Outcome: OK,
	})
	w := Watch{CallID: uint64(len(t.Calls))}
	judge := newWatchJudge(&t.Calls[len(t.Calls)-1], nil)
	if judge == nil {
		judge = &watchJudge{}
		judge.selects.namespace = "none"
	}
	for i := range t.Commits {
		commit := &t.Commits[i]
		event := judge.selects.eventOf(commit)
		if commit.Revision <= from || commit.Resource != r.name || event == "" {
			continue
		}
		w.Frames = append(w.Frames, t.frameOf(string(event), commit))
	}
	t.Watches = append(t.Watches, w)
	return &t.Watches[len(t.Watches)-1]
}

func (s *story) frameOf(event string, commit *Commit) Frame {
	s.seq++
	object := commit.New
	if object == nil {
		object = commit.Old
	}
	data, _ := json.Marshal(map[string]any{"type": event, "object": object})
	return Frame{Seq: s.seq, At: s.now, Type: event, Revision: commit.Revision, Namespace: commit.Namespace, Name: commit.Name, Data: data}
}

func (s *story) bookmark(revision uint64, initialEnd bool) Frame {
	s.seq++
	return Frame{Seq: s.seq, At: s.now, Type: string(watch.Bookmark), Revision: revision, InitialEnd: initialEnd}
}

// watchStory has GlobalIngressIP commits at revisions 5, 8, 10 and 11 among others.
func watchStory(t *testing.T) *story {
	s := exported("ns/a", "ns/b")
	s.controller().createIngressIP("ns/a")
	s.controller().claim(first, "ns/a")
	s.controller().route("ns/a", first)
	s.controller().status("ns/a", first)
	s.user().createService("ns/c")
	s.controller().createIngressIP("ns/b")
	s.controller().deleteIngressIP("ns/a")
	var revisions []uint64
	for _, commit := range s.Commits {
		if commit.Resource == ingressIPResource {
			revisions = append(revisions, commit.Revision)
		}
	}
	require.Equal(t, []uint64{5, 8, 10, 11}, revisions)
	return s
}

func judgeWatches(h *History) map[string]Status {
	statuses := map[string]Status{}
	for _, property := range WatchGuarantees() {
		statuses[property.Name] = check(property, h).Status
	}
	return statuses
}

func TestWatchGuarantees(t *testing.T) {
	for _, c := range []struct {
		name, explanation string
		falsify           func(*story, *Watch)
		broken            []guarantee
	}{
		{"faithful", "all events, in order", func(*story, *Watch) {}, nil},
		{"cut short", "a watch may end at any time", func(_ *story, w *Watch) { w.Frames = w.Frames[:2] }, nil},
		{"expired", "an ERROR ends the watch; nothing is missing", func(s *story, w *Watch) {
			w.Frames = append(w.Frames[:1], Frame{Seq: 99, Type: "ERROR"})
		}, nil},
		{"bookmarks", "each after all that it covers", func(s *story, w *Watch) {
			w.Frames = []Frame{s.bookmark(4, false), w.Frames[0], w.Frames[1], s.bookmark(9, false), w.Frames[2], w.Frames[3], s.bookmark(11, false)}
		}, nil},
		{"twice", "the same event again", func(_ *story, w *Watch) { w.Frames = append(w.Frames, w.Frames[3]) }, []guarantee{watchUnique}},
		{"swapped", "the later event first; until the other comes it is also missing", func(_ *story, w *Watch) {
			w.Frames[1], w.Frames[2] = w.Frames[2], w.Frames[1]
		}, []guarantee{watchOrdered, watchReliable}},
		{"gap", "an event in the middle is missing", func(_ *story, w *Watch) { w.Frames = append(w.Frames[:1], w.Frames[2:]...) }, []guarantee{watchReliable}},
		{"late start", "the first event is missing", func(_ *story, w *Watch) { w.Frames = w.Frames[1:] }, []guarantee{watchResumable}},
		{"early start", "an event from before the resourceVersion", func(s *story, w *Watch) { s.Calls[len(s.Calls)-1].Query = "resourceVersion=5" }, []guarantee{watchResumable}},
		{"no such commit", "a revision that nothing made", func(_ *story, w *Watch) { w.Frames[3].Revision = 77 }, []guarantee{watchAtomic, watchReliable}},
		{"wrong object", "one object's event under another's name", func(_ *story, w *Watch) { w.Frames[2].Name = "a" }, []guarantee{watchAtomic}},
		{"wrong type", "a change shown as a creation", func(_ *story, w *Watch) { w.Frames[1].Type = "ADDED" }, []guarantee{watchAtomic}},
		{"early bookmark", "it promises what has not come", func(s *story, w *Watch) {
			w.Frames = []Frame{w.Frames[0], s.bookmark(9, false)}
		}, []guarantee{watchBookmarkable}},
		{"event after its bookmark", "it was promised to have come", func(s *story, w *Watch) {
			w.Frames = []Frame{w.Frames[0], w.Frames[1], s.bookmark(11, false), w.Frames[2]}
		}, []guarantee{watchBookmarkable}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := watchStory(t)
			c.falsify(s, s.controller().watches(gips, "resourceVersion=4&allowWatchBookmarks=true", 4))
			for name, status := range judgeWatches(s.end()) {
				want := Held
				for _, broken := range c.broken {
					if string(broken) == name {
						want = Violated
					}
				}
				assert.Equal(t, want, status, "%s: %s", name, c.explanation)
			}
		})
	}
}

// The frames of the beginning tell a state, in no order; history begins with
// the bookmark that ends them.
func TestWatchInitialEvents(t *testing.T) {
	s := watchStory(t)
	w := s.controller().watches(gips, "sendInitialEvents=true&allowWatchBookmarks=true&resourceVersion=0", 8)
	state := Frame{Seq: 1, Type: "ADDED", Revision: 8, Namespace: "ns", Name: "a"}
	w.Frames = append([]Frame{state, s.bookmark(8, true)}, w.Frames...)
	for name, status := range judgeWatches(s.end()) {
		assert.Equal(t, Held, status, name)
	}
	w.Frames = append(w.Frames[:2], w.Frames[3])
	assert.Equal(t, Violated, judgeWatches(s.end())[string(watchReliable)], "the first event after the state is missing")
}

// A watch sees what it selects: objects enter and leave a selection.
func TestWatchSelection(t *testing.T) {
	s := watchStory(t)
	w := s.controller().watches(services, "resourceVersion=1&labelSelector=submariner.io%2FexportedServiceRef", 1)
	require.Len(t, w.Frames, 1)
	assert.Equal(t, internalName("a"), w.Frames[0].Name)
	named := s.controller().watches(gips, "resourceVersion=1&fieldSelector=metadata.name%3Db", 1)
	require.Len(t, named.Frames, 1)
	assert.Equal(t, "b", named.Frames[0].Name)
	s.controller().watches(services, "resourceVersion=1&fieldSelector=spec.type%3DClusterIP", 1).Frames = nil
	for name, status := range judgeWatches(s.end()) {
		assert.Equal(t, Held, status, name)
	}
}

// Watches that were not recorded are not judged, and that is not a pass.
func TestWatchNotRecorded(t *testing.T) {
	s := watchStory(t)
	require.Equal(t, Held, judgeWatches(s.end())[string(watchOrdered)], "no watch calls, nothing to judge")
	s.controller().watches(services, "resourceVersion=1&fieldSelector=metadata.name%3Da", 1)
	s.Watches = nil
	for name, status := range judgeWatches(s.end()) {
		assert.Equal(t, Undecided, status, name)
	}
}
