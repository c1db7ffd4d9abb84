//go:build linux && amd64

package seatrial_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// Goal: a program is a process of a trial like any other: its faults can be named, its
// end is a verdict, and a mistake is told before the run. Method: small programs of the
// standard library.

func program(args ...string) seatrial.Trial {
	return seatrial.Trial{
		Processes: []seatrial.Process{seatrial.Program("./sim/program/testdata/small", args...)},
		Objects:   seatrial.YAML(`{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}`),
		Faults:    []faults.Rule{{ID: "away", Kind: faults.Terminate, Match: faults.Match{Process: "small"}, From: 30 * time.Second}},
		Settle:    2 * time.Minute,
	}
}

func TestProgramsAreProcessesOfTrials(t *testing.T) {
	calm := seatrial.Run(t, program("ends-by-signal"), 1, seatrial.RunOptions{KeepTrace: true})
	assert.Equal(t, model.VerdictPass, calm.Verdict.Kind, calm.Verdict.Message)
	terminated := 0
	for _, e := range calm.Record.Events {
		if e.Type == sim.EventTerminated {
			terminated++
		}
	}
	assert.Equal(t, 1, terminated, "a fault that only programs have")

	exits := seatrial.Run(t, program("exits"), 1, seatrial.RunOptions{})
	assert.Equal(t, model.VerdictCrash, exits.Verdict.Kind)
	assert.Contains(t, exits.Verdict.Message, "exit status 3: leaving")
}

func TestProgramsReachServersByName(t *testing.T) {
	tr := program("asks-a-cloud")
	tr.Servers = []seatrial.HTTPServer{seatrial.Server(cloud, newCloud)}
	tr.Faults = []faults.Rule{{ID: "lost", Kind: faults.ResponseLost, Match: faults.Match{Resources: []string{cloud}, Verbs: []string{"create"}}, Limit: 1}}
	r := seatrial.Run(t, tr, 1, seatrial.RunOptions{})
	assert.Equal(t, model.VerdictPass, r.Verdict.Kind, r.Verdict.Message)
	assert.Equal(t, []string{"http", "https"}, r.Record.History.ServerState(cloud), "both were made")
	lost := 0
	for _, c := range r.Record.History.Calls {
		if c.Host == cloud && c.Outcome == model.Unknown {
			lost++
		}
	}
	assert.Equal(t, 1, lost, "and one answer was lost")
}

func TestProgramsThatCannotBe(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*seatrial.Process)
		want   string
	}{
		"no main":    {func(p *seatrial.Process) { p.Binary.Source.Package = "./sim" }, "is package sim, no program (want the package of a main, such as ./cmd/manager)"},
		"both":       {func(p *seatrial.Process) { p.Run = website{}.Run }, "processes: small has 2 of Run, Env and Binary (want one)"},
		"its option": {func(p *seatrial.Process) { p.Binary.Options.Metrics.Port = -1 }, "processes: small: metrics: port -1 (want the number of a port on which the program listens)"},
	} {
		t.Run(name, func(t *testing.T) {
			tr := program("returns")
			c.change(&tr.Processes[0])
			_, err := tr.Subject()
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
		})
	}
}
