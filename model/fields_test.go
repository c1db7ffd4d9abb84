package model_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatrial/seatrial/model"
)

// Goal: laws about a field, and about harm that passes. Method: histories of ConfigMaps,
// one that keeps each law for each that breaks it, and what each law excuses.

func withData(key, value string) func(*corev1.ConfigMap) {
	return func(cm *corev1.ConfigMap) {
		if cm.Data == nil {
			cm.Data = map[string]string{}
		}
		cm.Data[key] = value
	}
}

func ownedBy(owner *corev1.ConfigMap) func(*corev1.ConfigMap) {
	return func(cm *corev1.ConfigMap) {
		cm.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(owner, corev1.SchemeGroupVersion.WithKind("ConfigMap"))}
	}
}

// byUser makes the last commit a user's.
func (s *store) byUser() *store {
	s.Commits[len(s.Commits)-1].User = true
	return s
}

func TestLawsAboutFields(t *testing.T) {
	unique, stable := model.Unique("configmaps", "data.ip"), model.Stable("configmaps", "data.ip")
	for _, c := range []struct {
		name, message string
		law           model.Property
		history       *store
		explanation   string
	}{
		{"each its own", "", unique, newStore().put("a", withData("ip", "1")).put("b", withData("ip", "2")), "two values, two owners"},
		{"given twice", `configmaps default/a and configmaps default/b both have data.ip "1"`, unique,
			newStore().put("a", withData("ip", "1")).put("b", withData("ip", "1")).put("b", withData("ip", "2")), "that it is mended later does not undo it"},
		{"given on", "", unique, newStore().put("a", withData("ip", "1")).remove("a").put("b", withData("ip", "1")), "whose owner has gone is free"},
		{"empty", "", unique, newStore().put("a", withData("ip", "")).put("b", withData("ip", "")), "nothing is nobody's"},
		{"kept", "", stable, newStore().put("a", withData("ip", "1")).put("a", withData("other", "2")), "other fields may change"},
		{"changed", `configmaps default/a had data.ip "1" and has "2"`, stable, newStore().put("a", withData("ip", "1")).put("a", withData("ip", "2")), "a process under test changed it"},
		{"cleared", `configmaps default/a had data.ip "1" and has ""`, stable, newStore().put("a", withData("ip", "1")).put("a", func(cm *corev1.ConfigMap) { cm.Data = nil }), "to clear it is to change it"},
		{"changed by a user", "", stable, newStore().put("a", withData("ip", "1")).put("a", withData("ip", "2")).byUser(), "it is the user's own"},
		{"made anew", "", stable, newStore().put("a", withData("ip", "1")).remove("a").put("a", withData("ip", "2")), "another object of that name"},
	} {
		t.Run(c.name, func(t *testing.T) { assertLaw(t, c.law, c.history, c.message, c.explanation) })
	}
}

func TestHarmThatPasses(t *testing.T) {
	owned := func() (*store, *corev1.ConfigMap) {
		s := newStore().put("owner", func(*corev1.ConfigMap) {})
		owner := s.current["owner"]
		return s.put("child", ownedBy(owner)), owner
	}
	stays := model.Stays("configmaps", nil)
	entries := model.EntriesStay("configmaps", "data", func(s *model.State, key string) bool { return s.Get("configmaps", "default", key) != nil })

	again, owner := owned()
	again.remove("child").put("child", ownedBy(owner))
	assertLaw(t, stays, again, "configmaps default/child was deleted, and is needed", "that it comes back does not undo it")

	byUser, _ := owned()
	byUser.remove("child").byUser()
	assertLaw(t, stays, byUser, "", "a user may delete what a controller made")

	after, _ := owned()
	after.remove("owner").remove("child")
	assertLaw(t, stays, after, "", "whose owner has gone is not needed")

	table := newStore().put("shop", func(*corev1.ConfigMap) {}).put("table", withData("shop", "10.0.0.1")).
		put("table", func(cm *corev1.ConfigMap) { cm.Data = nil }).put("table", withData("shop", "10.0.0.1"))
	assertLaw(t, entries, table, "configmaps default/table: the entry shop of data was taken out, and is needed", "a route was gone for a moment")

	gone := newStore().put("shop", func(*corev1.ConfigMap) {}).put("table", withData("shop", "10.0.0.1")).
		remove("shop").put("table", func(cm *corev1.ConfigMap) { cm.Data = nil })
	assertLaw(t, entries, gone, "", "what it led to has gone before")
}

func assertLaw(t *testing.T, law model.Property, s *store, message, explanation string) {
	t.Helper()
	result := law.Check(&s.History)
	want := model.Held
	if message != "" {
		want = model.Violated
	}
	assert.Equal(t, want, result.Status, "%s: %s", explanation, result.Message)
	assert.Equal(t, message, result.Message)
}

// Which address an object has may depend on timing; that two have the same may not.
func TestABaselineUpToNames(t *testing.T) {
	baseline := newStore().put("a", withData("ip", "1")).put("b", withData("ip", "2")).end()
	o := model.BaselineOptions{Baselines: []*model.History{baseline}, Rename: []string{"configmaps: data.ip"}}
	for _, c := range []struct {
		name    string
		run     *store
		status  model.Status
		message string
	}{
		{"swapped", newStore().put("a", withData("ip", "2")).put("b", withData("ip", "1")), model.Held, ""},
		{"others", newStore().put("a", withData("ip", "7")).put("b", withData("ip", "8")), model.Held, ""},
		{"the same", newStore().put("a", withData("ip", "1")).put("b", withData("ip", "1")), model.Violated, `configmaps default/b: data.ip is "1", and in fair weather "2"`},
		{"none", newStore().put("a", withData("ip", "1")).put("b", withData("other", "1")), model.Violated, `configmaps default/b: data.ip is not there, and in fair weather "2"`},
	} {
		result := model.LikeBaseline(o).Check(c.run.end())
		assert.Equal(t, c.status, result.Status, "%s: %s", c.name, result.Message)
		assert.Contains(t, result.Message, c.message, c.name)
	}
}

// A restart at rest: the store writes once a second, so what was written third came at 3s.
func TestRestLasts(t *testing.T) {
	law := model.RestLasts(3 * time.Second)
	rest := func() *store { return newStore().put("a", withData("ip", "1")).put("b", withData("ip", "2")) }
	assertLaw(t, law, &store{History: *rest().end()}, "", "nothing came after")
	assertLaw(t, law, &store{History: *rest().put("a", withData("ip", "3")).byUser().end()}, "", "a user did it")
	late := law.Check(rest().put("a", withData("ip", "3")).end())
	assert.Equal(t, model.Violated, late.Status)
	assert.Contains(t, late.Message, "after a restart at rest, at 3s: revision 3 at 3s: controller updated configmaps default/a")
	assert.Equal(t, model.Undecided, law.Check(&model.History{Ended: time.Second}).Status, "it ended before")
}
