package faults_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/faults"
)

// world is a small one: two replicas, a user, one namespaced resource with a
// status and one that is in no namespace.
var world = faults.World{
	Hosts:    []string{"cloud.example.com"},
	Subjects: []string{"controller-1", "controller-2"},
	Users:    []string{"alice"},
	Resources: []faults.Resource{
		{Name: "services", Namespaced: true, Verbs: []string{"get", "list", "watch", "create"}},
		{Name: "services/status", Namespaced: true, Verbs: []string{"get", "update"}},
		{Name: "ipaddresses", Verbs: []string{"get", "create"}},
	},
	Namespaces: []string{"default", "shop"},
	Clears:     time.Minute,
	Replicas:   2,
}

// Each case breaks one rule that can take effect in one way; the fault is
// checked to be fine before, so that the one problem found is the one made.
func TestValidateReportsOneProblem(t *testing.T) {
	call := faults.Rule{ID: "r", Kind: faults.InternalError, Probability: 1}
	slow := faults.Rule{ID: "r", Kind: faults.Latency, Probability: 1, Delay: faults.Span{Min: time.Second, Max: time.Second}}
	cut := faults.Rule{ID: "r", Kind: faults.Partition, Probability: 1, From: time.Second}
	crash := faults.Rule{ID: "r", Kind: faults.Crash, Probability: 1, From: time.Second}
	aimed := faults.Rule{ID: "r", Kind: faults.Crash, Probability: 1, When: faults.AfterCall}
	watch := faults.Rule{ID: "r", Kind: faults.WatchClosed, Probability: 1}
	throttle := faults.Rule{ID: "r", Kind: faults.TooManyRequests, Probability: 1, RetryAfter: time.Second}
	held := faults.Rule{ID: "r", Kind: faults.Hold, Probability: 1, Until: 5 * time.Second}
	event := faults.Rule{ID: "r", Kind: faults.WatchDelayed, Probability: 1, Delay: faults.Span{Min: time.Second, Max: time.Second}}
	lag := faults.Rule{ID: "r", Kind: faults.CacheLag, Probability: 1, Replica: 2, Match: faults.Match{Resources: []string{"services"}}}
	move := faults.Rule{ID: "r", Kind: faults.FailOver, Probability: 1, Replica: 1}
	bookmarks := faults.Rule{ID: "r", Kind: faults.BookmarksWithheld, Probability: 1}
	loop := faults.Rule{ID: "r", Kind: faults.CrashLoop, Probability: 1, Delay: faults.Span{Min: time.Second, Max: time.Second}}
	const verbs = "one of get, list, watch, create, update, patch, delete, deletecollection, read, write"
	const kinds = "one of connection-refused, connection-reset, too-many-requests, internal-error, service-unavailable, gateway-timeout, timeout-applied, timeout-dropped, response-lost, latency, watch-closed, partition, crash, black-hole, slow-body, hold, watch-error, watch-expired, watch-delayed, bookmarks-withheld, event-lost, event-repeated, history-forgotten, cache-lag, replica-down, gc-lag, fail-over, pause, crash-loop, overtaken, host-error, host-hang, host-crash, terminate, clock-skew"

	for name, c := range map[string]struct {
		good faults.Rule
		harm func(r *faults.Rule)
		want string
	}{
		"no kind":                   {call, func(r *faults.Rule) { r.Kind = "" }, "kind: missing (want " + kinds + ")"},
		"unknown kind":              {call, func(r *faults.Rule) { r.Kind = "storm" }, `kind: unknown kind "storm" (want ` + kinds + ")"},
		"no id":                     {call, func(r *faults.Rule) { r.ID = "" }, "id: missing (want a name that stays the same when other rules come and go)"},
		"unknown verb":              {call, func(r *faults.Rule) { r.Verbs = []string{"get", "gett"} }, `verbs[1]: unknown verb "gett" (want ` + verbs + ")"},
		"no known verb":             {call, func(r *faults.Rule) { r.Verbs = []string{"gett"} }, `verbs[0]: unknown verb "gett" (want ` + verbs + ")"},
		"verb twice":                {call, func(r *faults.Rule) { r.Verbs = []string{"get", "get"} }, `verbs[1]: "get" is there twice (want each verb once)`},
		"unknown resource":          {call, func(r *faults.Rule) { r.Resources = []string{"pods"} }, `resources[0]: this world has no resource "pods" (want one of services, services/status, ipaddresses, cloud.example.com, "*")`},
		"resource twice":            {call, func(r *faults.Rule) { r.Resources = []string{"*", "*"} }, `resources[1]: "*" is there twice (want each resource once)`},
		"verb never asked":          {call, func(r *faults.Rule) { r.Resources, r.Verbs = []string{"ipaddresses"}, []string{"watch", "list"} }, "verbs: none of watch, list is ever asked of ipaddresses (want one of get, create)"},
		"unknown namespace":         {call, func(r *faults.Rule) { r.Namespace = "shp*" }, `namespace: this world has no namespace "shp*" (want one of default, shop)`},
		"no namespace to be in":     {call, func(r *faults.Rule) { r.Namespace, r.Resources = "shop", []string{"ipaddresses"} }, "namespace: ipaddresses: not in any namespace (want no namespace)"},
		"bad name pattern":          {call, func(r *faults.Rule) { r.Name = "[a" }, `name: bad pattern "[a" (want a name, in which * stands for any characters, ? for one and [ab] for a or b)`},
		"bad process pattern":       {call, func(r *faults.Rule) { r.Process = "[" }, `process: bad pattern "[" (want a name, in which * stands for any characters, ? for one and [ab] for a or b)`},
		"no such process":           {call, func(r *faults.Rule) { r.Process = "controller-3" }, `process: no process is called "controller-3" (want one of controller-1, controller-2, alice)`},
		"first negative":            {call, func(r *faults.Rule) { r.First = -1 }, "first: -1 is negative (want a count from 1)"},
		"last negative":             {call, func(r *faults.Rule) { r.Last = -1 }, "last: -1 is negative (want a count from 1)"},
		"last before first":         {call, func(r *faults.Rule) { r.First, r.Last = 3, 2 }, "last: 2 is before first, 3 (want at least first)"},
		"begins before the start":   {call, func(r *faults.Rule) { r.From = -time.Second }, "from: -1s is negative (want a time since the start)"},
		"begins after the end":      {call, func(r *faults.Rule) { r.From = time.Minute }, "from: 1m0s is when all faults are over (want before the weather clears at 1m0s)"},
		"ends before it begins":     {call, func(r *faults.Rule) { r.From, r.Until = 5*time.Second, 5*time.Second }, "until: the window ends at 5s, before it begins at 5s (want later than from)"},
		"ends after the end":        {call, func(r *faults.Rule) { r.Until = time.Hour }, "until: 1h0m0s is after all faults are over (want at most 1m0s, or none)"},
		"end negative":              {call, func(r *faults.Rule) { r.Until = -1 }, "until: -1ns is negative (want a time since the start)"},
		"probability zero":          {call, func(r *faults.Rule) { r.Probability = 0 }, "probability: 0 is not in (0, 1] (want more than 0 and at most 1)"},
		"probability above one":     {call, func(r *faults.Rule) { r.Probability = 1.01 }, "probability: 1.01 is not in (0, 1] (want more than 0 and at most 1)"},
		"probability not a number":  {call, func(r *faults.Rule) { r.Probability = math.NaN() }, "probability: NaN is not in (0, 1] (want more than 0 and at most 1)"},
		"limit negative":            {call, func(r *faults.Rule) { r.Limit = -1 }, "limit: -1 is negative (want a count from 1)"},
		"delay on an instant fault": {call, func(r *faults.Rule) { r.Delay = faults.Span{Max: 1} }, "delay: internal-error does not use this field (want one of id, kind, process, verbs, resources, namespace, name, first, last, nth, from, until, probability, limit)"},
		"latency without delay":     {slow, func(r *faults.Rule) { r.Delay = faults.Span{} }, "delay: missing (want how much slower, such as 200ms)"},
		"delay negative":            {slow, func(r *faults.Rule) { r.Delay.Min = -time.Second }, "delay: -1s is negative (want a duration of 0s or more)"},
		"delay upside down":         {slow, func(r *faults.Rule) { r.Delay.Max = 0 }, "delay: max 0s is less than min 1s (want max of at least min)"},
		"retry after a fraction":    {throttle, func(r *faults.Rule) { r.RetryAfter = 1500 * time.Millisecond }, "retryAfter: 1.5s is not whole seconds, and the header has no fractions (want whole seconds)"},
		"retry after negative":      {throttle, func(r *faults.Rule) { r.RetryAfter = -time.Second }, "retryAfter: -1s is negative (want whole seconds)"},
		"partition with verbs":      {cut, func(r *faults.Rule) { r.Verbs = []string{"get"} }, "verbs: partition does not use this field (want one of id, kind, process, resources, from, until, direction)"},
		"partition from services":   {cut, func(r *faults.Rule) { r.Resources = []string{"services"} }, `resources[0]: this world has no resource "services" (want one of cloud.example.com, "*")`},
		"partition by chance":       {cut, func(r *faults.Rule) { r.Probability = 0.5 }, "probability: partition does not use this field (want one of id, kind, process, resources, from, until, direction)"},
		"bookmarks of an object":    {bookmarks, func(r *faults.Rule) { r.Name = "api" }, "name: bookmarks-withheld does not use this field (want one of id, kind, process, resources, from, until, probability, limit)"},
		"unknown direction":         {cut, func(r *faults.Rule) { r.Direction = "up" }, `direction: unknown direction "up" (want one of to-server, from-server, or none for both)`},
		"watch with verbs":          {watch, func(r *faults.Rule) { r.Verbs = []string{"get"} }, "verbs: watch-closed does not use this field (want one of id, kind, process, resources, namespace, name, first, last, nth, from, until, probability, limit, delay)"},
		"nothing to watch":          {watch, func(r *faults.Rule) { r.Resources = []string{"ipaddresses"} }, "resources: ipaddresses cannot be watched (want services)"},
		"crash of a user":           {crash, func(r *faults.Rule) { r.Process = "a*" }, `process: "a*" meets a user, and users do not crash (want one of controller-1, controller-2)`},
		"crash after the end":       {crash, func(r *faults.Rule) { r.From = time.Hour }, "at: 1h0m0s is when all faults are over (want before the weather clears at 1m0s)"},
		"timed crash with verbs":    {crash, func(r *faults.Rule) { r.Verbs = []string{"write"} }, "verbs: a crash does not use this field, or not together with the others given (want one of id, kind, process, at, when, restartAfter)"},
		"crash at an unknown point": {aimed, func(r *faults.Rule) { r.When = "during" }, `when: unknown value "during" (want one of before, after)`},
		"error with when":           {call, func(r *faults.Rule) { r.When = faults.BeforeCall }, "when: internal-error does not use this field (want one of id, kind, process, verbs, resources, namespace, name, first, last, nth, from, until, probability, limit)"},
		"nth negative":              {call, func(r *faults.Rule) { r.Nth = -1 }, "nth: -1 is negative (want a count from 1)"},
		"held for ever":             {held, func(r *faults.Rule) { r.Until = 0 }, "until: missing (want when what is held is let go)"},
		"held both ways":            {held, func(r *faults.Rule) { r.Direction = "both" }, `direction: unknown direction "both" (want one of to-server, from-server, or none for the request)`},
		"events not late":           {event, func(r *faults.Rule) { r.Delay = faults.Span{} }, "delay: missing (want how late, such as 3s)"},
		"events of nothing":         {event, func(r *faults.Rule) { r.Resources = []string{"services/status"} }, "resources: services/status cannot be watched (want services)"},
		"lag of no cache":           {lag, func(r *faults.Rule) { r.Resources = []string{"ipaddresses"} }, "resources: ipaddresses cannot be watched (want services)"},
		"lag of no replica":         {lag, func(r *faults.Rule) { r.Replica = 3 }, "replica: there is no API server 3 (want 1 to 2, or more replicas in the world)"},
		"lag of a process":          {lag, func(r *faults.Rule) { r.Process = "alice" }, "process: cache-lag does not use this field (want one of id, kind, resources, from, until, delay, replica)"},
		"replica negative":          {move, func(r *faults.Rule) { r.Replica = -1 }, "replica: -1 is negative (want a number from 1)"},
		"fail-over after the end":   {move, func(r *faults.Rule) { r.From = time.Hour }, "at: 1h0m0s is when all faults are over (want before the weather clears at 1m0s)"},
		"fail-over in a window":     {move, func(r *faults.Rule) { r.Until = time.Second }, "until: fail-over does not use this field (want one of id, kind, process, at, replica)"},
		"loop without lives":        {loop, func(r *faults.Rule) { r.Delay = faults.Span{} }, "delay: missing (want how long each life lasts, such as 3s)"},
		"loop that never turns": {loop, func(r *faults.Rule) {
			r.Until, r.Delay = time.Second, faults.Span{Min: time.Second, Max: time.Second}
		}, "delay: each life lasts 1s or longer, and the window 1s: none ends in it (want less than 1s)"},
		"loop that never turns before the weather clears": {loop, func(r *faults.Rule) { r.From = 59 * time.Second }, "delay: each life lasts 1s or longer, and the window 1s: none ends in it (want less than 1s)"},
		"loop of a user": {loop, func(r *faults.Rule) { r.Process = "alice" }, `process: "alice" meets a user, and users do not crash (want one of controller-1, controller-2)`},
	} {
		t.Run(name, func(t *testing.T) {
			good := c.good
			require.Empty(t, good.Validate(world))
			bad := c.good
			c.harm(&bad)
			problems := bad.Validate(world)
			require.Len(t, problems, 1)
			assert.Equal(t, c.want, problems[0].String())
		})
	}
}

// What a rule may leave open or combine: none of these is a mistake.
func TestValidateAccepts(t *testing.T) {
	for name, r := range map[string]faults.Rule{
		"everything open":            {Kind: faults.ServiceUnavailable},
		"read and write":             {Kind: faults.InternalError, Match: faults.Match{Verbs: []string{"read", "write"}}},
		"one of the verbs is served": {Kind: faults.InternalError, Match: faults.Match{Verbs: []string{"update", "get"}, Resources: []string{"services"}}},
		"namespace star":             {Kind: faults.InternalError, Match: faults.Match{Namespace: "*", Resources: []string{"ipaddresses"}}},
		"faults for a user":          {Kind: faults.InternalError, Match: faults.Match{Process: "alice"}},
		"until the last instant":     {Kind: faults.InternalError, Until: time.Minute},
		"time-out at once":           {Kind: faults.TimeoutApplied},
		"crash of all replicas":      {Kind: faults.Crash, Match: faults.Match{Process: "controller-*"}},
		"crash and stay down":        {Kind: faults.Crash, RestartAfter: -1},
		"crash once, at one object":  {Kind: faults.Crash, When: faults.BeforeCall, Limit: 1, Match: faults.Match{Verbs: []string{"write"}, Name: "api"}},
		"from the second call on":    {Kind: faults.InternalError, Match: faults.Match{First: 2}},
		"slower than the window":     {Kind: faults.Latency, Until: time.Second, Delay: faults.Span{Min: time.Minute, Max: time.Minute}},
	} {
		t.Run(name, func(t *testing.T) {
			r.ID, r.Probability = "r", 1
			assert.Empty(t, r.Validate(world))
		})
	}
}

// Every kind has fields, every field belongs to some kind, and the list of all
// fields leaves none out.
func TestFieldsCoverAllKinds(t *testing.T) {
	used := map[string]bool{}
	for _, info := range append(faults.Kinds(), faults.ProgramKinds()...) {
		for _, when := range []faults.When{faults.AtTime, faults.BeforeCall} {
			fields := faults.Fields(info.Kind, when)
			assert.Greater(t, len(fields), 3, "%s", info.Kind)
			for _, f := range fields {
				used[f] = true
			}
		}
	}
	for _, f := range faults.AllFields() {
		assert.True(t, used[f], "no kind uses %s", f)
		delete(used, f)
	}
	assert.Empty(t, used, "missing in AllFields")
}

// In a world with one API server there is none to fail over to.
func TestFailOverNeedsAnotherServer(t *testing.T) {
	small := world
	small.Replicas = 1
	rule := faults.Rule{ID: "r", Kind: faults.FailOver, Probability: 1}
	assert.Equal(t, []faults.Problem{{Field: "kind", Problem: "there is one API server, and no other to fail over to", Want: "two or more replicas in the world"}}, rule.Validate(small))
	other := faults.Rule{ID: "r", Kind: faults.InternalError, Probability: 1}
	assert.Empty(t, other.Validate(small))
	still := faults.Rule{ID: "r", Kind: faults.Partition}
	assert.Empty(t, still.Validate(small), "what is no matter of chance has no probability")
}
