package cluster_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/cluster"
)

// Goal: options that cannot be used say what is wrong with them, all of it, before a
// run; drawn options are a function of the seed alone and usable. Method: tables.

func TestBadOptionsAreToldBeforeTheRun(t *testing.T) {
	for _, c := range []struct {
		name    string
		options cluster.Options
		want    string
	}{
		{"rate", cluster.Options{Kubelet: &cluster.Kubelet{FailRate: 1.5}}, "cluster.kubelet.failRate: 1.5 is no probability (want at least 0 and at most 1)"},
		{"span", cluster.Options{Jobs: &cluster.Controller{Delay: faults.Span{Min: 2 * time.Second, Max: time.Second}}}, "cluster.jobs.delay: min 2s, max 1s (want a min of 0s or more and a max of at least min)"},
		{"quantity", cluster.Options{Kubelet: &cluster.Kubelet{CPU: "lots"}}, `cluster.kubelet.cpu: "lots" is no quantity (want such as 8 or 16Gi)`},
		{"untainted", cluster.Options{Kubelet: &cluster.Kubelet{Untainted: 2}}, "cluster.kubelet.untainted: 2 is out of range (want 0 to 1, the nodes there are)"},
		{"calm", cluster.Options{Calm: -time.Second}, "cluster.calm: -1s is negative (want a time since the start)"},
		{"twice", cluster.Options{Kubelet: &cluster.Kubelet{}}, `cluster: the world has a process "kubelet" already (want each stand-in once)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := sim.Config{Processes: []sim.Process{{Name: "subject"}}}
			if c.name == "twice" {
				config.Processes[0].Name = cluster.KubeletProcess
			}
			err := c.options.AddTo(&config)
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
			assert.Len(t, config.Processes, 1, "nothing was added")
		})
	}
}

func TestDrawIsTheSeedsAloneAndKeepsWhatIsSet(t *testing.T) {
	slow := 0
	for seed := sim.Seed(1); seed <= 100; seed++ {
		a, b := everyStandIn(), everyStandIn()
		a.Draw(seed)
		b.Draw(seed)
		assert.Equal(t, a, b)
		only := cluster.Options{Jobs: &cluster.Controller{}}
		only.Draw(seed)
		assert.Equal(t, a.Jobs, only.Jobs, "other stand-ins make no difference")
		set := cluster.Options{Kubelet: &cluster.Kubelet{FailRate: 0.25}}
		set.Draw(seed)
		assert.Equal(t, 0.25, set.Kubelet.FailRate)
		assert.NoError(t, a.AddTo(&sim.Config{Seed: seed}))
		if a.Jobs.Delay.Max > 0 {
			slow++
		}
	}
	assert.InDelta(t, 50, slow, 20)
}

func TestAWorldWithoutStandInsPaysNothing(t *testing.T) {
	var config sim.Config
	require.NoError(t, cluster.Options{}.AddTo(&config))
	assert.Empty(t, config.Processes)
	assert.Empty(t, config.Server.Objects)
}
