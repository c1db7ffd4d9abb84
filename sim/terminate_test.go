package sim_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// Goal: a process that is asked to end may do so in its own time, with its network as
// it was, and is killed only when its grace is over. Method: functions that end at once,
// late, or not at all, and a rule that asks them to at 10s.
func TestTerminate(t *testing.T) {
	for name, c := range map[string]struct {
		after    time.Duration // it ends so long after it was asked to
		lives    int
		problems []model.ProblemKind
	}{
		"in time":    {after: 5 * time.Second, lives: 2},
		"too late":   {after: 40 * time.Second, lives: 2, problems: []model.ProblemKind{model.Hung}},
		"the moment": {lives: 2},
	} {
		t.Run(name, func(t *testing.T) {
			var started []time.Duration
			reached := 0
			run := func(ctx context.Context, env sim.Env) error {
				started = append(started, time.Duration(time.Now().UnixNano()-946684800*1e9))
				<-ctx.Done()
				if len(started) > 1 {
					return nil
				}
				if _, err := env.REST.Transport.RoundTrip(must(http.NewRequest(http.MethodGet, "http://apiserver/api/v1/namespaces/default/configmaps", nil))); err == nil {
					reached++
				}
				time.Sleep(c.after)
				return nil
			}
			r := sim.Run(t, sim.Config{
				Safety: time.Minute, Settle: time.Second, Processes: []sim.Process{{Name: "p", Run: run}},
				Faults: []faults.Rule{{ID: "t", Kind: faults.Terminate, From: 10 * time.Second, RestartAfter: 2 * time.Second}},
			})
			var kinds []model.ProblemKind
			for _, p := range r.History.Problems {
				kinds = append(kinds, p.Kind)
			}
			assert.Equal(t, c.problems, kinds)
			require.Len(t, started, c.lives)
			assert.Equal(t, 1, reached, "its network goes on")
			assert.InDelta(t, (12*time.Second + min(c.after, 30*time.Second)).Seconds(), started[1].Seconds(), 0.1)
			assert.Equal(t, 1, r.Fired[faults.Terminate])
		})
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
