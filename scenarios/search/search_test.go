package search_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios/search"
)

// Goal: each distinct call and each distinct change is struck by each outcome, in an
// order that tries much of everything first; what a fault brings about is struck next;
// and the search says what it has covered. Method: a history made by hand of a
// controller that lists, watches, creates and updates, and what the search makes of it.

const safety = 2 * time.Minute

var world = search.World{UnderTest: []string{"controller"}, Safety: safety}

// history is one of calls and commits, in order.
type history struct{ model.History }

func (h *history) call(at time.Duration, verb, resource, name string, code int) *history {
	outcome := model.OK
	if code >= 400 {
		outcome = model.Failed
	}
	resource, subresource, _ := strings.Cut(resource, "/")
	h.Calls = append(h.Calls, model.Call{
		ID: uint64(len(h.Calls) + 1), Process: "controller", Verb: verb, Version: "v1", Resource: resource, Subresource: subresource,
		Namespace: "default", Name: name, Called: at, Outcome: outcome, Code: code,
	})
	return h
}

func (h *history) commit(at time.Duration, process, name string, old, new bool) *history {
	c := model.Commit{
		Seq: uint64(len(h.Commits) + 1), At: at, CallID: 1, Process: process, User: process != "controller",
		Version: "v1", Resource: "configmaps", Namespace: "default", Name: name,
	}
	object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}}
	if old {
		c.Old = object
	}
	if new {
		c.New = object
	}
	h.Commits = append(h.Commits, c)
	return h
}

func baseline() *search.Sketch { return sketch(happened()) }

func sketch(h *model.History) *search.Sketch { return search.SketchOf(h, world.UnderTest, safety) }

// happened is what a controller did that sees a ConfigMap, writes a Secret and says so.
func happened() *model.History {
	h := new(history).
		call(time.Second, "list", "configmaps", "", 200).
		call(2*time.Second, "watch", "configmaps", "", 200).
		call(10*time.Second, "create", "secrets", "a", 201).
		call(11*time.Second, "update", "configmaps/status", "a", 200).
		call(30*time.Second, "update", "configmaps/status", "a", 200).
		commit(9*time.Second, "user", "a", false, true).
		commit(11*time.Second, "controller", "a", true, true).
		commit(30*time.Second, "user", "a", true, false).
		commit(35*time.Second, "user", "a", false, true)
	h.Ended = 20 * time.Minute
	return &h.History
}

// all takes every probe; what comes of each is what told says.
func all(t *testing.T, s *search.Search, told func(search.Probe) *search.Sketch) []search.Probe {
	var probes []search.Probe
	for {
		p, more := s.Next()
		if !more {
			return probes
		}
		require.Less(t, len(probes), 1000, "the search does not end")
		probes = append(probes, p)
		fired := map[faults.Kind]int{}
		for _, r := range p.Faults {
			fired[r.Kind] = 1
		}
		if p.Stage == search.Broad {
			s.TellBroad(p, told(p), nil)
			continue
		}
		s.Tell(p, told(p), fired, false)
	}
}

func nothingNew(search.Probe) *search.Sketch { return baseline() }

func TestEachCallMeetsEachOutcome(t *testing.T) {
	probes := all(t, search.New(world, baseline()), nothingNew)
	met := map[string]bool{}
	for _, p := range probes {
		met[p.Target+": "+string(p.Outcome)] = true
	}
	for _, target := range []string{"controller create secrets default/a #1", "controller update configmaps/status default/a #1", "controller update configmaps/status default/a #2"} {
		for _, o := range []search.Outcome{search.CrashAfter, search.Error, search.Lost, search.Outage, search.CrashBefore, search.TimeoutApplied, search.TimeoutDropped} {
			assert.True(t, met[target+": "+string(o)], "%s: %s", target, o)
		}
	}
	assert.True(t, met["controller list configmaps default/ #1: error"])
	assert.True(t, met["controller update configmaps/status default/a #1: conflict"], "an update can meet a conflict")
	assert.False(t, met["controller create secrets default/a #1: conflict"], "a create cannot")
}

// Each class has its first outcome before any has its last, so that a small budget sees
// much of everything.
func TestMuchOfEverythingFirst(t *testing.T) {
	probes := all(t, search.New(world, baseline()), nothingNew)
	first := func(part string, o search.Outcome) int {
		return slices.IndexFunc(probes, func(p search.Probe) bool { return strings.Contains(p.Target, part) && p.Outcome == o })
	}
	assert.Less(t, first("create secrets", search.CrashAfter), first("update configmaps", search.TimeoutDropped))
	assert.Less(t, first("update configmaps", search.CrashAfter), first("create secrets", search.CrashBefore))
	assert.Less(t, first("sees configmaps", search.SeenLate), first("create secrets", search.TimeoutApplied))
}

func TestPatternsOfChanges(t *testing.T) {
	for _, c := range []struct {
		outcome     search.Outcome
		target      string
		servers     int
		kinds       []faults.Kind
		from, until time.Duration
		explanation string
	}{
		{search.SeenLate, "created by a user, default/a at 9s", 0, []faults.Kind{faults.WatchDelayed}, 9 * time.Second, 9100 * time.Millisecond, "the event of the change, and what is behind it in the watch"},
		{search.NeverSeen, "created by a user, default/a at 9s", 0, []faults.Kind{faults.WatchExpired, faults.Hold, faults.HistoryForgotten}, 2 * time.Second, 2100 * time.Millisecond, "the watch that was open ends before the change"},
		{search.SleptOver, "removed by a user, default/a at 30s", 0, []faults.Kind{faults.Crash}, 29970 * time.Millisecond, 0, "down from before the change until after the next"},
		{search.SeenBehind, "created by a user, default/a at 9s", 2, []faults.Kind{faults.CacheLag, faults.FailOver, faults.Crash}, 9002 * time.Millisecond, 46 * time.Second, "the other server stays at the change, and the process comes to it after the last"},
	} {
		probes := all(t, search.New(world, baseline()), nothingNew)
		i := slices.IndexFunc(probes, func(p search.Probe) bool { return p.Outcome == c.outcome && strings.HasSuffix(p.Target, c.target) })
		require.GreaterOrEqual(t, i, 0, "%s %s", c.outcome, c.target)
		p := probes[i]
		assert.Equal(t, c.servers, p.Servers)
		var kinds []faults.Kind
		for _, r := range p.Faults {
			kinds = append(kinds, r.Kind)
		}
		assert.Equal(t, c.kinds, kinds)
		assert.Equal(t, c.from, p.Faults[0].From, c.explanation)
		assert.Equal(t, c.until, p.Faults[0].Until, c.explanation)
	}
	one := world
	one.Servers = 1
	for _, p := range all(t, search.New(one, baseline()), nothingNew) {
		assert.NotEqual(t, search.SeenBehind, p.Outcome, "with one API server there is none to be behind")
	}
}

// A fault brings a get about that no run without faults makes: it is struck beside the
// fault, and what that brings about in turn.
func TestWhatAFaultBringsAboutIsStruck(t *testing.T) {
	recovery := func(p search.Probe) *search.Sketch {
		h := &history{*happened()}
		if p.Outcome == search.CrashAfter && strings.Contains(p.Target, "create secrets") {
			h.call(12*time.Second, "get", "secrets", "a", 200)
		}
		return sketch(&h.History)
	}
	probes := all(t, search.New(world, baseline()), recovery)
	var found []search.Probe
	for _, p := range probes {
		if p.Stage == search.Recursive {
			found = append(found, p)
		}
	}
	require.Len(t, found, 1)
	assert.Equal(t, "controller create secrets default/a #1 (crash after), then controller get secrets default/a #1", found[0].Target)
	assert.Equal(t, search.Error, found[0].Outcome)
	require.Len(t, found[0].Faults, 2)
	assert.Equal(t, "probe-1", found[0].Faults[0].ID)
	assert.Equal(t, "probe-2", found[0].Faults[1].ID)
}

func TestARunThatFailedIsNotGoneOnFrom(t *testing.T) {
	s := search.New(world, baseline())
	for {
		p, more := s.Next()
		if !more {
			break
		}
		h := &history{*happened()}
		h.call(12*time.Second, "get", "secrets", fmt.Sprint(p.Number), 200)
		s.Tell(p, sketch(&h.History), nil, true)
		assert.NotEqual(t, search.Recursive, p.Stage)
	}
}

// Same baseline, same answers: same probes.
func TestTheSameSearchTwice(t *testing.T) {
	once := all(t, search.New(world, baseline(), baseline()), nothingNew)
	again := all(t, search.New(world, baseline(), baseline()), nothingNew)
	assert.Equal(t, once, again)
	stories := map[int]int{}
	for _, p := range once {
		stories[p.Story]++
	}
	assert.Equal(t, stories[0], stories[1], "each story has all outcomes")
}

// What the search makes is what schedules accept.
func TestProbesAreValidFaults(t *testing.T) {
	w := faults.World{Clears: safety, Replicas: 2, Subjects: []string{"controller"}}
	verbs := []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}
	for _, name := range []string{"configmaps", "configmaps/status", "secrets"} {
		w.Resources = append(w.Resources, faults.Resource{Name: name, Namespaced: true, Verbs: verbs})
	}
	for _, p := range all(t, search.New(world, baseline()), nothingNew) {
		for _, r := range p.Faults {
			for _, problem := range r.Validate(w) {
				if problem.Field != faults.FieldNamespace {
					assert.Fail(t, "invalid rule", "%s: %s", p, problem)
				}
			}
		}
	}
}

func TestCoverage(t *testing.T) {
	s := search.New(world, baseline())
	c := s.Coverage()
	assert.Equal(t, 4, c.Calls)
	assert.Equal(t, 3, c.Commits)
	assert.InDelta(t, 1, c.Unseen(), 0, "before the first run nothing is known")
	p, _ := s.Next()
	assert.Equal(t, search.RestartedAtRest, p.Outcome)
	s.Tell(p, baseline(), map[faults.Kind]int{faults.Crash: 1}, false)
	p, _ = s.Next()
	s.TellBroad(p, baseline(), []string{"probe-2"})
	c = s.Coverage()
	assert.Equal(t, []search.Outcome{search.Error}, c.Struck["controller create secrets"])
	assert.Equal(t, []search.Outcome{search.Error}, c.Struck["controller update configmaps/status"], "one of two fired")
	for p, _ = s.Next(); p.Stage == search.Broad; p, _ = s.Next() {
		s.TellBroad(p, baseline(), nil)
	}
	c = s.Coverage()
	assert.Empty(t, c.Missed, "of what befalls much at once nobody says what it missed")
	broad := c.SinceNew
	s.Tell(p, baseline(), map[faults.Kind]int{}, false)
	c = s.Coverage()
	require.Len(t, c.Missed, 1, "its fault did not fire")
	assert.Equal(t, p.Target, c.Missed[0].Target)
	assert.Equal(t, "internal-error: the call was made, and something else decided it", c.Missed[0].Why)
	assert.Equal(t, broad+1, c.SinceNew)
	all(t, s, nothingNew)
	c = s.Coverage()
	assert.Contains(t, c.Struck["controller create secrets"], search.TimeoutDropped)
	assert.InDelta(t, 0, c.Unseen(), 0, "each kind of call was seen in many runs")
	assert.Contains(t, c.String(), "struck: 4 of 4 kinds of call, 3 of 3 kinds of change, by crash after, down until users have acted ×")
	assert.Contains(t, c.String(), "never fired: 1 probe")

	idle := search.New(world, &search.Sketch{})
	_, more := idle.Next()
	assert.False(t, more)
	c = idle.Coverage()
	assert.Contains(t, c.String(), "nothing to strike: no process under test calls anything without faults")
}

func TestStories(t *testing.T) {
	stories := search.Stories([]int{1, 2}, safety)
	require.Len(t, stories, 3)
	for _, story := range stories {
		there := map[int]bool{}
		last := map[int]time.Duration{}
		for _, act := range story.Acts {
			assert.Greater(t, act.At, last[act.Object], "%s: acts of an object are in order", story.Name)
			assert.Less(t, act.At, 2*safety/3, story.Name)
			last[act.Object] = act.At
			there[act.Object] = !act.Delete
		}
		assert.True(t, there[0], "%s: the first is there in the end", story.Name)
		assert.Equal(t, story.Name != "gone for good", there[1], story.Name)
	}
}

// The first runs have one outcome for as much as a run has room for, and are not gone on
// from: what they bring about could be of any of their faults.
func TestMuchAtOnceFirst(t *testing.T) {
	recovery := func(p search.Probe) *search.Sketch {
		h := &history{*happened()}
		if p.Stage == search.Broad {
			h.call(12*time.Second, "get", "secrets", "a", 200)
		}
		return sketch(&h.History)
	}
	probes := all(t, search.New(world, baseline()), recovery)[1:] // without the restart at rest
	single := slices.IndexFunc(probes, func(p search.Probe) bool { return p.Stage != search.Broad })
	require.Positive(t, single)
	for _, p := range probes[single:] {
		assert.Equal(t, search.Systematic, p.Stage, p.String())
	}
	first := probes[0]
	assert.Equal(t, search.Error, first.Outcome)
	assert.Equal(t, "3 calls at once, part 1", first.Target, "writes, of each kind the first and the last")
	assert.Len(t, first.Faults, 3)
	for _, p := range probes[:single] {
		if p.Outcome != search.SleptOver {
			continue
		}
		for i := range p.Faults[1:] {
			before, after := p.Faults[i], p.Faults[i+1]
			assert.Less(t, before.From+before.RestartAfter+4*time.Second, after.From, "it is awake between two times that it sleeps")
		}
	}
}

func probeOf(t *testing.T, h *model.History, o search.Outcome, target string) search.Probe {
	lives := world
	lives.Lives = true
	probes := all(t, search.New(lives, sketch(h)), func(search.Probe) *search.Sketch { return sketch(h) })
	i := slices.IndexFunc(probes, func(p search.Probe) bool {
		return p.Outcome == o && p.Stage == search.Systematic && strings.Contains(p.Target, target)
	})
	require.GreaterOrEqual(t, i, 0, "%s: %s", target, o)
	return probes[i]
}

// What a write is for goes while it is on its way: the object of its name, if a user has
// made that, or else what a user has made last.
func TestDeletedMidway(t *testing.T) {
	h := happened()
	for i := range h.Commits {
		if h.Commits[i].User {
			h.Commits[i].Process = "user-1"
		}
	}
	p := probeOf(t, h, search.DeletedMidway, "create secrets default/a")
	require.Len(t, p.Faults, 1)
	assert.Equal(t, faults.Hold, p.Faults[0].Kind)
	assert.Equal(t, 11*time.Second, p.Faults[0].Until)
	assert.Equal(t, []search.Edit{{At: 10500 * time.Millisecond, Resource: "configmaps", Namespace: "default", Name: "a", Delete: true}}, p.Edits)
	for _, p := range all(t, search.New(world, baseline()), nothingNew) {
		assert.NotEqual(t, search.DeletedMidway, p.Outcome, "where users do what they were told, nobody else does more")
	}
}

// A controller that sees neither that a ConfigMap has gone nor that there is another one
// of its name, nor the Secret that came and went meanwhile.
func TestReplacedUnseen(t *testing.T) {
	h := &history{}
	h.call(time.Second, "list", "configmaps", "", 200).call(1100*time.Millisecond, "watch", "configmaps", "", 200).
		call(2*time.Second, "watch", "secrets", "", 200).
		commit(9*time.Second, "user", "a", false, true).
		commit(10*time.Second, "controller", "s", false, true).
		commit(30*time.Second, "user", "a", true, false).
		commit(31*time.Second, "gc", "s", true, false).
		commit(32*time.Second, "user", "a", false, true)
	h.Commits[1].Resource, h.Commits[3].Resource = "secrets", "secrets"
	p := probeOf(t, &h.History, search.Replaced, "removed by a user, default/a at 30s")
	var told []string
	for _, r := range p.Faults {
		told = append(told, fmt.Sprintf("%s %v %s-%s", r.Kind, r.Resources, r.From+r.Delay.Min, r.Until))
	}
	assert.Equal(t, []string{
		"watch-expired [secrets] 9.97s-2.1s", "hold [secrets] 9.97s-32.2s", // before the Secret is made
		"watch-expired [configmaps] 29.97s-1.2s", "hold [configmaps] 29.97s-32.2s",
		"history-forgotten [secrets configmaps] 32.1s-0s",
	}, told)
}

// A restart finds one of two objects, and one list comes late.
func TestALateListAfterARemoval(t *testing.T) {
	h := &history{*happened()}
	h.commit(36*time.Second, "user", "b", false, true).commit(50*time.Second, "user", "a", true, false)
	p := probeOf(t, &h.History, search.LateAfterRemoval, "list configmaps")
	require.Len(t, p.Faults, 2)
	assert.Equal(t, 51*time.Second, p.Faults[0].From)
	assert.Equal(t, []string{"configmaps"}, p.Faults[1].Resources)
	for _, p := range all(t, search.New(world, baseline()), nothingNew) {
		assert.NotEqual(t, search.LateAfterRemoval, p.Outcome, "nothing else is there when the only one goes")
	}
}
