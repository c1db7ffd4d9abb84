package sim_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// Goal: no fault outlasts the safety phase, so that what is wrong in the liveness phase is
// the subject's doing; and what a rule leaves open has the value that its page says.
// Method: faults without an end, in a world whose faults are cleared after a minute.

const clears = time.Minute

// clearing runs a subject under faults that are cleared after a minute.
func clearing(t *testing.T, rules []faults.Rule, run func(ctx context.Context, env sim.Env)) *sim.Record {
	t.Helper()
	for i := range rules {
		rules[i].ID = fmt.Sprint("f", i)
	}
	record := sim.Run(t, sim.Config{
		Safety: clears, Settle: 2 * time.Minute, Faults: rules,
		Processes: []sim.Process{{Name: "subject", Run: func(ctx context.Context, env sim.Env) error {
			run(ctx, env)
			<-ctx.Done()
			return nil
		}}},
	})
	require.Empty(t, record.History.Problems)
	return record
}

// created is when a ConfigMap was committed; negative if it never was.
func created(r *sim.Record, name string) time.Duration {
	for _, c := range r.History.Commits {
		if c.Resource == "configmaps" && c.Name == name {
			return c.At
		}
	}
	return -1
}

func TestWhatCutsTheSubjectOffEndsWithTheFaults(t *testing.T) {
	for _, kind := range []faults.Kind{faults.Partition, faults.Pause, faults.ReplicaDown, faults.ConnectionRefused} {
		t.Run(string(kind), func(t *testing.T) {
			record := clearing(t, []faults.Rule{{Kind: kind, From: 20 * time.Second}}, func(ctx context.Context, env sim.Env) {
				time.Sleep(50 * time.Second)
				for createConfigMap(ctx, env, "a") != nil && sim.Pause(ctx, time.Second) {
				}
			})
			assert.NotZero(t, record.Fired[kind])
			assert.InDelta(t, clears.Seconds(), created(record, "a").Seconds(), 1.1)
		})
	}
}

func TestASwallowedRequestIsGivenUpWhenFaultsAreCleared(t *testing.T) {
	var took time.Duration
	var err error
	clearing(t, []faults.Rule{{Kind: faults.BlackHole, Match: faults.Match{Verbs: []string{"create"}}}}, func(ctx context.Context, env sim.Env) {
		time.Sleep(50 * time.Second)
		sent := time.Now()
		err = createConfigMap(ctx, env, "a")
		took = time.Since(sent)
	})
	assert.ErrorContains(t, err, "client connection lost")
	assert.InDelta(t, 10, took.Seconds(), 0.1)
}

func TestWhatIsDownComesBackWhenFaultsAreCleared(t *testing.T) {
	for name, rule := range map[string]faults.Rule{
		"crash":       {Kind: faults.Crash, From: 10 * time.Second, RestartAfter: time.Hour},
		"crash loop":  {Kind: faults.CrashLoop, Delay: faults.Span{Min: 10 * time.Second, Max: 10 * time.Second}, RestartAfter: time.Hour},
		"aimed crash": {Kind: faults.Crash, When: faults.BeforeCall, Match: faults.Match{Verbs: []string{"create"}}, RestartAfter: time.Hour},
		"too late":    {Kind: faults.Crash, From: clears + 10*time.Second, RestartAfter: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			var starts []time.Duration
			begin := time.Time{}
			record := clearing(t, []faults.Rule{rule}, func(ctx context.Context, env sim.Env) {
				if env.Incarnation == 1 {
					begin = time.Now()
				}
				starts = append(starts, time.Since(begin).Round(time.Second))
				time.Sleep(5 * time.Second)
				_ = createConfigMap(ctx, env, fmt.Sprint("life-", env.Incarnation))
			})
			if rule.From > clears {
				assert.Equal(t, []time.Duration{0}, starts)
				assert.Zero(t, record.Fired[faults.Crash])
				return
			}
			assert.Equal(t, []time.Duration{0, clears}, starts, "it lives on then")
			assert.True(t, committed(record, "configmaps", "life-2"))
		})
	}
}

func TestWatchCachesCatchUpWhenFaultsAreCleared(t *testing.T) {
	var told []seen
	clearing(t, []faults.Rule{{Kind: faults.CacheLag}}, func(ctx context.Context, env sim.Env) {
		go func() {
			time.Sleep(10 * time.Second)
			_ = createConfigMap(ctx, env, "a")
		}()
		informer(&told)(ctx, env)
	})
	require.Equal(t, []string{"add a"}, whats(told))
	assert.InDelta(t, clears.Seconds(), told[0].at.Seconds(), 0.2)
}

// A time-out takes as long as etcd's unless the rule says otherwise, and spares watches,
// which the server's time-out filter leaves alone.
func TestTimeOutsTakeAsLongAsTheServers(t *testing.T) {
	for _, kind := range []faults.Kind{faults.TimeoutApplied, faults.TimeoutDropped} {
		var took, watching time.Duration
		var err, watchErr error
		clearing(t, []faults.Rule{{Kind: kind}}, func(ctx context.Context, env sim.Env) {
			sent := time.Now()
			err = createConfigMap(ctx, env, "a")
			took = time.Since(sent)
			sent = time.Now()
			_, watchErr = clientset(env).CoreV1().ConfigMaps("default").Watch(ctx, metav1.ListOptions{})
			watching = time.Since(sent)
		})
		assert.True(t, apierrors.IsTimeout(err), "%v", err)
		assert.InDelta(t, 10, took.Seconds(), 0.1)
		assert.True(t, apierrors.IsTimeout(watchErr), "%v", watchErr)
		assert.Less(t, watching, time.Second)
	}
}

// client-go waits as long as Retry-After says and tries again by itself.
func TestRetryAfterIsObeyed(t *testing.T) {
	for _, c := range []struct {
		rule faults.Rule
		wait float64
	}{
		{faults.Rule{Kind: faults.TooManyRequests, RetryAfter: 7 * time.Second}, 7},
		{faults.Rule{Kind: faults.TooManyRequests}, 1},
		{faults.Rule{Kind: faults.ServiceUnavailable, RetryAfter: 7 * time.Second}, 7},
	} {
		c.rule.Limit = 1
		var err error
		record := clearing(t, []faults.Rule{c.rule}, func(ctx context.Context, env sim.Env) { err = createConfigMap(ctx, env, "a") })
		assert.NoError(t, err)
		assert.InDelta(t, c.wait, created(record, "a").Seconds(), 0.2, "%s", c.rule.Kind)
	}
	var err error
	clearing(t, []faults.Rule{{Kind: faults.ServiceUnavailable, Limit: 1}}, func(ctx context.Context, env sim.Env) { err = createConfigMap(ctx, env, "a") })
	assert.True(t, apierrors.IsServiceUnavailable(err), "no header, no repetition: %v", err)
}

// A fail-over that names no API server goes to another one, and what was under way on
// the old connection is lost or arrives, as the draw has it.
func TestAFailOverGoesElsewhere(t *testing.T) {
	arrived := map[bool]int{}
	for seed := range sim.Seed(20) {
		var broken error
		record := sim.Run(t, sim.Config{
			Seed: seed, Safety: clears, Settle: clears, Server: sim.Server{Replicas: 2},
			Network: sim.Network{Latency: faults.Span{Min: time.Second, Max: time.Second}},
			Faults:  []faults.Rule{{ID: "f", Kind: faults.FailOver, From: 10500 * time.Millisecond}},
			Processes: []sim.Process{{Name: "subject", Run: func(ctx context.Context, env sim.Env) error {
				_ = createConfigMap(ctx, env, "a")
				time.Sleep(8 * time.Second)
				broken = createConfigMap(ctx, env, "b")
				_ = createConfigMap(ctx, env, "c")
				<-ctx.Done()
				return nil
			}}},
		})
		assert.True(t, utilnet.IsConnectionReset(broken), "%v", broken)
		made := calls(record, "create", "configmaps")
		require.Len(t, made, 3)
		assert.NotEqual(t, made[0].Server, made[2].Server)
		arrived[committed(record, "configmaps", "b")]++
	}
	assert.Len(t, arrived, 2, "%v", arrived)
}

// What a process does to its machine is in the history, in order and by name, and a
// process that has been killed does nothing more.
func TestDeedsAreDoneByTheLiving(t *testing.T) {
	var late error
	done := 0
	record := clearing(t, []faults.Rule{{Kind: faults.Crash, From: 30 * time.Second, RestartAfter: -1}}, func(ctx context.Context, env sim.Env) {
		change := func(value string) func() []model.HostChange {
			return func() []model.HostChange { done++; return []model.HostChange{{Kind: "rule", Name: "r", Value: value}} }
		}
		time.Sleep(5 * time.Second)
		assert.NoError(t, env.Host("put r", change("x")))
		assert.NoError(t, env.Host("take r away", change("")))
		<-ctx.Done()
		late = env.Host("put r", change("y"))
	})
	assert.Error(t, late)
	assert.Equal(t, 2, done)
	changes := record.History.HostChanges
	require.Len(t, changes, 2)
	assert.Equal(t, []string{"x", ""}, []string{changes[0].Value, changes[1].Value})
	assert.Less(t, changes[0].Seq, changes[1].Seq)
	assert.Equal(t, model.HostChange{Seq: changes[0].Seq, At: 5 * time.Second, Process: "subject", Kind: "rule", Name: "r", Value: "x"}, changes[0])
}

// A panic that client-go recovers is the subject's all the same; a user whose steps were
// refused has not done what the plan says.
func TestProblemsThatNobodyReturns(t *testing.T) {
	record := sim.Run(t, sim.Config{
		Safety: clears, Settle: clears,
		Processes: []sim.Process{
			{Name: "subject", Run: func(ctx context.Context, env sim.Env) error {
				func() {
					defer utilruntime.HandleCrash()
					panic("recovered by client-go")
				}()
				<-ctx.Done()
				return nil
			}},
			{Name: "alice", User: true, Run: func(ctx context.Context, env sim.Env) error {
				return createConfigMap(ctx, env, "Not A Name")
			}},
		},
	})
	require.Len(t, record.History.Problems, 2)
	assert.Equal(t, model.Panicked, record.History.Problems[0].Kind)
	assert.Equal(t, "recovered by client-go", record.History.Problems[0].Message)
	assert.Equal(t, model.Failing, record.History.Problems[1].Kind)
	assert.Equal(t, "alice", record.History.Problems[1].Process)
}
