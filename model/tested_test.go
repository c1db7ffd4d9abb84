package model_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/model"
)

// Goal: a law tells when it held of nothing, what is to be seen once is told apart, and a
// law that panics is no pass. Method: histories of ConfigMaps with and without what the
// law is about.

func judged(t *testing.T, law model.Property, s *store) model.PropertyResult {
	t.Helper()
	results := model.Judge(s.end(), []model.Property{law}).Results
	require.Len(t, results, 1)
	return results[0]
}

func TestLawsThatHeldOfNothing(t *testing.T) {
	nothing := func() *store { return newStore() }
	something := func() *store { return newStore().put("a", data("x")) }
	of := func(s *model.State) error { _ = s.List("configmaps"); return nil }
	gets := func(s *model.State) error { _ = s.Get("configmaps", "default", "b"); return nil }
	remains := map[string]model.Property{}
	for _, p := range model.Remains() {
		remains[p.Name] = p
	}
	for _, c := range []struct {
		name     string
		law      model.Property
		history  *store
		untested bool
	}{
		{"always, and there is one", model.Always("law", "", of), something(), false},
		{"always, of another resource", model.Always("law", "", func(s *model.State) error { _ = s.List("secrets"); return nil }), something(), true},
		{"always, one by name", model.Always("law", "", gets), newStore().put("b", data("x")), false},
		{"always, another name", model.Always("law", "", gets), something(), true},
		{"always, and it asks for nothing", model.Always("law", "", func(*model.State) error { return nil }), something(), false},
		{"eventually, and it is gone", model.Eventually("law", "", of), something().remove("a"), true},
		{"eventually, and it is there", model.Eventually("law", "", of), something(), false},
		{"unique", model.Unique("configmaps", "data.ip"), something(), false},
		{"unique, and there is none", model.Unique("configmaps", "data.ip"), nothing(), true},
		{"no orphans, and nobody owns anything", remains["no-orphans"], something(), true},
		{"no orphans, and one has an owner", remains["no-orphans"], newStore().put("a", data("x")).put("b", owned("a", 1)), false},
		{"finalizers, and nothing is deleted", remains["finalizers-removed"], something(), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := judged(t, c.law, c.history)
			require.Equal(t, model.Held, r.Status, r.Message)
			assert.Equal(t, c.untested, r.Untested)
		})
	}
}

func TestSometimes(t *testing.T) {
	two := model.Sometimes("two-at-a-time", "There are two at a time.", func(s *model.State) bool { return len(s.List("configmaps")) > 1 })
	r := judged(t, two, newStore().put("a", data("x")).remove("a").put("b", data("x")))
	assert.Equal(t, model.Result{Status: model.Held, Sometimes: true, Untested: true}, r.Result, "no run violates it")
	r = judged(t, two, newStore().put("a", data("x")).put("b", data("x")).remove("a"))
	assert.Equal(t, model.Result{Status: model.Held, Sometimes: true}, r.Result, "once is enough")
}

func TestALawThatPanics(t *testing.T) {
	law := model.Always("law", "", func(s *model.State) error {
		return s.List("configmaps")[7].(error)
	})
	v := model.Judge(newStore().put("a", data("x")).end(), []model.Property{law})
	assert.Equal(t, model.VerdictInconclusive, v.Kind, "it is no pass")
	assert.Regexp(t, `^the law panics: .*index out of range \[7\].* \(.*TestALawThatPanics.*, tested_test\.go:\d+\)$`, v.Message)
}
