package sim_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// Goal: every kind of fault does to an unmodified client-go client or informer
// what its page says. Method: one small world for each kind, in which a user
// changes ConfigMaps and a subject looks on. Kinds that fail one call are
// tested in TestCallFaults, partitions and crashes in tests of their own.

var effects = map[faults.Kind]func(*testing.T){
	faults.BlackHole:         blackHole,
	faults.SlowBody:          slowBody,
	faults.Hold:              hold,
	faults.WatchError:        watchError,
	faults.WatchExpired:      watchExpired,
	faults.WatchDelayed:      watchDelayed,
	faults.BookmarksWithheld: bookmarksWithheld,
	faults.EventLost:         eventLost,
	faults.EventRepeated:     eventRepeated,
	faults.HistoryForgotten:  historyForgotten,
	faults.CacheLag:          cacheLag,
	faults.ReplicaDown:       replicaDown,
	faults.GCLag:             gcLag,
	faults.FailOver:          failOver,
	faults.Pause:             pause,
	faults.CrashLoop:         crashLoop,
}

func TestEffects(t *testing.T) {
	for _, info := range faults.Kinds() {
		if test := effects[info.Kind]; test != nil {
			t.Run(string(info.Kind), test)
		}
	}
}

func TestEveryKindIsTested(t *testing.T) {
	elsewhere := []faults.Kind{faults.WatchClosed, faults.Partition, faults.Crash}
	for _, c := range callFaults {
		elsewhere = append(elsewhere, c.kind)
	}
	for _, info := range faults.Kinds() {
		assert.True(t, effects[info.Kind] != nil || slices.Contains(elsewhere, info.Kind), "%s has no test of its effect", info.Kind)
	}
}

// sail runs a subject, and a user, through one rule. The subject lives on until
// it is stopped.
func sail(t *testing.T, rule faults.Rule, replicas int, subject func(context.Context, sim.Env), user ...func(context.Context, sim.Env)) *sim.Record {
	t.Helper()
	rule.ID = "f"
	config := sim.Config{
		Safety: 2 * time.Minute, Settle: time.Minute, Faults: []faults.Rule{rule}, Server: sim.Server{Replicas: replicas},
		Processes: []sim.Process{{Name: "subject", Run: func(ctx context.Context, env sim.Env) error {
			subject(ctx, env)
			<-ctx.Done()
			return nil
		}}},
	}
	for _, u := range user {
		config.Processes = append(config.Processes, sim.Process{Name: "user", User: true, Run: func(ctx context.Context, env sim.Env) error {
			u(ctx, env)
			return nil
		}})
	}
	record := sim.Run(t, config)
	assert.NotZero(t, record.Fired[rule.Kind], "the fault fired")
	assert.Empty(t, record.History.Problems)
	for _, p := range slices.Concat(model.Generic(), model.WatchGuarantees()) {
		if info, _ := faults.Lookup(rule.Kind); info.Permitted {
			r := p.Check(&record.History)
			assert.Equal(t, model.Held, r.Status, "%s: the harness keeps its own law under what is permitted: %s", p.Name, r.Message)
		}
	}
	return record
}

// creates makes a user that creates one ConfigMap each second: c0, c1, …
func creates(n int) func(context.Context, sim.Env) {
	return func(ctx context.Context, env sim.Env) {
		for i := range n {
			time.Sleep(time.Second)
			_ = createConfigMap(ctx, env, fmt.Sprintf("c%d", i))
		}
	}
}

// seen is one call of an informer's handler.
type seen struct {
	at   time.Duration
	what string // add, update or delete and the name
}

// informer runs an informer of ConfigMaps in namespace default and notes what
// its handlers are told.
func informer(into *[]seen) func(context.Context, sim.Env) {
	return func(ctx context.Context, env sim.Env) {
		begin := time.Now()
		note := func(what string) func(obj any) {
			return func(obj any) {
				if gone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
					obj, what = gone.Obj, what+" unseen"
				}
				if name := obj.(*corev1.ConfigMap).Name; name != "kube-root-ca.crt" {
					*into = append(*into, seen{time.Since(begin), what + " " + name})
				}
			}
		}
		factory := informers.NewSharedInformerFactoryWithOptions(clientset(env), 0, informers.WithNamespace("default"))
		_, err := factory.Core().V1().ConfigMaps().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc: note("add"), DeleteFunc: note("delete"),
			UpdateFunc: func(old, now any) {
				if was, is := old.(*corev1.ConfigMap), now.(*corev1.ConfigMap); was.UID != is.UID {
					note("update to another")(now)
				}
			},
		})
		if err != nil {
			panic(err)
		}
		factory.Start(ctx.Done())
		<-ctx.Done()
		factory.Shutdown()
	}
}

func whats(all []seen) []string {
	var out []string
	for _, s := range all {
		out = append(out, s.what)
	}
	return out
}

func blackHole(t *testing.T) {
	var err error
	var took time.Duration
	record := sail(t, faults.Rule{Kind: faults.BlackHole, Match: faults.Match{Verbs: []string{"create"}}}, 1,
		func(ctx context.Context, env sim.Env) {
			begin := time.Now()
			err = createConfigMap(ctx, env, "a")
			took = time.Since(begin)
		})
	assert.ErrorContains(t, err, "http2: client connection lost")
	assert.InDelta(t, 45, took.Seconds(), 0.1, "ReadIdleTimeout and PingTimeout")
	assert.False(t, committed(record, "configmaps", "a"))
	assert.Equal(t, model.Unknown, calls(record, "create", "configmaps")[0].Outcome)
}

func slowBody(t *testing.T) {
	var err error
	var took time.Duration
	record := sail(t, faults.Rule{Kind: faults.SlowBody, Delay: faults.Span{Min: 8 * time.Second, Max: 8 * time.Second}, Match: faults.Match{Verbs: []string{"create"}}}, 1,
		func(ctx context.Context, env sim.Env) {
			begin := time.Now()
			err = createConfigMap(ctx, env, "a")
			took = time.Since(begin)

			brief, cancel := context.WithTimeout(ctx, 3*time.Second)
			defer cancel()
			assert.ErrorIs(t, createConfigMap(brief, env, "b"), context.DeadlineExceeded, "given up in the middle of the body")
		})
	assert.NoError(t, err)
	assert.InDelta(t, 8, took.Seconds(), 0.1)
	assert.True(t, committed(record, "configmaps", "b"))
	made := calls(record, "create", "configmaps")
	assert.Equal(t, []model.Outcome{model.OK, model.Unknown}, []model.Outcome{made[0].Outcome, made[1].Outcome})
}

func hold(t *testing.T) {
	for _, c := range []struct {
		direction   faults.Direction
		at          float64
		explanation string
	}{
		{faults.BothWays, 30, "the write arrives when it is let go, long after its caller has given up"},
		{faults.FromServer, 5, "the write is applied at once, only the answer is held"},
	} {
		record := sail(t, faults.Rule{Kind: faults.Hold, Until: 30 * time.Second, Direction: c.direction, Match: faults.Match{Verbs: []string{"create"}}}, 1,
			func(ctx context.Context, env sim.Env) {
				time.Sleep(5 * time.Second)
				brief, cancel := context.WithTimeout(ctx, 10*time.Second)
				defer cancel()
				assert.ErrorIs(t, createConfigMap(brief, env, "a"), context.DeadlineExceeded)
			})
		i := slices.IndexFunc(record.History.Commits, func(m model.Commit) bool { return m.Name == "a" })
		require.GreaterOrEqual(t, i, 0, c.explanation)
		assert.InDelta(t, c.at, record.History.Commits[i].At.Seconds(), 0.1, c.explanation)
	}
}

// stream watches ConfigMaps once, and tells how long it lasted and its events.
func stream(lived *time.Duration, events *[]watch.Event) func(context.Context, sim.Env) {
	return func(ctx context.Context, env sim.Env) {
		begin := time.Now()
		w, err := clientset(env).CoreV1().ConfigMaps("default").Watch(ctx, metav1.ListOptions{ResourceVersion: "0", AllowWatchBookmarks: true})
		if err != nil {
			return
		}
		for e := range w.ResultChan() {
			*events = append(*events, e)
		}
		*lived = time.Since(begin)
	}
}

func watchError(t *testing.T) {
	for _, c := range []struct {
		kind faults.Kind
		is   func(error) bool
	}{{faults.WatchError, apierrors.IsInternalError}, {faults.WatchExpired, apierrors.IsResourceExpired}} {
		var lived time.Duration
		var events []watch.Event
		sail(t, faults.Rule{Kind: c.kind, Delay: faults.Span{Min: 5 * time.Second, Max: 5 * time.Second}}, 1, stream(&lived, &events))
		require.NotEmpty(t, events, c.kind)
		last := events[len(events)-1]
		assert.Equal(t, watch.Error, last.Type)
		assert.True(t, c.is(apierrors.FromObject(last.Object)), "%s: %v", c.kind, last.Object)
		assert.InDelta(t, 5, lived.Seconds(), 0.1)
	}
}

func watchExpired(t *testing.T) {
	var told []seen
	record := sail(t, faults.Rule{Kind: faults.WatchExpired, Limit: 2, Delay: faults.Span{Min: 2500 * time.Millisecond, Max: 2500 * time.Millisecond}}, 1, informer(&told), creates(9))
	assert.Len(t, calls(record, "list", "configmaps"), 3, "each time the reflector lists again")
	assert.Equal(t, []string{"add c0", "add c1", "add c2", "add c3", "add c4", "add c5", "add c6", "add c7", "add c8"}, whats(told), "nothing is missed or told twice")
}

func watchDelayed(t *testing.T) {
	var told []seen
	sail(t, faults.Rule{Kind: faults.WatchDelayed, Delay: faults.Span{Min: 6 * time.Second, Max: 6 * time.Second}, Match: faults.Match{Name: "c1"}}, 1, informer(&told), creates(4))
	require.Equal(t, []string{"add c0", "add c1", "add c2", "add c3"}, whats(told), "late, but in order")
	assert.InDelta(t, 1, told[0].at.Seconds(), 0.2)
	for _, s := range told[1:] {
		assert.InDelta(t, 8, s.at.Seconds(), 0.2, "%s: what follows waits with it", s.what)
	}
}

func bookmarksWithheld(t *testing.T) {
	bookmarks := func(rule faults.Rule) int {
		var lived time.Duration
		var events []watch.Event
		sail(t, rule, 1, stream(&lived, &events), creates(2))
		n := 0
		for _, e := range events {
			if e.Type == watch.Bookmark {
				n++
			}
		}
		return n
	}
	latency := faults.Rule{Kind: faults.Latency, Delay: faults.Span{Min: time.Millisecond, Max: time.Millisecond}}
	assert.Equal(t, 2, bookmarks(latency), "one in a minute, if there is something to tell")
	assert.Equal(t, 1, bookmarks(faults.Rule{Kind: faults.BookmarksWithheld, Until: 119 * time.Second}), "the one that comes later")
}

func eventLost(t *testing.T) {
	var told []seen
	sail(t, faults.Rule{Kind: faults.EventLost, Match: faults.Match{Name: "c1"}}, 1, informer(&told), creates(3))
	assert.Equal(t, []string{"add c0", "add c2"}, whats(told))
}

func eventRepeated(t *testing.T) {
	var lived time.Duration
	var events []watch.Event
	sail(t, faults.Rule{Kind: faults.EventRepeated, Match: faults.Match{Name: "c1"}}, 1, stream(&lived, &events), creates(3))
	var names []string
	for _, e := range events {
		if c, ok := e.Object.(*corev1.ConfigMap); ok && e.Type == watch.Added && c.Name != "kube-root-ca.crt" {
			names = append(names, c.Name)
		}
	}
	assert.Equal(t, []string{"c0", "c1", "c1", "c2"}, names)
}

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
	assert.InDelta(t, 70, deleted(faults.Rule{Kind: faults.GCLag, Delay: faults.Span{Min: 30 * time.Second, Max: 30 * time.Second}}), 0.5)
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

func pause(t *testing.T) {
	var err error
	var took time.Duration
	record := sail(t, faults.Rule{Kind: faults.Pause, From: 5 * time.Second, Until: 100 * time.Second}, 1, func(ctx context.Context, env sim.Env) {
		time.Sleep(6 * time.Second)
		begin := time.Now()
		err = createConfigMap(ctx, env, "a")
		took = time.Since(begin)
	}, creates(10))
	assert.NoError(t, err, "however long it takes, the connection is not declared dead")
	assert.InDelta(t, 94, took.Seconds(), 0.1)
	assert.True(t, committed(record, "configmaps", "c9"), "the others go on")
}

func crashLoop(t *testing.T) {
	record := sim.Run(t, sim.Config{
		Safety: time.Minute, Settle: time.Minute,
		Faults: []faults.Rule{{ID: "f", Kind: faults.CrashLoop, From: 10 * time.Second, Until: 30 * time.Second,
			Delay: faults.Span{Min: 3 * time.Second, Max: 3 * time.Second}, RestartAfter: 2 * time.Second}},
		Processes: []sim.Process{{Name: "subject", Run: func(ctx context.Context, env sim.Env) error {
			_ = createConfigMap(ctx, env, fmt.Sprintf("life-%d", env.Incarnation))
			<-ctx.Done()
			return nil
		}}},
	})
	assert.Equal(t, 4, record.Fired[faults.CrashLoop], "at 13s, 18s, 23s and 28s")
	assert.True(t, committed(record, "configmaps", "life-5"))
	assert.False(t, committed(record, "configmaps", "life-6"))
}
