package model_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/internal/modeltest"
)

// Goal: what judges the end state of any controller, and the laws that a user
// adds. Method: histories of ConfigMaps and a custom resource, made by hand, an
// ok and a bad one for each property.

// store writes commits the way a server would, one a second.
type store struct {
	model.History
	current map[string]*corev1.ConfigMap
}

func newStore() *store { return &store{current: map[string]*corev1.ConfigMap{}} }

func (s *store) put(name string, change func(*corev1.ConfigMap)) *store {
	old := s.current[name]
	next := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Namespace: "default", Name: name, UID: uidOf(len(s.Commits)), ResourceVersion: fmt.Sprint(len(s.Commits) + 1),
	}}
	if old != nil {
		next = old.DeepCopy()
	}
	change(next)
	s.current[name] = next
	commit := model.Commit{Resource: "configmaps", Version: "v1", Namespace: "default", Name: name, UID: string(next.UID), New: next}
	if old != nil {
		commit.Old = old
	}
	return s.commit(commit)
}

func (s *store) remove(name string) *store {
	old := s.current[name]
	delete(s.current, name)
	return s.commit(model.Commit{Resource: "configmaps", Version: "v1", Namespace: "default", Name: name, UID: string(old.UID), Old: old})
}

func (s *store) commit(c model.Commit) *store {
	n := len(s.Commits) + 1
	c.Seq, c.Revision, c.At, c.CallID, c.Process = uint64(n), uint64(n), time.Duration(n)*time.Second, uint64(n), "controller"
	s.Commits = append(s.Commits, c)
	return s
}

func (s *store) end() *model.History {
	s.Cleared = time.Duration(len(s.Commits)) * time.Second
	s.Ended = s.Cleared + time.Minute
	return &s.History
}

func uidOf(n int) types.UID { return types.UID(fmt.Sprintf("00000000-0000-4000-8000-%012d", n)) }

func data(value string) func(*corev1.ConfigMap) {
	return func(cm *corev1.ConfigMap) { cm.Data = map[string]string{"page": value} }
}

func owned(by string, n int) func(*corev1.ConfigMap) {
	return func(cm *corev1.ConfigMap) {
		cm.OwnerReferences = []metav1.OwnerReference{{Kind: "ConfigMap", APIVersion: "v1", Name: by, UID: uidOf(n)}}
		cm.Finalizers = []string{"example.com/keep"}
	}
}

func dying(cm *corev1.ConfigMap) {
	now := metav1.Now()
	cm.DeletionTimestamp, cm.Finalizers = &now, []string{"example.com/keep"}
}

func waiting(cm *corev1.ConfigMap) {
	dying(cm)
	cm.Finalizers = []string{"foregroundDeletion"}
}

func TestRemains(t *testing.T) {
	for _, c := range []struct {
		name, property, explanation string
		h                           *model.History
		message                     string
	}{
		{"owner there", "no-orphans", "", newStore().put("a", data("x")).put("b", owned("a", 0)).end(), ""},
		{"owner gone", "no-orphans", "the child is held by a finalizer", newStore().put("a", data("x")).put("b", owned("a", 0)).remove("a").end(),
			"configmaps default/b is still there (finalizers example.com/keep), and its owner is not: ConfigMap a (uid 00000000-0000-4000-8000-000000000000)"},
		{"owner made anew", "no-orphans", "a namesake is no owner", newStore().put("a", data("x")).put("b", owned("a", 0)).remove("a").put("a", data("x")).end(),
			"configmaps default/b is still there (finalizers example.com/keep), and its owner is not: ConfigMap a (uid 00000000-0000-4000-8000-000000000000)"},
		{"removed", "finalizers-removed", "", newStore().put("a", data("x")).put("a", dying).remove("a").end(), ""},
		{"held", "finalizers-removed", "", newStore().put("a", data("x")).put("a", dying).end(), "configmaps default/a was deleted and is still held by example.com/keep"},
		{"one waits for another", "finalizers-removed", "what holds the other up is the cause", newStore().put("a", data("x")).put("b", data("x")).put("a", waiting).put("b", dying).end(),
			"configmaps default/b was deleted and is still held by example.com/keep"},
		{"waits for nobody", "finalizers-removed", "", newStore().put("a", data("x")).put("a", waiting).end(), "configmaps default/a was deleted and is still held by foregroundDeletion"},
	} {
		t.Run(c.property+" "+c.name, func(t *testing.T) {
			modeltest.AssertLiveness(t, modeltest.ByName(t, model.Remains(), c.property), c.h, c.message, c.explanation)
		})
	}
}

func TestNoWallClock(t *testing.T) {
	at := func(text string) *model.History {
		return newStore().put("a", func(cm *corev1.ConfigMap) { cm.Data = map[string]string{"since": text} }).end()
	}
	clock := modeltest.ByName(t, model.Remains(), "no-wall-clock")
	assert.Equal(t, model.Held, modeltest.Check(clock, at("2000-01-01T00:00:01Z")).Status)
	assert.Equal(t, model.Held, modeltest.Check(clock, at("2010-01-01T00:00:01Z")).Status, "a certificate, perhaps")
	assert.Equal(t, model.Held, modeltest.Check(clock, at("on 2026-01-01T00:00:01Z")).Status, "prose")
	byUser := at("2026-01-01T00:00:01Z")
	byUser.Commits[0].User = true
	assert.Equal(t, model.Held, modeltest.Check(clock, byUser).Status, "users may write what they like")
	result := modeltest.Check(clock, at("2026-01-01T00:00:01Z"))
	assert.Equal(t, model.Violated, result.Status)
	assert.Equal(t, "data.since of configmaps default/a is 2026-01-01T00:00:01Z, while it was 2000-01-01T00:00:01Z in the run: it was read from the wall clock, or from outside", result.Message)
}

// What was asked to be deleted in the last half minute may still be under way.
func TestADeletionUnderWayIsNotHeld(t *testing.T) {
	s := newStore().put("a", data("x")).put("a", dying)
	h := s.end()
	h.Commits[1].At = h.Ended - 29*time.Second
	assert.Equal(t, model.Held, modeltest.ByName(t, model.Remains(), "finalizers-removed").Check(h).Status)
}

func TestLikeBaseline(t *testing.T) {
	twin := func() *store { return newStore().put("a", data("x")).put("b", data("y")) }
	note := func(text string) func(*corev1.ConfigMap) {
		return func(cm *corev1.ConfigMap) { cm.Annotations = map[string]string{"note": text} }
	}
	many := func(text string) func(*corev1.ConfigMap) {
		return func(cm *corev1.ConfigMap) { cm.Data = map[string]string{"one": text, "three": text, "two": text} }
	}
	generated := func(suffix string) func(*corev1.ConfigMap) {
		return func(cm *corev1.ConfigMap) { cm.GenerateName, cm.Name = "pod-", "pod-"+suffix }
	}
	for _, c := range []struct {
		name, explanation string
		o                 model.BaselineOptions
		h                 *model.History
		message           string
	}{
		{"same by another way", "uids, versions and order differ", model.BaselineOptions{Baselines: []*model.History{twin().end()}},
			newStore().put("b", data("z")).put("a", data("x")).remove("b").put("b", data("y")).end(), ""},
		{"missing", "", model.BaselineOptions{Baselines: []*model.History{twin().end()}}, newStore().put("a", data("x")).end(),
			"configmaps default/b: there is none, and in fair weather is one"},
		{"left over", "", model.BaselineOptions{Baselines: []*model.History{twin().end()}}, twin().put("c", data("z")).end(),
			"configmaps default/c: there is one, and in fair weather is none"},
		{"another content", "", model.BaselineOptions{Baselines: []*model.History{twin().end()}}, twin().put("a", data("z")).end(),
			`configmaps default/a: data.page is "z", and in fair weather "x"`},
		{"ignored field", "", model.BaselineOptions{Baselines: []*model.History{twin().end()}, Ignore: []string{"configmaps: data"}}, twin().put("a", data("z")).end(), ""},
		{"ignored resource", "", model.BaselineOptions{Baselines: []*model.History{twin().end()}, Ignore: []string{"configmaps"}}, newStore().end(), ""},
		{"ignored elsewhere", "of another modeltest.Resource", model.BaselineOptions{Baselines: []*model.History{twin().end()}, Ignore: []string{"secrets: data"}}, twin().put("a", data("z")).end(),
			`configmaps default/a: data.page is "z", and in fair weather "x"`},
		{"times", "they are never the same", model.BaselineOptions{Baselines: []*model.History{twin().put("a", note("2000-01-01T00:00:01Z")).end()}}, twin().put("a", note("2000-01-01T00:00:02Z")).end(), ""},
		{"uids", "those of the same object", model.BaselineOptions{Baselines: []*model.History{twin().put("a", note("of "+string(uidOf(1)))).end()}},
			newStore().put("b", data("y")).put("a", data("x")).put("a", note("of "+string(uidOf(0)))).end(), ""},
		{"generated names", "they are the same but for the suffix", model.BaselineOptions{Baselines: []*model.History{newStore().put("pod-aaaaa", generated("aaaaa")).put("b", note("pod-aaaaa")).end()}},
			newStore().put("pod-bbbbb", generated("bbbbb")).put("b", note("pod-bbbbb")).end(), ""},
		{"names made up by the subject", "five random letters, one within the other", model.BaselineOptions{Baselines: []*model.History{newStore().put("set-bcdfg", data("x")).put("set-bcdfg-24567", data("y")).put("b", note("set-bcdfg-24567 of set-bcdfg")).end()}},
			newStore().put("set-xwvts", data("x")).put("set-xwvts-98765", data("y")).put("b", note("set-xwvts-98765 of set-xwvts")).end(), ""},
		{"names with vowels", "are nobody's random letters", model.BaselineOptions{Baselines: []*model.History{newStore().put("set-aaaaa", data("x")).end()}},
			newStore().put("set-eeeee", data("x")).end(), "configmaps default/set-aaaaa: there is none, and in fair weather is one; configmaps default/set-eeeee: there is one, and in fair weather is none"},
		{"one generated too many", "", model.BaselineOptions{Baselines: []*model.History{newStore().put("pod-aaaaa", generated("aaaaa")).end()}},
			newStore().put("pod-bbbbb", generated("bbbbb")).put("pod-ccccc", generated("ccccc")).end(),
			"configmaps default/pod-*: there are 2, and in fair weather is one"},
		{"stuck", "an object with many fields of its own says since when", model.BaselineOptions{Baselines: []*model.History{twin().put("a", many("1")).end()}}, twin().put("a", many("2")).put("c", data("z")).end(),
			`configmaps default/a: data.one is "2", and in fair weather "1"; and 2 more of its fields; it is as it has been since revision 3 at 3s: controller updated configmaps default/a (call 3); configmaps default/c: there is one, and in fair weather is none`},
		{"twins differ", "the story does not determine it", model.BaselineOptions{Baselines: []*model.History{twin().end(), twin().put("a", data("w")).end()}}, twin().put("a", data("z")).end(), ""},
		{"twins differ elsewhere", "", model.BaselineOptions{Baselines: []*model.History{twin().end(), twin().put("b", data("w")).end()}}, twin().put("a", data("z")).end(),
			`configmaps default/a: data.page is "z", and in fair weather "x"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			modeltest.AssertLiveness(t, model.LikeBaseline(c.o), c.h, c.message, c.explanation)
		})
	}
}

func TestWithoutATwinNothingIsDecided(t *testing.T) {
	assert.Equal(t, model.Undecided, modeltest.Check(model.LikeBaseline(model.BaselineOptions{}), newStore().end()).Status)
}

func TestLaws(t *testing.T) {
	short := func(s *model.State) error {
		for _, cm := range model.Objects[*corev1.ConfigMap](s, "configmaps") {
			if len(cm.Data["page"]) > 3 {
				return fmt.Errorf("%s is too long", cm.Name)
			}
		}
		return nil
	}
	passing := newStore().put("a", data("long")).put("a", data("x")).end()
	always := modeltest.Check(model.Always("short-pages", "Pages are short.", short), passing)
	assert.Equal(t, model.Violated, always.Status)
	assert.EqualValues(t, 1, always.Culprit.Revision, "the very commit is named")
	assert.Equal(t, model.Held, modeltest.Check(model.Eventually("short-pages", "Pages are short.", short), passing).Status, "in the end they are")
	assert.Equal(t, model.Violated, modeltest.Check(model.Eventually("short-pages", "Pages are short.", short), newStore().put("a", data("long")).end()).Status)

	shrinks := model.EveryChange("never-shorter", "Pages only grow.", func(c model.Transition) error {
		old, _ := c.Old.(*corev1.ConfigMap)
		next, _ := c.New.(*corev1.ConfigMap)
		if old != nil && next != nil && len(next.Data["page"]) < len(old.Data["page"]) {
			return errors.New("it became shorter")
		}
		return nil
	})
	result := modeltest.Check(shrinks, passing)
	assert.Equal(t, "it became shorter", result.Message)
	assert.EqualValues(t, 2, result.Culprit.Revision)
}

func TestStateShowsCustomResourcesAsTheirGoType(t *testing.T) {
	custom := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "a", "namespace": "default"}, "data": map[string]any{"page": "x"},
	}}
	s := newStore().commit(model.Commit{Group: "example.com", Resource: "pages", Namespace: "default", Name: "a", New: custom}).end().End()
	pages := model.Objects[*corev1.ConfigMap](s, "pages.example.com")
	require.Len(t, pages, 1)
	assert.Equal(t, "x", pages[0].Data["page"])
	assert.Equal(t, []string{"pages.example.com"}, s.Resources())
	assert.Nil(t, s.Get("pages.example.com", "default", "b"))
	assert.PanicsWithValue(t, "model: objects of configmaps are *v1.ConfigMap, not *v1.Secret", func() {
		model.Objects[*corev1.Secret](newStore().put("a", data("x")).end().End(), "configmaps")
	})
}

// A register per object: a read must see what was last written.
func TestLinearizable(t *testing.T) {
	register := porcupine.Model{
		Init: func() any { return "" },
		Step: func(state, input, output any) (bool, any) {
			if written, ok := strings.CutPrefix(input.(string), "write "); ok {
				return true, written
			}
			return output == state, state
		},
	}
	read := func(h *model.History) ([]porcupine.Operation, error) {
		var out []porcupine.Operation
		for i := range h.Calls {
			c := &h.Calls[i]
			out = append(out, c.Operation(i, c.Query, c.Error))
		}
		return out, nil
	}
	call := func(id uint64, input, output string) model.Call {
		return model.Call{ID: id, CallSeq: 2 * id, ReturnSeq: 2*id + 1, Query: input, Error: output, Outcome: model.OK}
	}
	property := model.Linearizable("register", "A read sees what was written.", register, read)
	good := &model.History{Calls: []model.Call{call(1, "write x", ""), call(2, "read", "x")}}
	assert.Equal(t, model.Held, modeltest.Check(property, good).Status)
	bad := &model.History{Calls: []model.Call{call(1, "write x", ""), call(2, "read", "x"), call(3, "read", "y"), call(4, "read", "z")}}
	result := modeltest.Check(property, bad)
	assert.Equal(t, model.Violated, result.Status)
	assert.EqualValues(t, 7, result.Culprit.Seq, "the first answer that no order explains")
	assert.NoError(t, result.Visualize(new(strings.Builder)))
	unread := model.Linearizable("register", "A read sees what was written.", register, func(*model.History) ([]porcupine.Operation, error) { return nil, errors.New("no body") })
	assert.Equal(t, model.Undecided, modeltest.Check(unread, good).Status)
}

// A law about nothing would hold of anything.
func TestALawThatAsksForWhatIsNotThereIsUndecided(t *testing.T) {
	h := &model.History{Ended: time.Minute, Serves: func(resource string) bool { return resource == "configmaps" }}
	h.Commits = []model.Commit{{Resource: "configmaps", Name: "a", New: &corev1.ConfigMap{}}}
	law := func(resource string) model.Law {
		return func(s *model.State) error { s.List(resource); return nil }
	}
	for _, p := range []func(string) model.Property{
		func(r string) model.Property { return model.Always("law", "", law(r)) },
		func(r string) model.Property { return model.Eventually("law", "", law(r)) },
		func(r string) model.Property {
			return model.EveryChange("law", "", func(c model.Transition) error { return law(r)(c.Before) })
		},
	} {
		assert.Equal(t, model.Held, p("configmaps").Check(h).Status)
		result := p("configmap").Check(h)
		assert.Equal(t, model.Undecided, result.Status)
		assert.Contains(t, result.Message, `asks for "configmap", which the cluster has not`)
	}
}
