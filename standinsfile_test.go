package seatrial_test

import (
	_ "embed"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/cluster"
)

// Goal: a scenario file says which stand-ins there are, as a test in Go does, and every
// mistake in it is told with its line. Method: the trial of standins_test.go from a file,
// and a table of files.

//go:embed testdata/deployments.yaml
var standInsFile string

func TestFilesHaveStandIns(t *testing.T) {
	read, err := seatrial.ReadText("deployments.yaml", []byte(standInsFile))
	require.NoError(t, err)
	want := cluster.Options{
		Kubelet: &cluster.Kubelet{
			Nodes: 2, FailRate: 0.25, Start: faults.Span{Min: time.Second, Max: time.Second}, Ready: faults.Span{Min: time.Second, Max: 4 * time.Second},
			Untainted: 1, Taints: []corev1.Taint{{Key: "gpu", Effect: "NoSchedule"}},
		},
		Deployments: &cluster.Controller{}, Calm: time.Minute,
	}
	assert.Equal(t, cluster.Drawn(want), read.StandIns)
	read.Controller = noteReady
	starts := map[time.Duration]bool{}
	for seed := sim.Seed(1); seed <= 5; seed++ {
		r := seatrial.Run(t, read, seed, seatrial.RunOptions{})
		require.Equal(t, model.VerdictPass, r.Verdict.Kind, "seed %d: %s: %s", seed, r.Verdict.Property, r.Verdict.Message)
		for _, c := range r.Record.History.Commits {
			if pod, ok := c.New.(*corev1.Pod); ok && pod.Status.Phase == corev1.PodRunning {
				starts[c.At] = true
				break
			}
		}
	}
	assert.Greater(t, len(starts), 2, "how slow they are is the seed's")

	nobody := read
	nobody.StandIns = nil
	assert.Equal(t, "ready", seatrial.Run(t, nobody, 1, seatrial.RunOptions{}).Verdict.Property, "without them nobody runs a pod")
}

// A plan with stand-ins that was written is read back the same, so a failure of theirs
// can be saved, shrunk and replayed.
func TestPlansKeepTheirStandIns(t *testing.T) {
	plan, err := scenarios.Parse("deployments.yaml", []byte(standInsFile), nil)
	require.NoError(t, err)
	text, err := scenarios.Marshal(plan)
	require.NoError(t, err)
	assert.Contains(t, string(text), "standIns:\n  kubelet: {nodes: 2, taints: [{effect: NoSchedule, key: gpu}], untainted: 1, start: 1s, ready: {min: 1s, max: 4s}, failRate: 0.25}\n  deployments: {}\n  calm: 1m\n")
	again, err := scenarios.Parse("again.yaml", text, nil)
	require.NoError(t, err)
	assert.Equal(t, plan.Site.StandIns, again.Site.StandIns)
	schema := string(scenarios.JSONSchema(nil))
	assert.Contains(t, schema, "Binds pods to nodes that have room for them", "editors know them")
}

func TestSteadyStandInsAreNotDrawn(t *testing.T) {
	options := cluster.Options{Jobs: &cluster.Controller{}, Kubelet: &cluster.Kubelet{}, Steady: true}
	for seed := sim.Seed(1); seed <= 20; seed++ {
		drawn := options
		drawn.Draw(seed)
		assert.Equal(t, options, drawn)
	}
}

func TestStandInsOfFilesThatCannotBe(t *testing.T) {
	for _, c := range []struct{ name, from, to, want string }{
		{"unknown", "deployments: {}", "deployment: {}", "deployments.yaml:7:3: standIns.deployment: unknown field (did you mean deployments?)"},
		{"twice", "deployments: {}", "kubelet: {}", "deployments.yaml:7:3: standIns.kubelet: the field is there twice (want each field once)"},
		{"unknown knob", "nodes: 2", "node: 2", "deployments.yaml:6:13: standIns.kubelet.node: unknown field (did you mean nodes?)"},
		{"no probability", "failRate: 0.25", "failRate: 25", "standIns.kubelet.failRate: 25 is not in (0, 1] (want more than 0 and at most 1)"},
		{"out of range", "untainted: 1", "untainted: 3", "deployments.yaml:6:88: standIns.kubelet.untainted: 3 is out of range (want 0 to 2, the nodes there are)"},
		{"span", "{min: 1s, max: 4s}", "{min: 5s, max: 4s}", "standIns.kubelet.ready"},
		{"taint", "effect: NoSchedule", "efect: NoSchedule", `standIns.kubelet.taints: unknown field "efect" (want a list of what taints are)`},
		{"nothing", "standIns:\n", "standIns: {}\nworld:\n", "deployments.yaml:5:11: standIns: empty (want stand-ins such as kubelet: {}, or no field)"},
		{"name taken", "except:", "processes:\n- {name: kubelet, program: x}\nexcept:", "standIns: a process of the file is called kubelet, and so is a stand-in (want another name for the process)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Contains(t, standInsFile, c.from)
			_, err := seatrial.ReadText("deployments.yaml", []byte(strings.Replace(standInsFile, c.from, c.to, 1)))
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
		})
	}
}
