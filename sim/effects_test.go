package sim_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
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
	faults.Overtaken:         overtaken,
	faults.HostError:         hostError,
	faults.HostHang:          hostHang,
	faults.HostCrash:         hostCrash,
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
		KeepTrace: true, Safety: 2 * time.Minute, Settle: time.Minute, Faults: []faults.Rule{rule}, Server: sim.Server{Replicas: replicas},
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
	assert.True(t, traced(record, string(rule.Kind)+" f"), "and is in the trace")
	assert.Empty(t, record.History.Problems)
	for _, p := range slices.Concat(model.Generic(), model.WatchGuarantees()) {
		if info, _ := faults.Lookup(rule.Kind); info.Permitted {
			r := p.Check(&record.History)
			assert.Equal(t, model.Held, r.Status, "%s: the harness keeps its own law under what is permitted: %s", p.Name, r.Message)
		}
	}
	return record
}

// traced says whether the trace tells of a fault, by its kind and name.
func traced(r *sim.Record, what string) bool {
	return slices.ContainsFunc(r.Events, func(e sim.Event) bool {
		return (e.Type == sim.EventFault || e.Type == sim.EventSchedule) && strings.HasPrefix(e.Detail, what)
	})
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
