//go:build linux && amd64

package program_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/program"
)

// Goal: every fault does to a program what its page says, and what it does to a function.
// Method: a program that asks for a list every ten seconds and prints what came of it, or
// one that prints its clocks, through one rule; what it has to have printed.
func TestFaultsOfPrograms(t *testing.T) {
	list := faults.Match{Verbs: []string{"list"}, First: 2, Last: 2}
	const ok = "got 200 true <nil>"
	failed := func(what string) string {
		return `failed: Get "https://10.96.0.1:443/api/v1/namespaces/default/configmaps": ` + what
	}
	for _, c := range []struct {
		rule  faults.Rule
		deed  string
		first []string // lines of the first life, as far as they are given
	}{
		{faults.Rule{Kind: faults.ConnectionRefused, Match: list}, "lists", []string{ok, failed("dial tcp 10.96.0.1:443: connect: connection refused"), ok}},
		{faults.Rule{Kind: faults.ConnectionReset, Match: list}, "lists", []string{ok, failed("read tcp 10.96.0.1:443: read: connection reset by peer"), ok}},
		{faults.Rule{Kind: faults.ResponseLost, Match: list}, "lists", []string{ok, failed("unexpected EOF"), ok}},
		{faults.Rule{Kind: faults.BlackHole, Match: list}, "lists", []string{ok, failed("http2: client connection lost"), ok}},
		{faults.Rule{Kind: faults.TooManyRequests, Match: list, RetryAfter: time.Second}, "lists", []string{ok, "got 429 true <nil>", ok}},
		{faults.Rule{Kind: faults.InternalError, Match: list}, "lists", []string{ok, "got 500 true <nil>", ok}},
		{faults.Rule{Kind: faults.TimeoutDropped, Match: list, Delay: faults.Span{Min: time.Second, Max: time.Second}}, "lists", []string{ok, "got 504 true <nil>", ok}},
		{faults.Rule{Kind: faults.SlowBody, Match: list, Delay: faults.Span{Min: 5 * time.Second, Max: 5 * time.Second}}, "lists", []string{ok, ok, ok}},
		{faults.Rule{Kind: faults.Partition, From: 15 * time.Second, Until: 110 * time.Second}, "lists", []string{ok, ok, failed("http2: client connection lost"), failed("dial tcp 10.96.0.1:443: i/o timeout")}},
		{faults.Rule{Kind: faults.Crash, From: 15 * time.Second, RestartAfter: time.Hour}, "clocks", []string{"00:00:00 0s", "00:00:10 10s"}},
		{faults.Rule{Kind: faults.CrashLoop, From: 0, Until: 30 * time.Second, Delay: faults.Span{Min: 12 * time.Second, Max: 12 * time.Second}, RestartAfter: time.Second}, "clocks", []string{"00:00:00 0s", "00:00:10 10s"}},
		{faults.Rule{Kind: faults.Pause, From: 15 * time.Second, Until: 42 * time.Second}, "clocks", []string{"00:00:00 0s", "00:00:10 10s", "00:00:42 42s", "00:00:52 52s"}},
		{faults.Rule{Kind: faults.ClockSkew, From: 15 * time.Second, Until: 35 * time.Second, Delay: faults.Span{Min: time.Hour, Max: time.Hour}}, "clocks", []string{"00:00:00 0s", "00:00:10 10s", "01:00:20 20s", "01:00:30 30s", "00:00:40 40s"}},
		{faults.Rule{Kind: faults.ClockSkew, From: 15 * time.Second, Until: 25 * time.Second, Delay: faults.Span{Min: -time.Hour, Max: -time.Hour}}, "clocks", []string{"00:00:00 0s", "00:00:10 10s", "23:00:20 20s", "00:00:30 30s"}},
		{faults.Rule{Kind: faults.Terminate, From: 15 * time.Second, RestartAfter: time.Hour}, "clocks", []string{"00:00:00 0s", "00:00:10 10s"}},
		{faults.Rule{Kind: faults.Terminate, From: 15 * time.Second, RestartAfter: time.Hour}, "ends-gracefully", []string{"ended gracefully"}},
	} {
		t.Run(string(c.rule.Kind)+" "+c.deed, func(t *testing.T) {
			c.rule.ID = "f"
			r := sail(t, small(t, c.deed, program.Options{}), c.rule)
			got := lines(r, "p-1")
			assert.Equal(t, c.first, got[:min(len(got), len(c.first))])
			assert.Empty(t, r.History.Problems)
			assert.NotZero(t, r.Fired[c.rule.Kind])
		})
	}
}

// What a program that makes ConfigMaps, or follows them, sees of the faults that hit calls
// of its own, and of those of the API server. Times are the program's.
func TestFaultsOfCallsAndWatches(t *testing.T) {
	span := func(d time.Duration) faults.Span { return faults.Span{Min: d, Max: d} }
	create := func(kind faults.Kind, delay, until time.Duration) []faults.Rule {
		return []faults.Rule{{Kind: kind, Match: faults.Match{Verbs: []string{"create"}}, Delay: span(delay), From: 5 * time.Second, Until: until}}
	}
	watch := func(kind faults.Kind) []faults.Rule {
		return []faults.Rule{{Kind: kind, Delay: span(15 * time.Second), Limit: 1}}
	}
	window := func(kind faults.Kind, delay time.Duration) []faults.Rule {
		return []faults.Rule{{Kind: kind, Delay: span(delay), From: 15 * time.Second, Until: 25 * time.Second}}
	}
	for _, c := range []struct {
		deed        string
		rules       []faults.Rule
		want        []string // lines of the program, among others, in this order
		explanation string
		never       string // a line that must not be there
	}{
		{"writes", create(faults.Latency, 3*time.Second, 15*time.Second), []string{"create 201 0s", "create 201 13s", "create 201 20s"}, "slower, nothing else", ""},
		{"writes", create(faults.ServiceUnavailable, 0, 15*time.Second), []string{"create 503 10s", "create 201 20s"}, "not applied", ""},
		{"writes", create(faults.GatewayTimeout, 0, 15*time.Second), []string{"create 504 10s", "create 201 20s"}, "not applied", ""},
		{"writes", create(faults.TimeoutApplied, 2*time.Second, 15*time.Second), []string{"create 504 12s", "create 201 20s"}, "and applied", ""},
		{"writes", create(faults.TimeoutDropped, 2*time.Second, 15*time.Second), []string{"create 504 12s", "create 201 20s"}, "and not applied", ""},
		{"writes", create(faults.Hold, 0, 14*time.Second), []string{"create 201 14s", "create 201 20s"}, "on its way until the window ends", ""},
		{"watches", watch(faults.WatchClosed), []string{"10s ADDED c1", "15s watch ended: EOF", "20s ADDED c2"}, "and resumed", ""},
		{"watches", watch(faults.WatchError), []string{"10s ADDED c1", "15s ERROR 500", "16s list 2 <nil>", "20s ADDED c2"}, "and listed again", ""},
		{"watches", watch(faults.WatchExpired), []string{"10s ADDED c1", "15s ERROR 410", "16s list 2 <nil>", "20s ADDED c2"}, "and listed again", ""},
		{"watches", []faults.Rule{{Kind: faults.WatchClosed, Delay: span(19500 * time.Millisecond), Limit: 1}, {Kind: faults.HistoryForgotten, From: 20200 * time.Millisecond}},
			[]string{"20s watch ended: EOF", "21s ERROR 410", "22s list 3 <nil>", "30s ADDED c3"}, "cannot be resumed from before", "20s ADDED c2"},
		{"watches", window(faults.WatchDelayed, 4*time.Second), []string{"10s ADDED c1", "24s ADDED c2", "30s ADDED c3"}, "late", "20s ADDED c2"},
		{"watches", window(faults.EventLost, 0), []string{"10s ADDED c1", "30s ADDED c3"}, "never seen", "20s ADDED c2"},
		{"watches", window(faults.EventRepeated, 0), []string{"20s ADDED c2", "20s ADDED c2", "30s ADDED c3"}, "seen twice", ""},
		{"watches", window(faults.CacheLag, 0), []string{"create 201 20s", "25s ADDED c2", "30s ADDED c3"}, "served when the window ends", ""},
		{"watches", window(faults.ReplicaDown, 0), []string{"15s watch ended: unexpected EOF", "create failed: Post \"https://10.96.0.1:443/api/v1/namespaces/default/configmaps\": dial tcp 10.96.0.1:443: connect: connection refused", "30s ADDED c3"}, "answers nobody", ""},
		{"watches", []faults.Rule{{Kind: faults.FailOver, From: 15 * time.Second}}, []string{"15s watch ended: unexpected EOF", "20s ADDED c2"}, "to the other replica", ""},
		{"watches", []faults.Rule{{Kind: faults.BookmarksWithheld, Until: 90 * time.Second}}, []string{"1m0s ADDED c6", "1m10s ADDED c7", "2m0s BOOKMARK "}, "not while it lasts", "1m0s BOOKMARK "},
	} {
		t.Run(string(c.rules[len(c.rules)-1].Kind), func(t *testing.T) {
			for i := range c.rules {
				c.rules[i].ID = fmt.Sprint("f", i)
			}
			replicas := 1
			if c.rules[0].Kind == faults.FailOver {
				replicas = 2
			}
			r := sim.Run(t, sim.Config{
				Seed: 1, Processes: []sim.Process{small(t, c.deed, program.Options{})}, Faults: c.rules, KeepTrace: true,
				Server: sim.Server{Replicas: replicas}, Safety: 2 * time.Minute, Settle: 30 * time.Second,
			})
			got := lines(r, "p-1")
			at := 0
			for _, line := range got {
				if at < len(c.want) && line == c.want[at] {
					at++
				}
			}
			assert.Equal(t, len(c.want), at, "%s: want %q among %q", c.explanation, c.want, got)
			if c.never != "" {
				assert.NotContains(t, got, c.never, c.explanation)
			}
			for _, rule := range c.rules {
				assert.NotZero(t, r.Fired[rule.Kind], rule.Kind)
			}
		})
	}
}

// A program that does not end when it is asked to is killed when its grace is over, and
// has to answer for it where nothing else was wrong.
func TestAProgramThatIgnoresSIGTERM(t *testing.T) {
	r := sail(t, small(t, "ignores-sigterm", program.Options{}), faults.Rule{ID: "t", Kind: faults.Terminate, From: 10 * time.Second})
	if assert.Len(t, r.History.Problems, 1) {
		assert.Equal(t, model.Hung, r.History.Problems[0].Kind)
		assert.Contains(t, r.History.Problems[0].Message, "did not end within 30s of SIGTERM")
	}
}

// What the simulation does not have is refused, and named in the log.
func TestWhatIsNotSimulatedIsNamed(t *testing.T) {
	for deed, want := range map[string][]string{
		"starts-a-program": {"seatrial: the program tried to start /bin/true: programs cannot be started in the simulation", "fork/exec /bin/true: operation not permitted"},
		"talks-udp":        {"seatrial: the program asked for a socket (udp, 192.0.2.1:53), which the simulation does not have"},
		"looks-up": {
			"seatrial: the program looked up db.example.com, which does not exist", "lookup db.example.com: no such host",
			"seatrial: the program connected to 192.0.2.1:5432, where nobody listens", "dial tcp 192.0.2.1:5432: connect: connection refused",
		},
	} {
		r := sail(t, small(t, deed, program.Options{}))
		for _, line := range want {
			assert.Contains(t, lines(r, "p-1"), line, deed)
		}
	}
}

// A liveness probe that fails ends a program as a kubelet would, and its metrics are read
// at the end of the run.
func TestProbesAndMetrics(t *testing.T) {
	o := program.Options{
		Liveness: []program.Probe{{Page: program.Page{Port: 8080}}}, Metrics: program.Page{Port: 8080},
		MayExit: func(err error) bool { return true },
	}
	r := sail(t, small(t, "serves", o))
	assert.Equal(t, []string{"told to end"}, lines(r, "p-1"), "a minute of health, then three failures")
	assert.Equal(t, []model.Metric{
		{Process: "p", Name: "depth", Labels: map[string]string{}, Value: 2},
		{Process: "p", Name: "jobs_total", Labels: map[string]string{"queue": "a"}, Value: 7},
	}, r.History.Metrics)
}
