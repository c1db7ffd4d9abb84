package model

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
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
	t.seq++
	t.now += time.Millisecond
	t.HostChanges = append(t.HostChanges, HostChange{Seq: t.seq, At: t.now, Process: t.process, Kind: HostRule, Name: ip, Value: value})
}

func TestRules(t *testing.T) {
	const key, podIP = "ns/pod-db-0", "10.244.0.9"
	for name, c := range map[string]struct {
		tell             func(s *story)
		claimed, correct Status
	}{
		"claimed, then led": {func(s *story) {
			s.controller().claim(first, key)
			s.controller().leads(first, key, podIP)
		}, Held, Held},
		"led before it is claimed": {func(s *story) {
			s.controller().leads(first, key, podIP)
			s.controller().claim(first, key)
		}, Violated, Held},
		"led for another": {func(s *story) {
			s.controller().claim(first, key)
			s.controller().leads(first, "ns/pod-db-1", podIP)
		}, Violated, Violated},
		"given back, then taken down": {func(s *story) {
			s.controller().claim(first, key)
			s.controller().leads(first, key, podIP)
			s.controller().unclaim(first)
			s.controller().leads(first, key, "")
		}, Violated, Violated},
		"taken down, then given back": {func(s *story) {
			s.controller().claim(first, key)
			s.controller().leads(first, key, podIP)
			s.controller().leads(first, key, "")
			s.controller().status(key, "")
			s.controller().unclaim(first)
		}, Held, Held},
		"a user took the claim": {func(s *story) {
			s.controller().claim(first, key)
			s.controller().leads(first, key, podIP)
			s.user().unclaim(first)
			s.controller().leads(first, key, podIP)
			s.controller().claim(first, key)
		}, Held, Held},
		"a user took the claim, and another got it": {func(s *story) {
			s.controller().claim(first, key)
			s.controller().leads(first, key, podIP)
			s.user().unclaim(first)
			s.controller().claim(first, "ns/pod-db-1")
			s.wait(quorumAge)
			s.controller().leads(first, key, podIP)
		}, Violated, Violated},
		"another replica gave the claim back a moment ago": {func(s *story) {
			s.controller().claim(first, key)
			s.process("other").unclaim(first)
			s.controller().leads(first, key, podIP)
			s.controller().claim(first, key)
		}, Held, Held},
		"another replica gave the claim back long ago": {func(s *story) {
			s.controller().claim(first, key)
			s.process("other").unclaim(first)
			s.wait(quorumAge)
			s.controller().leads(first, key, podIP)
			s.controller().claim(first, key)
		}, Violated, Held},
		"never led": {func(s *story) { s.controller().claim(first, key) }, Held, Violated},
		"led elsewhere": {func(s *story) {
			s.controller().claim(first, key)
			s.controller().leads(first, key, "10.244.0.77")
		}, Held, Violated},
		"left behind on a machine that is up": {func(s *story) {
			s.controller().claim(first, key)
			s.controller().leads(first, key, podIP)
			s.process("other").leads(second, key, podIP)
		}, Violated, Violated},
	} {
		t.Run(name, func(t *testing.T) {
			s := headlessStory()
			c.tell(s)
			h := s.end()
			h.Metrics = []Metric{{Process: "controller"}, {Process: "other"}} // both are up in the end
			result := check(rulesClaimed(), h)
			assert.Equal(t, c.claimed, result.Status, result.Message)
			result = check(rulesTrue(), h)
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
	h := s.end()
	h.Metrics = []Metric{{Process: "controller"}}
	assert.Equal(t, Held, check(rulesTrue(), h).Status)

	h.Ended = h.Cleared
	assert.Equal(t, Undecided, check(rulesTrue(), h).Status)
}
