package faults_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/faults"
)

// The schedule is what turns a scenario's rules into fates. Each field that narrows
// a rule gets a call on either side of its edge, first alone and then against a
// plain reading of all rules, because the index skips most of them.

// never and always draw the two ends of [0, 1).
func always(string, string) float64 { return 0 }
func never(string, string) float64  { return 0.999 }

var read = faults.Call{Process: "controller-1", Verb: "get", Resource: "services", Namespace: "shop", Name: "api", Nth: 2, At: 30 * time.Second}

func TestARuleSelectsCalls(t *testing.T) {
	for name, c := range map[string]struct {
		rule faults.Rule
		call func(c *faults.Call)
		want bool
	}{
		"everything":                {faults.Rule{}, nil, true},
		"no user without a process": {faults.Rule{}, func(c *faults.Call) { c.User = true }, false},
		"a user by name":            {faults.Rule{Match: faults.Match{Process: "alice"}}, func(c *faults.Call) { c.Process, c.User = "alice", true }, true},
		"another process":           {faults.Rule{Match: faults.Match{Process: "controller-2"}}, nil, false},
		"a pattern of processes":    {faults.Rule{Match: faults.Match{Process: "controller-*"}}, nil, true},
		"one of several verbs":      {faults.Rule{Match: faults.Match{Verbs: []string{"list", "get"}}}, nil, true},
		"another verb":              {faults.Rule{Match: faults.Match{Verbs: []string{"list"}}}, nil, false},
		"read":                      {faults.Rule{Match: faults.Match{Verbs: []string{"read"}}}, nil, true},
		"a watch is a read":         {faults.Rule{Match: faults.Match{Verbs: []string{"read"}}}, func(c *faults.Call) { c.Verb = "watch" }, true},
		"a write is no read":        {faults.Rule{Match: faults.Match{Verbs: []string{"read"}}}, func(c *faults.Call) { c.Verb = "patch" }, false},
		"write":                     {faults.Rule{Match: faults.Match{Verbs: []string{"write"}}}, func(c *faults.Call) { c.Verb = "deletecollection" }, true},
		"a read is no write":        {faults.Rule{Match: faults.Match{Verbs: []string{"write"}}}, nil, false},
		"any resource":              {faults.Rule{Match: faults.Match{Resources: []string{"*"}}}, nil, true},
		"another resource":          {faults.Rule{Match: faults.Match{Resources: []string{"services/status"}}}, nil, false},
		"another namespace":         {faults.Rule{Match: faults.Match{Namespace: "default"}}, nil, false},
		"another name":              {faults.Rule{Match: faults.Match{Name: "web"}}, nil, false},
		"a pattern of names":        {faults.Rule{Match: faults.Match{Name: "a?i"}}, nil, true},
		"a bad pattern":             {faults.Rule{Match: faults.Match{Name: "[a"}}, nil, false},
		"from the second on":        {faults.Rule{Match: faults.Match{First: 2}}, nil, true},
		"from the third on":         {faults.Rule{Match: faults.Match{First: 3}}, nil, false},
		"up to the second":          {faults.Rule{Match: faults.Match{Last: 2}}, nil, true},
		"up to the first":           {faults.Rule{Match: faults.Match{Last: 1}}, nil, false},
		"a window begins closed":    {faults.Rule{From: 30 * time.Second}, nil, true},
		"before the window":         {faults.Rule{From: 30*time.Second + 1}, nil, false},
		"a window ends open":        {faults.Rule{Until: 30 * time.Second}, nil, false},
		"before the window's end":   {faults.Rule{Until: 30*time.Second + 1}, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			c.rule.ID, c.rule.Kind = "r", faults.InternalError
			call := read
			if c.call != nil {
				c.call(&call)
			}
			decided := faults.NewSchedule([]faults.Rule{c.rule}).Decide(call, always)
			assert.Equal(t, c.want, decided.Rule != nil)
		})
	}
}

// hits says which of eight calls, a second apart, the schedule's one rule decides.
func hits(s *faults.Schedule, draw faults.Draw) []int {
	var out []int
	for i := range 8 {
		call := read
		call.At = time.Duration(i) * time.Second
		if s.Decide(call, draw).Rule != nil {
			out = append(out, i)
		}
	}
	return out
}

// Limit counts what fired, Nth what was met while the rule was in force, and a
// probability leaves calls alone without using either up.
func TestARuleCounts(t *testing.T) {
	rule := faults.Rule{ID: "r", Kind: faults.InternalError, From: 2 * time.Second}
	assert.Equal(t, []int{2, 3, 4, 5, 6, 7}, hits(faults.NewSchedule([]faults.Rule{rule}), always), "probability 0 stands for 1")

	certain := rule
	certain.Probability = 1
	assert.Equal(t, []int{2, 3, 4, 5, 6, 7}, hits(faults.NewSchedule([]faults.Rule{certain}), never))

	limited := rule
	limited.Limit = 2
	s := faults.NewSchedule([]faults.Rule{limited})
	assert.Equal(t, []int{2, 3}, hits(s, always))
	assert.Equal(t, map[faults.Kind]int{faults.InternalError: 2}, s.FiredKinds())

	nth := rule
	nth.Nth = 3
	assert.Equal(t, []int{4}, hits(faults.NewSchedule([]faults.Rule{nth}), always))

	rare := rule
	rare.Probability, rare.Limit = 0.5, 1
	s = faults.NewSchedule([]faults.Rule{rare})
	assert.Empty(t, hits(s, never))
	assert.Empty(t, s.FiredKinds())
	edge := func(string, string) float64 { return 0.5 }
	assert.Empty(t, hits(s, edge), "a draw in [0, p) fires, and p itself does not")
	assert.Equal(t, []int{2}, hits(s, always))

	s = faults.NewSchedule([]faults.Rule{rule})
	s.Clear()
	assert.Empty(t, hits(s, always), "the weather has cleared")
}

// Of rules that decide, the first one does; all latency adds up beside it.
func TestLatencyAddsToWhateverElseHappens(t *testing.T) {
	slow := func(id string, low, high time.Duration) faults.Rule {
		return faults.Rule{ID: id, Kind: faults.Latency, Delay: faults.Span{Min: low, Max: high}}
	}
	s := faults.NewSchedule([]faults.Rule{
		slow("a", time.Second, time.Second),
		{ID: "timeout", Kind: faults.TimeoutApplied, Delay: faults.Span{Min: 5 * time.Second, Max: 7 * time.Second}},
		{ID: "refused", Kind: faults.ConnectionRefused},
		slow("b", 2*time.Second, 4*time.Second),
	})
	half := func(string, string) float64 { return 0.5 }
	d := s.Decide(read, half)
	assert.Equal(t, "timeout", d.Rule.ID)
	assert.Equal(t, 6*time.Second, d.Delay)
	assert.Equal(t, 4*time.Second, d.Slowdown)
	assert.Len(t, d.Slowed, 2)
	assert.Equal(t, map[faults.Kind]int{faults.Latency: 2, faults.TimeoutApplied: 1}, s.FiredKinds())
}

// A call, the watch that it opened, an event and a bookmark of that watch are asked
// about separately, and only rules for the thing in question answer.
func TestEachScopeIsAskedForItself(t *testing.T) {
	rules := []faults.Rule{
		{ID: "call", Kind: faults.InternalError},
		{ID: "watch", Kind: faults.WatchClosed, Delay: faults.Span{Min: time.Second, Max: time.Second}},
		{ID: "bookmark", Kind: faults.BookmarksWithheld},
		{ID: "event", Kind: faults.EventLost},
		{ID: "second event", Kind: faults.EventRepeated},
		{ID: "timed crash", Kind: faults.Crash},
		{ID: "aimed crash", Kind: faults.Crash, When: faults.AfterCall},
		{ID: "partition", Kind: faults.Partition},
		{ID: "lag", Kind: faults.CacheLag},
	}
	s := faults.NewSchedule(rules)
	opened := read
	opened.Verb = "watch"
	id := func(d faults.Decision) string {
		if d.Rule == nil {
			return ""
		}
		return d.Rule.ID
	}
	assert.Equal(t, "call", id(s.Decide(opened, always)))
	assert.Equal(t, "watch", id(s.DecideWatch(opened, always)))
	assert.Equal(t, time.Second, s.DecideWatch(opened, always).Delay)
	assert.Equal(t, "event", id(s.DecideEvent(opened, false, always)))
	assert.Equal(t, "bookmark", id(s.DecideEvent(opened, true, always)))
	assert.Equal(t, "aimed crash", id(faults.NewSchedule(rules[1:]).Decide(read, always)), "of all that is not about calls")

	var timed []string
	for _, r := range s.Timed() {
		timed = append(timed, r.ID)
	}
	assert.Equal(t, []string{"timed crash", "partition", "lag"}, timed)
	s.Happened(s.Timed()[1])
	assert.Equal(t, 1, s.FiredKinds()[faults.Partition])
	assert.Zero(t, s.FiredKinds()[faults.CacheLag])

	assert.True(t, s.HasEventRules())
	assert.False(t, faults.NewSchedule(rules[:2]).HasEventRules())
	s.Clear()
	assert.Empty(t, id(s.DecideWatch(opened, always))+id(s.DecideEvent(opened, false, always)))
}

// The index is a matter of speed only: over windows that overlap, rules for different
// targets and calls that go back and forth in time, it leaves out no rule that a plain
// reading of all would have found, and adds none.
func TestTheIndexLeavesOutNothing(t *testing.T) {
	var rules []faults.Rule
	for i, verbs := range [][]string{nil, {"get"}, {"write"}, {"read"}} {
		for j, resources := range [][]string{nil, {"services"}, {"*"}, {"ipaddresses", "services/status"}} {
			for k, window := range [][2]int{{0, 0}, {0, 5}, {3, 7}, {5, 0}, {9, 9}} {
				rules = append(rules, faults.Rule{
					ID: fmt.Sprint(i, j, k), Kind: faults.Latency, Match: faults.Match{Verbs: verbs, Resources: resources},
					From: time.Duration(window[0]) * time.Second, Until: time.Duration(window[1]) * time.Second,
				})
			}
		}
	}
	s := faults.NewSchedule(rules)
	for _, at := range []int{0, 1, 3, 4, 5, 2, 6, 7, 8, 9, 10, 0, 100} {
		for _, verb := range []string{"get", "list", "create"} {
			for _, resource := range []string{"services", "services/status", "pods"} {
				call := read
				call.Verb, call.Resource, call.At = verb, resource, time.Duration(at)*time.Second
				var want, got []string
				for _, r := range rules {
					if r.InForce(call.At) && r.Matches(call) {
						want = append(want, r.ID)
					}
				}
				for _, r := range s.Decide(call, always).Slowed {
					got = append(got, r.ID)
				}
				assert.True(t, slices.Equal(want, got), "%s %s at %ds: %v, want %v", verb, resource, at, got, want)
			}
		}
	}

	late := faults.NewSchedule([]faults.Rule{{ID: "w", Kind: faults.WatchClosed, From: time.Second}, {ID: "e", Kind: faults.EventLost, From: time.Second}})
	for _, at := range []time.Duration{0, time.Second, 0, 2 * time.Second} {
		call := read
		call.At = at
		assert.Equal(t, at > 0, late.DecideWatch(call, always).Rule != nil, "a watch at %s", at)
		assert.Equal(t, at > 0, late.DecideEvent(call, false, always).Rule != nil, "an event at %s", at)
	}
}

// Such a rule would be inert or decide like another, so it is the caller's mistake.
func TestAScheduleRefusesRulesItCannotTellApart(t *testing.T) {
	a := faults.Rule{ID: "a", Kind: faults.Latency}
	assert.PanicsWithValue(t, `faults: rule "a" has the unknown kind "storm"`, func() { faults.NewSchedule([]faults.Rule{{ID: "a", Kind: "storm"}}) })
	assert.PanicsWithValue(t, `faults: a rule of kind latency has the ID "a", which is empty or taken`, func() { faults.NewSchedule([]faults.Rule{a, a}) })
	assert.PanicsWithValue(t, `faults: a rule of kind latency has the ID "", which is empty or taken`, func() { faults.NewSchedule([]faults.Rule{{Kind: faults.Latency}}) })
}
