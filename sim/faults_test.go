package sim_test

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/kubernetes"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// Goal: each fault does to an unmodified client-go client what its description
// says, no more and no less. Method: a subject creates one ConfigMap through
// the fault, with retries switched off by the kind of request; the test looks
// at the error it got, at what was committed, and at the outcome in the
// history.

var callFaults = []struct {
	kind        faults.Kind
	is          func(error) bool
	applied     bool
	outcome     model.Outcome
	took        float64 // seconds, of a rule with a delay of 3s
	explanation string
}{
	{faults.ConnectionRefused, utilnet.IsConnectionRefused, false, model.Failed, 0, "nothing was sent, and the client knows"},
	{faults.ConnectionReset, utilnet.IsConnectionReset, false, model.Unknown, 0, "the client cannot tell how far its request got"},
	{faults.TooManyRequests, apierrors.IsTooManyRequests, false, model.Failed, 10, "rejected before execution"},
	{faults.InternalError, apierrors.IsInternalError, false, model.Unknown, 0, "a 500 may come from behind the write"},
	{faults.ServiceUnavailable, apierrors.IsServiceUnavailable, false, model.Failed, 0, "rejected before execution"},
	{faults.GatewayTimeout, apierrors.IsTimeout, false, model.Unknown, 0, "a 504 says nothing about the write"},
	{faults.TimeoutApplied, apierrors.IsTimeout, true, model.Unknown, 3, "the same 504, and the write happened"},
	{faults.TimeoutDropped, apierrors.IsTimeout, false, model.Unknown, 3, "the same 504, and it did not"},
	{faults.ResponseLost, utilnet.IsProbableEOF, true, model.Unknown, 3, "committed, and the answer lost"},
	{faults.Latency, func(err error) bool { return err == nil }, true, model.OK, 3, "slower, nothing else"},
}

func TestCallFaults(t *testing.T) {
	for _, c := range callFaults {
		t.Run(string(c.kind), func(t *testing.T) {
			var got error
			var took time.Duration
			record := sim.Run(t, sim.Config{
				Safety: time.Minute, Settle: time.Minute,
				Faults: []faults.Rule{{ID: "f", Kind: c.kind, Probability: 1, Match: faults.Match{Verbs: []string{"create"}},
					Delay: faults.Span{Min: 3 * time.Second, Max: 3 * time.Second}}},
				Processes: []sim.Process{{Name: "subject", Run: func(ctx context.Context, env sim.Env) error {
					sent := time.Now()
					got = createConfigMap(ctx, env, "a")
					took = time.Since(sent)
					<-ctx.Done()
					return nil
				}}},
			})
			assert.InDelta(t, c.took, took.Seconds(), 0.3, c.explanation)
			assert.True(t, c.is(got), "%s: got %v", c.explanation, got)
			assert.Equal(t, c.applied, committed(record, "configmaps", "a"), c.explanation)
			creates := calls(record, "create", "configmaps")
			require.NotEmpty(t, creates)
			assert.Equal(t, c.outcome, creates[len(creates)-1].Outcome, c.explanation)
			assert.NotZero(t, record.Fired[c.kind], "the fault fired")
			assert.Empty(t, record.History.Problems)
		})
	}
}

func TestWatchClosedEndsTheWatchWithoutAnError(t *testing.T) {
	var lived time.Duration
	record := sim.Run(t, sim.Config{
		Safety: time.Minute, Settle: time.Minute,
		Faults: []faults.Rule{{ID: "f", Kind: faults.WatchClosed, Probability: 1, Delay: faults.Span{Min: 5 * time.Second, Max: 5 * time.Second}}},
		Processes: []sim.Process{{Name: "subject", Run: func(ctx context.Context, env sim.Env) error {
			w, err := clientset(env).CoreV1().ConfigMaps("default").Watch(ctx, metav1.ListOptions{})
			if err != nil {
				return err
			}
			opened := time.Now()
			for range w.ResultChan() {
			}
			lived = time.Since(opened)
			<-ctx.Done()
			return nil
		}}},
	})
	assert.InDelta(t, 5, lived.Seconds(), 0.1)
	assert.Equal(t, 1, record.Fired[faults.WatchClosed])
	assert.Empty(t, record.History.Problems)
}

func TestPartitionHoldsPacketsAndHeals(t *testing.T) {
	var took time.Duration
	record := sim.Run(t, partitioned(10*time.Second, 20*time.Second, func(ctx context.Context, env sim.Env) error {
		time.Sleep(11 * time.Second)
		sent := time.Now()
		err := createConfigMap(ctx, env, "a")
		took = time.Since(sent)
		return err
	}))
	assert.InDelta(t, 9, took.Seconds(), 0.1, "the request waits for the end of the partition, as TCP would have it")
	assert.True(t, committed(record, "configmaps", "a"))
}

func TestPartitionDeclaresASilentConnectionDead(t *testing.T) {
	var first, second error
	var took, tookSecond time.Duration
	record := sim.Run(t, partitioned(10*time.Second, 110*time.Second, func(ctx context.Context, env sim.Env) error {
		time.Sleep(11 * time.Second)
		sent := time.Now()
		first = createConfigMap(ctx, env, "a")
		took = time.Since(sent)
		sent = time.Now()
		second = createConfigMap(ctx, env, "b")
		tookSecond = time.Since(sent)
		return nil
	}))
	assert.ErrorContains(t, first, "http2: client connection lost")
	assert.InDelta(t, 44, took.Seconds(), 0.1, "45s after the link was cut: ReadIdleTimeout and PingTimeout")
	var op *net.OpError
	require.True(t, errors.As(second, &op), "got %v", second)
	assert.Equal(t, "dial", op.Op)
	assert.ErrorIs(t, second, os.ErrDeadlineExceeded)
	assert.InDelta(t, 30, tookSecond.Seconds(), 0.1, "a dial gives up after 30s")
	assert.False(t, committed(record, "configmaps", "a"))
	assert.False(t, committed(record, "configmaps", "b"))
}

// Once the link has healed, the connection is dialled anew, and what goes over it lives.
func TestAConnectionDialledAnewStays(t *testing.T) {
	var opened, lived time.Duration
	sim.Run(t, partitioned(10*time.Second, 70*time.Second, func(ctx context.Context, env sim.Env) error {
		begin := time.Now()
		_ = createConfigMap(ctx, env, "a")
		time.Sleep(60 * time.Second)
		w, err := clientset(env).CoreV1().ConfigMaps("default").Watch(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		opened = time.Since(begin)
		for range w.ResultChan() {
		}
		lived = time.Since(begin) - opened
		return nil
	}))
	assert.InDelta(t, 70, opened.Seconds(), 0.1)
	assert.Greater(t, lived, 100*time.Second)
}

func TestOneWayPartitionLosesOnlyTheAnswer(t *testing.T) {
	config := partitioned(10*time.Second, 110*time.Second, func(ctx context.Context, env sim.Env) error {
		time.Sleep(11 * time.Second)
		return expectError(createConfigMap(ctx, env, "a"))
	})
	config.Faults[0].Direction = faults.FromServer
	record := sim.Run(t, config)
	assert.True(t, committed(record, "configmaps", "a"), "the request got through")
	assert.Equal(t, model.Unknown, calls(record, "create", "configmaps")[0].Outcome)
}

func TestCrashAtAWrite(t *testing.T) {
	for _, c := range []struct {
		when        faults.When
		applied     bool
		explanation string
	}{
		{faults.BeforeCall, false, "the request is never sent"},
		{faults.AfterCall, true, "the request is committed, the answer never seen"},
	} {
		t.Run(string(c.when), func(t *testing.T) {
			lives := 0
			var answered bool
			record := sim.Run(t, sim.Config{
				Safety: time.Minute, Settle: time.Minute,
				Faults: []faults.Rule{{ID: "f", Kind: faults.Crash, When: c.when, Probability: 1, Limit: 1, RestartAfter: 5 * time.Second,
					Match: faults.Match{Verbs: []string{"create"}}}},
				Processes: []sim.Process{{Name: "subject", Run: func(ctx context.Context, env sim.Env) error {
					lives++
					if env.Incarnation == 1 {
						answered = createConfigMap(ctx, env, "a") == nil
					}
					<-ctx.Done()
					return nil
				}}},
			})
			assert.Equal(t, 2, lives, "it is started again")
			assert.False(t, answered)
			assert.Equal(t, c.applied, committed(record, "configmaps", "a"), c.explanation)
			assert.Empty(t, record.History.Problems)
		})
	}
}

func TestADeadProcessReachesNothing(t *testing.T) {
	var late error
	record := sim.Run(t, sim.Config{
		Safety: time.Minute, Settle: time.Minute,
		Faults: []faults.Rule{{ID: "f", Kind: faults.Crash, From: 10 * time.Second, RestartAfter: -1}},
		Processes: []sim.Process{{Name: "subject", Run: func(ctx context.Context, env sim.Env) error {
			<-ctx.Done()
			// A goroutine that ignores its context still cannot do harm.
			late = createConfigMap(context.WithoutCancel(ctx), env, "a")
			return nil
		}}},
	})
	assert.Error(t, late)
	assert.False(t, committed(record, "configmaps", "a"))
	assert.Empty(t, calls(record, "create", "configmaps"), "it is not even a call")
}

func partitioned(from, until time.Duration, run func(context.Context, sim.Env) error) sim.Config {
	return sim.Config{
		Safety: 2 * time.Minute, Settle: time.Minute,
		Faults: []faults.Rule{{ID: "cut", Kind: faults.Partition, From: from, Until: until}},
		Processes: []sim.Process{{Name: "subject", Run: func(ctx context.Context, env sim.Env) error {
			if err := run(ctx, env); err != nil {
				return err
			}
			<-ctx.Done()
			return nil
		}}},
	}
}

func clientset(env sim.Env) kubernetes.Interface { return kubernetes.NewForConfigOrDie(env.REST) }

func createConfigMap(ctx context.Context, env sim.Env, name string) error {
	_, err := clientset(env).CoreV1().ConfigMaps("default").Create(ctx,
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	return err
}

func expectError(err error) error {
	if err == nil {
		return errors.New("expected an error and got none")
	}
	return nil
}

func committed(r *sim.Record, resource, name string) bool {
	for _, c := range r.History.Commits {
		if c.Resource == resource && c.Name == name {
			return true
		}
	}
	return false
}

func calls(r *sim.Record, verb, resource string) []model.Call {
	var out []model.Call
	for _, c := range r.History.Calls {
		if c.Verb == verb && c.Resource == resource {
			out = append(out, c)
		}
	}
	return out
}
