package sim_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/sim"
)

// What the faults of the API servers do, part of TestEffects.

// The story of a coalesced re-creation: while a watch is broken an object is
// deleted and created again; the watch cannot be resumed, and the list that
// follows shows another object under the same name.
func historyForgotten(t *testing.T) {
	var told []seen
	record := sim.Run(t, sim.Config{
		Safety: time.Minute, Settle: time.Minute,
		Faults: []faults.Rule{
			{ID: "cut", Kind: faults.Partition, From: 10 * time.Second, Until: 20 * time.Second},
			{ID: "closed", Kind: faults.WatchClosed, Limit: 1, Delay: faults.Span{Min: 11 * time.Second, Max: 11 * time.Second}},
			{ID: "forgotten", Kind: faults.HistoryForgotten, From: 15 * time.Second},
		},
		Processes: []sim.Process{
			{Name: "subject", Run: func(ctx context.Context, env sim.Env) error {
				informer(&told)(ctx, env)
				return nil
			}},
			{Name: "user", User: true, Run: func(ctx context.Context, env sim.Env) error {
				err := createConfigMap(ctx, env, "a")
				time.Sleep(12 * time.Second)
				err = errors.Join(err, clientset(env).CoreV1().ConfigMaps("default").Delete(ctx, "a", metav1.DeleteOptions{}))
				return errors.Join(err, createConfigMap(ctx, env, "a"))
			}},
		},
	})
	assert.Equal(t, []string{"add a", "update to another a"}, whats(told), "the deletion is never seen")
	assert.Len(t, calls(record, "list", "configmaps"), 2)
	expired := 0
	for _, w := range record.History.Watches {
		for _, f := range w.Frames {
			if f.Type == "ERROR" {
				expired++
			}
		}
	}
	assert.Equal(t, 1, expired, "the resumed watch is told 410")
	assert.NotZero(t, record.Fired[faults.HistoryForgotten])
}

// A watch that is refused long after faults have ended stands in the way of who
// watches, and in nobody's when that is a user.
func TestAWatchThatIsToldAnErrorIsDisturbed(t *testing.T) {
	for user, undisturbed := range map[bool]bool{false: false, true: true} {
		told := ""
		record := sim.Run(t, sim.Config{
			Safety: 20 * time.Second, Settle: 5 * time.Minute,
			Faults: []faults.Rule{{ID: "forgotten", Kind: faults.HistoryForgotten, From: 15 * time.Second}},
			Processes: []sim.Process{{Name: "watcher", User: user, Run: func(ctx context.Context, env sim.Env) error {
				time.Sleep(4 * time.Minute)
				watcher, err := clientset(env).CoreV1().ConfigMaps("").Watch(ctx, metav1.ListOptions{ResourceVersion: "1"})
				if err != nil {
					return err
				}
				defer watcher.Stop()
				told = string((<-watcher.ResultChan()).Type)
				return nil
			}}},
		})
		assert.Equal(t, "ERROR", told)
		assert.True(t, record.History.Undisturbed(4*time.Minute-time.Second))
		assert.Equal(t, undisturbed, record.History.Undisturbed(4*time.Minute+time.Second), "user: %v", user)
	}
}

// When all history is forgotten, etcd's is, too: the past cannot be listed any more.
// When it is one resource's, it can.
func TestForgettingEverythingCompacts(t *testing.T) {
	for _, c := range []struct {
		resources []string
		gone      bool
	}{{nil, true}, {[]string{"*"}, true}, {[]string{"configmaps"}, false}} {
		var past error
		sail(t, faults.Rule{Kind: faults.HistoryForgotten, From: 15 * time.Second, Match: faults.Match{Resources: c.resources}}, 1, func(ctx context.Context, env sim.Env) {
			maps := clientset(env).CoreV1().ConfigMaps("default")
			before, err := maps.List(ctx, metav1.ListOptions{})
			if err != nil {
				return
			}
			_ = createConfigMap(ctx, env, "a")
			time.Sleep(20 * time.Second)
			_, past = maps.List(ctx, metav1.ListOptions{ResourceVersion: before.ResourceVersion, ResourceVersionMatch: metav1.ResourceVersionMatchExact})
		})
		assert.Equal(t, c.gone, apierrors.IsResourceExpired(past), "%v: %v", c.resources, past)
	}
}

func cacheLag(t *testing.T) {
	for _, c := range []struct {
		delay time.Duration
		at    []float64
	}{{7 * time.Second, []float64{8, 9}}, {0, []float64{20, 20}}} {
		var told []seen
		sail(t, faults.Rule{Kind: faults.CacheLag, Until: 20 * time.Second, Delay: faults.Span{Min: c.delay, Max: c.delay}, Match: faults.Match{Resources: []string{"configmaps"}}}, 1,
			informer(&told), creates(2))
		require.Equal(t, []string{"add c0", "add c1"}, whats(told))
		for i, s := range told {
			assert.InDelta(t, c.at[i], s.at.Seconds(), 0.2, "lag %s", c.delay)
		}
	}
	var told []seen
	sail(t, faults.Rule{Kind: faults.CacheLag, Match: faults.Match{Resources: []string{"secrets"}}}, 1, informer(&told), creates(1))
	require.Len(t, told, 1)
	assert.InDelta(t, 1, told[0].at.Seconds(), 0.2, "another resource's cache is behind")

	var stale, quorum error
	sail(t, faults.Rule{Kind: faults.CacheLag}, 1, func(ctx context.Context, env sim.Env) {
		time.Sleep(5 * time.Second)
		_, stale = clientset(env).CoreV1().ConfigMaps("default").Get(ctx, "c0", metav1.GetOptions{ResourceVersion: "0"})
		_, quorum = clientset(env).CoreV1().ConfigMaps("default").Get(ctx, "c0", metav1.GetOptions{})
	}, creates(1))
	assert.True(t, apierrors.IsNotFound(stale), "a frozen cache does not know it: %v", stale)
	assert.NoError(t, quorum)
}

func replicaDown(t *testing.T) {
	read := func(results *[]error) func(context.Context, sim.Env) {
		return func(ctx context.Context, env sim.Env) {
			for range 4 {
				time.Sleep(10 * time.Second)
				_, err := clientset(env).CoreV1().ConfigMaps("default").List(ctx, metav1.ListOptions{})
				*results = append(*results, err)
			}
		}
	}
	var alone, two []error
	sail(t, faults.Rule{Kind: faults.ReplicaDown, From: 15 * time.Second, Until: 35 * time.Second}, 1, read(&alone))
	assert.NoError(t, alone[0])
	assert.True(t, utilnet.IsConnectionRefused(alone[1]), "%v", alone[1])
	assert.NoError(t, alone[3])

	sail(t, faults.Rule{Kind: faults.ReplicaDown, Replica: 2, From: 15 * time.Second, Until: 35 * time.Second}, 2, read(&two))
	for _, err := range two {
		assert.NoError(t, err, "the other replica answers")
	}

	served := map[int]bool{}
	for seed := range sim.Seed(8) { // whichever replica the seed would choose
		record := sim.Run(t, sim.Config{
			Seed: seed, Safety: time.Minute, Settle: time.Minute, Server: sim.Server{Replicas: 3},
			Faults: []faults.Rule{{ID: "f", Kind: faults.ReplicaDown, Replica: 2, From: 15 * time.Second, Until: 35 * time.Second}},
			Processes: []sim.Process{{Name: "subject", Run: func(ctx context.Context, env sim.Env) error {
				read(new([]error))(ctx, env)
				<-ctx.Done()
				return nil
			}}},
		})
		for _, c := range calls(record, "list", "configmaps") {
			served[c.Server] = true
			if c.Called > 15*time.Second && c.Called < 35*time.Second {
				assert.NotEqual(t, 2, c.Server, "it is down")
			}
		}
	}
	assert.Equal(t, map[int]bool{1: true, 2: true, 3: true}, served, "each of them is somebody's")

	var lived time.Duration
	var events []watch.Event
	sail(t, faults.Rule{Kind: faults.ReplicaDown, From: 15 * time.Second, Until: 35 * time.Second}, 1, stream(&lived, &events))
	assert.InDelta(t, 15, lived.Seconds(), 0.1, "its watches break")
}

func gcLag(t *testing.T) {
	deleted := func(rule faults.Rule) float64 {
		record := sail(t, rule, 1, func(ctx context.Context, env sim.Env) {
			maps := clientset(env).CoreV1().ConfigMaps("default")
			owner, err := maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "owner"}}, metav1.CreateOptions{})
			if err != nil {
				return
			}
			_, _ = maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "owned", OwnerReferences: []metav1.OwnerReference{
				{APIVersion: "v1", Kind: "ConfigMap", Name: owner.Name, UID: owner.UID},
			}}}, metav1.CreateOptions{})
			time.Sleep(40 * time.Second)
			_ = maps.Delete(ctx, "owner", metav1.DeleteOptions{})
		})
		for _, c := range record.History.Commits {
			if c.Name == "owned" && c.New == nil {
				return c.At.Seconds()
			}
		}
		return -1
	}
	assert.InDelta(t, 40, deleted(faults.Rule{Kind: faults.Latency, Delay: faults.Span{Min: time.Millisecond, Max: time.Millisecond}}), 0.5)
	half := faults.Span{Min: 30 * time.Second, Max: 30 * time.Second}
	assert.InDelta(t, 70, deleted(faults.Rule{Kind: faults.GCLag, Delay: half}), 0.5)
	assert.InDelta(t, 40, deleted(faults.Rule{Kind: faults.GCLag, Delay: half, Until: 35 * time.Second}), 0.5, "the window is over")
}

// Time travel: what was seen at one API server is not there yet at the next.
func failOver(t *testing.T) {
	var before, after error
	var lived time.Duration
	var events []watch.Event
	config := sim.Config{
		Safety: time.Minute, Settle: time.Minute, Server: sim.Server{Replicas: 2},
		Faults: []faults.Rule{
			{ID: "first", Kind: faults.FailOver, Replica: 1},
			{ID: "behind", Kind: faults.CacheLag, Replica: 2},
			{ID: "second", Kind: faults.FailOver, Replica: 2, From: 20 * time.Second},
		},
		Processes: []sim.Process{{Name: "subject", Run: func(ctx context.Context, env sim.Env) error {
			get := func() error {
				_, err := clientset(env).CoreV1().ConfigMaps("default").Get(ctx, "a", metav1.GetOptions{ResourceVersion: "0"})
				return err
			}
			_ = createConfigMap(ctx, env, "a")
			before = get()
			stream(&lived, &events)(ctx, env)
			after = get()
			<-ctx.Done()
			return nil
		}}},
	}
	for seed := range sim.Seed(4) { // whichever replica the seed would choose
		config.Seed = seed
		events = nil
		record := sim.Run(t, config)
		assert.NoError(t, before)
		assert.InDelta(t, 20, lived.Seconds(), 0.1, "the connection breaks")
		assert.True(t, apierrors.IsNotFound(after), "back in time: %v", after)
		assert.NotZero(t, record.Fired[faults.FailOver])
		assert.Empty(t, record.History.Problems)
	}
}
