package globalnet

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/internal/modeltest"
)

// Goal: a rule without a claim, a claim given back under its rule, and packets led
// nowhere or elsewhere are seen. Method: the story of one pod behind a headless
// service, told with its rules in the right and in the wrong order.

// leads puts the rule for an IP of a GlobalIngressIP in place on the teller's machine,
// or takes it away if target is empty.
func (t teller) leads(ip, key, target string) {
	value := ""
	if target != "" {
		value = key + " " + target
	}
	t.Seq++
	t.Now += time.Millisecond
	t.HostChanges = append(t.HostChanges, model.HostChange{Seq: t.Seq, At: t.Now, Process: t.Process, Kind: HostRule, Name: ip, Value: value})
}

func TestRules(t *testing.T) {
	const key, podIP = "ns/pod-db-0", "10.244.0.9"
	for name, c := range map[string]struct {
		tell             func(s *story)
		claimed, correct model.Status
	}{
		"claimed, then led": {func(s *story) {
			s.controller().claim(first, key)
			s.controller().leads(first, key, podIP)
		}, model.Held, model.Held},
		"led before it is claimed": {func(s *story) {
			s.controller().leads(first, key, podIP)
			s.controller().claim(first, key)
		}, model.Violated, model.Held},
		"led for another": {func(s *story) {
			s.controller().claim(first, key)
			s.controller().leads(first, "ns/pod-db-1", podIP)
		}, model.Violated, model.Violated},
		"given back, then taken down": {func(s *story) {
			s.controller().claim(first, key)
			s.controller().leads(first, key, podIP)
			s.controller().unclaim(first)
			s.controller().leads(first, key, "")
		}, model.Violated, model.Violated},
		"taken down, then given back": {func(s *story) {
			s.controller().claim(first, key)
			s.controller().leads(first, key, podIP)
			s.controller().leads(first, key, "")
			s.controller().status(key, "")
			s.controller().unclaim(first)
		}, model.Held, model.Held},
		"a user took the claim": {func(s *story) {
			s.controller().claim(first, key)
			s.controller().leads(first, key, podIP)
			s.user().unclaim(first)
			s.controller().leads(first, key, podIP)
			s.controller().claim(first, key)
		}, model.Held, model.Held},
		"a user took the claim, and another got it": {func(s *story) {
			s.controller().claim(first, key)
			s.controller().leads(first, key, podIP)
			s.user().unclaim(first)
			s.controller().claim(first, "ns/pod-db-1")
			s.Wait(quorumAge)
			s.controller().leads(first, key, podIP)
		}, model.Violated, model.Violated},
		"another replica gave the claim back a moment ago": {func(s *story) {
			s.controller().claim(first, key)
			s.process("other").unclaim(first)
			s.controller().leads(first, key, podIP)
			s.controller().claim(first, key)
		}, model.Held, model.Held},
		"another replica gave the claim back long ago": {func(s *story) {
			s.controller().claim(first, key)
			s.process("other").unclaim(first)
			s.Wait(quorumAge)
			s.controller().leads(first, key, podIP)
			s.controller().claim(first, key)
		}, model.Violated, model.Held},
		"never led": {func(s *story) { s.controller().claim(first, key) }, model.Held, model.Violated},
		"led elsewhere": {func(s *story) {
			s.controller().claim(first, key)
			s.controller().leads(first, key, "10.244.0.77")
		}, model.Held, model.Violated},
		"left behind on a machine that is up": {func(s *story) {
			s.controller().claim(first, key)
			s.controller().leads(first, key, podIP)
			s.process("other").leads(second, key, podIP)
		}, model.Violated, model.Violated},
	} {
		t.Run(name, func(t *testing.T) {
			s := headlessStory()
			c.tell(s)
			h := s.Done()
			h.Metrics = []model.Metric{{Process: "controller"}, {Process: "other"}} // both are up in the end
			result := modeltest.Check(rulesClaimed(), h)
			assert.Equal(t, c.claimed, result.Status, result.Message)
			result = modeltest.Check(rulesTrue(), h)
			assert.Equal(t, c.correct, result.Status, result.Message)
		})
	}
}

// A dead machine leads nobody, and without a calm phase nothing is decided.
func TestRulesOfTheDead(t *testing.T) {
	s := headlessStory()
	s.controller().claim(first, "ns/pod-db-0")
	s.controller().leads(first, "ns/pod-db-0", "10.244.0.9")
	s.process("other").leads(second, "ns/pod-db-0", "10.244.0.9")
	h := s.Done()
	h.Metrics = []model.Metric{{Process: "controller"}}
	assert.Equal(t, model.Held, modeltest.Check(rulesTrue(), h).Status)

	h.Ended = h.Cleared
	assert.Equal(t, model.Undecided, modeltest.Check(rulesTrue(), h).Status)
}
