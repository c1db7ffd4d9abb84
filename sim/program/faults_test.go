//go:build linux && amd64

package program_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
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
