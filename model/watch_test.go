package model_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/internal/modeltest"
)

// A faithful watch is made from the commit log by the rules of selection; each
// bad history is a faithful one with its frames falsified. A bad history must
// break the guarantee named and no other, where it can break one alone.

// watches opens a watch and delivers all that the log has for it after a revision.
func watches(c modeltest.Teller, r modeltest.Resource, query string, from uint64) *model.Watch {
	return c.Watch(r, query, from, model.EventOf)
}

// watchStory has commits to widgets at revisions 5, 8, 10 and 11 among others.
func watchStory(t *testing.T) *modeltest.Story {
	s := modeltest.New()
	for _, key := range []string{"ns/s", "ns/t", "ns/u", "ns/v"} {
		s.User().CreateService(key)
	}
	createWidget(s.Controller(), "ns/a")
	s.User().EditService("ns/s", func(service *corev1.Service) { service.Labels = map[string]string{"tier": "web"} })
	s.User().CreateService("ns/w")
	report(s.Controller(), "ns/a", "Ready")
	s.User().CreateService("ns/x")
	createWidget(s.Controller(), "ns/b")
	s.Controller().Remove(widgets, "ns/a")
	var revisions []uint64
	for _, commit := range s.Commits {
		if commit.Resource == widgets.Name {
			revisions = append(revisions, commit.Revision)
		}
	}
	require.Equal(t, []uint64{5, 8, 10, 11}, revisions)
	return s
}

func judgeWatches(h *model.History) map[string]model.Status {
	statuses := map[string]model.Status{}
	for _, property := range model.WatchGuarantees() {
		statuses[property.Name] = modeltest.Check(property, h).Status
	}
	return statuses
}

func TestWatchGuarantees(t *testing.T) {
	for _, c := range []struct {
		name, explanation string
		falsify           func(*modeltest.Story, *model.Watch)
		broken            []string
	}{
		{"faithful", "all events, in order", func(*modeltest.Story, *model.Watch) {}, nil},
		{"cut short", "a watch may end at any time", func(_ *modeltest.Story, w *model.Watch) { w.Frames = w.Frames[:2] }, nil},
		{"expired", "an ERROR ends the watch; nothing is missing", func(s *modeltest.Story, w *model.Watch) {
			w.Frames = append(w.Frames[:1], model.Frame{Seq: 99, Type: "ERROR"})
		}, nil},
		{"bookmarks", "each after all that it covers", func(s *modeltest.Story, w *model.Watch) {
			w.Frames = []model.Frame{s.Bookmark(4, false), w.Frames[0], w.Frames[1], s.Bookmark(9, false), w.Frames[2], w.Frames[3], s.Bookmark(11, false)}
		}, nil},
		{"twice", "the same event again", func(_ *modeltest.Story, w *model.Watch) { w.Frames = append(w.Frames, w.Frames[3]) }, []string{"watch-unique"}},
		{"swapped", "the later event first; until the other comes it is also missing", func(_ *modeltest.Story, w *model.Watch) {
			w.Frames[1], w.Frames[2] = w.Frames[2], w.Frames[1]
		}, []string{"watch-ordered", "watch-reliable"}},
		{"gap", "an event in the middle is missing", func(_ *modeltest.Story, w *model.Watch) { w.Frames = append(w.Frames[:1], w.Frames[2:]...) }, []string{"watch-reliable"}},
		{"late start", "the first event is missing", func(_ *modeltest.Story, w *model.Watch) { w.Frames = w.Frames[1:] }, []string{"watch-resumable"}},
		{"early start", "an event from before the resourceVersion", func(s *modeltest.Story, w *model.Watch) { s.Calls[len(s.Calls)-1].Query = "resourceVersion=5" }, []string{"watch-resumable"}},
		{"no such commit", "a revision that nothing made", func(_ *modeltest.Story, w *model.Watch) { w.Frames[3].Revision = 77 }, []string{"watch-atomic", "watch-reliable"}},
		{"wrong object", "one object's event under another's name", func(_ *modeltest.Story, w *model.Watch) { w.Frames[2].Name = "a" }, []string{"watch-atomic"}},
		{"wrong type", "a change shown as a creation", func(_ *modeltest.Story, w *model.Watch) { w.Frames[1].Type = "ADDED" }, []string{"watch-atomic"}},
		{"early bookmark", "it promises what has not come", func(s *modeltest.Story, w *model.Watch) {
			w.Frames = []model.Frame{w.Frames[0], s.Bookmark(9, false)}
		}, []string{"watch-bookmarkable"}},
		{"event after its bookmark", "it was promised to have come", func(s *modeltest.Story, w *model.Watch) {
			w.Frames = []model.Frame{w.Frames[0], w.Frames[1], s.Bookmark(11, false), w.Frames[2]}
		}, []string{"watch-bookmarkable"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := watchStory(t)
			c.falsify(s, watches(s.Controller(), widgets, "resourceVersion=4&allowWatchBookmarks=true", 4))
			for name, status := range judgeWatches(s.Done()) {
				want := model.Held
				for _, broken := range c.broken {
					if broken == name {
						want = model.Violated
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
	w := watches(s.Controller(), widgets, "sendInitialEvents=true&allowWatchBookmarks=true&resourceVersion=0", 8)
	state := model.Frame{Seq: 1, Type: "ADDED", Revision: 8, Namespace: "ns", Name: "a"}
	w.Frames = append([]model.Frame{state, s.Bookmark(8, true)}, w.Frames...)
	for name, status := range judgeWatches(s.Done()) {
		assert.Equal(t, model.Held, status, name)
	}
	w.Frames = append(w.Frames[:2], w.Frames[3])
	assert.Equal(t, model.Violated, judgeWatches(s.Done())["watch-reliable"], "the first event after the state is missing")
}

// A watch sees what it selects: objects enter and leave a selection.
func TestWatchSelection(t *testing.T) {
	s := watchStory(t)
	w := watches(s.Controller(), modeltest.Services, "resourceVersion=1&labelSelector=tier", 1)
	require.Len(t, w.Frames, 1)
	assert.Equal(t, "s", w.Frames[0].Name)
	named := watches(s.Controller(), widgets, "resourceVersion=1&fieldSelector=metadata.name%3Db", 1)
	require.Len(t, named.Frames, 1)
	assert.Equal(t, "b", named.Frames[0].Name)
	watches(s.Controller(), modeltest.Services, "resourceVersion=1&fieldSelector=spec.type%3DClusterIP", 1).Frames = nil
	for name, status := range judgeWatches(s.Done()) {
		assert.Equal(t, model.Held, status, name)
	}
}

// Watches that were not recorded are not judged, and that is not a pass.
func TestWatchNotRecorded(t *testing.T) {
	s := watchStory(t)
	require.Equal(t, model.Held, judgeWatches(s.Done())["watch-ordered"], "no watch calls, nothing to judge")
	watches(s.Controller(), modeltest.Services, "resourceVersion=1&fieldSelector=metadata.name%3Da", 1)
	s.Watches = nil
	for name, status := range judgeWatches(s.Done()) {
		assert.Equal(t, model.Undecided, status, name)
	}
}
