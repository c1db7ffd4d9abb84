package sim_test

import (
	"context"
	cryptorand "crypto/rand"
	"errors"
	"fmt"
	"math/rand"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilrand "k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// Goal: the world runs unmodified client-go programs, the same way each time,
// and names what a program does to itself. Method: a small controller in the
// classic manner (informer, work queue, reconcile) that mirrors ConfigMaps, in
// faults; and programs that misbehave in one way each.

// mirror copies every ConfigMap of namespace default into kube-public.
func mirror(ctx context.Context, env sim.Env) error {
	client := clientset(env)
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace("default"))
	informer := factory.Core().V1().ConfigMaps()
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[string]())
	defer queue.ShutDown()
	enqueue := func(obj any) {
		if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(obj); err == nil {
			queue.Add(key)
		}
	}
	if _, err := informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: enqueue, UpdateFunc: func(_, obj any) { enqueue(obj) }, DeleteFunc: enqueue,
	}); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	defer factory.Shutdown()
	if !cache.WaitForCacheSync(ctx.Done(), informer.Informer().HasSynced) {
		return nil
	}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for {
				key, stop := queue.Get()
				if stop {
					return
				}
				_, name, _ := cache.SplitMetaNamespaceKey(key)
				source, err := informer.Lister().ConfigMaps("default").Get(name)
				if err == nil {
					copied := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: source.Data}
					_, err = client.CoreV1().ConfigMaps("kube-public").Create(ctx, copied, metav1.CreateOptions{})
				}
				if err != nil && !apierrors.IsAlreadyExists(err) && !apierrors.IsNotFound(err) {
					queue.AddRateLimited(key)
				} else {
					queue.Forget(key)
				}
				queue.Done(key)
			}
		})
	}
	<-ctx.Done()
	queue.ShutDown()
	wg.Wait()
	return nil
}

func mirrorWorld(seed sim.Seed) sim.Config {
	return sim.Config{
		Seed: seed, Safety: time.Minute, Settle: 2 * time.Minute,
		Faults: []faults.Rule{
			{ID: "lost", Kind: faults.ResponseLost, Probability: 0.2, Match: faults.Match{Verbs: []string{"write"}}},
			{ID: "busy", Kind: faults.TooManyRequests, Probability: 0.2, RetryAfter: time.Second},
			{ID: "closed", Kind: faults.WatchClosed, Probability: 0.5, Delay: faults.Span{Min: time.Second, Max: 20 * time.Second}},
			{ID: "cut", Kind: faults.Partition, From: 20 * time.Second, Until: 30 * time.Second},
			{ID: "crash", Kind: faults.Crash, From: 40 * time.Second, RestartAfter: time.Second},
		},
		Processes: []sim.Process{
			{Name: "mirror", Run: mirror},
			{Name: "user", User: true, Run: func(ctx context.Context, env sim.Env) error {
				for i := range 20 {
					time.Sleep(2 * time.Second)
					if err := createConfigMap(ctx, env, fmt.Sprintf("c%02d", i)); err != nil {
						return err
					}
				}
				return nil
			}},
		},
	}
}

func TestAClassicControllerLivesThroughFaults(t *testing.T) {
	record := sim.Run(t, mirrorWorld(1))
	assert.Empty(t, record.History.Problems)
	mirrored := 0
	for _, c := range record.History.Commits {
		if c.Namespace == "kube-public" {
			mirrored++
			assert.Equal(t, "mirror", c.Process)
		}
	}
	assert.Equal(t, 20, mirrored, "every ConfigMap is mirrored once, whatever the faults")
	for _, kind := range []faults.Kind{faults.ResponseLost, faults.TooManyRequests, faults.WatchClosed, faults.Partition, faults.Crash} {
		assert.NotZero(t, record.Fired[kind], "%s fired", kind)
	}
	assert.Equal(t, 3*time.Minute, record.Virtual)
}

func TestSameSeedSameRun(t *testing.T) {
	hashes := make(map[string]sim.Seed)
	for seed := sim.Seed(1); seed <= 20; seed++ {
		config := mirrorWorld(seed)
		config.KeepTrace = true
		first, second := sim.Run(t, config), sim.Run(t, config)
		for i := range min(len(first.Events), len(second.Events)) {
			require.Equal(t, first.Events[i], second.Events[i], "seed %d: the first event that differs", seed)
		}
		require.Equal(t, first.Hash, second.Hash, "seed %d", seed)
		require.NotContains(t, hashes, first.Hash, "another seed is another run")
		hashes[first.Hash] = seed
		config.KeepTrace = false
		assert.Equal(t, first.Hash, sim.Run(t, config).Hash, "keeping the trace does not change the run")
	}
}

// What a process draws from the process-wide sources, which client-go does too, depends
// on the seed and on whose life it is, not on what ran before.
func TestChanceIsTheSeeds(t *testing.T) {
	draw := func(seed sim.Seed) []string {
		var drawn []string
		sim.Run(t, sim.Config{
			Seed: seed, Safety: time.Minute, Settle: time.Minute,
			Faults: []faults.Rule{{ID: "f", Kind: faults.Crash, From: 10 * time.Second, RestartAfter: time.Second}},
			Processes: []sim.Process{{Name: "subject", Run: func(ctx context.Context, env sim.Env) error {
				read := make([]byte, 20)
				_, _ = cryptorand.Read(read)
				drawn = append(drawn, fmt.Sprint(rand.Int63()), utilrand.String(10), uuid.NewString(), uuid.NewString(), string(read))
				_ = createConfigMap(ctx, env, "a")
				drawn = append(drawn, fmt.Sprint(rand.Int63()))
				<-ctx.Done()
				return nil
			}}},
		})
		return drawn
	}
	first := draw(1)
	require.Len(t, first, 12)
	different := map[string]bool{}
	for _, text := range slices.Concat(first, draw(2)) {
		different[text] = true
	}
	assert.Len(t, different, 24, "no two are alike")
	rand.Int63()
	assert.Equal(t, first, draw(1))
}

// A goroutine that ends by itself a moment after its process has not leaked.
func TestALastBreathIsNoLeak(t *testing.T) {
	record := sim.Run(t, sim.Config{
		Safety: time.Minute, Settle: time.Minute,
		Processes: []sim.Process{{Name: "subject", Run: func(ctx context.Context, _ sim.Env) error {
			go func() {
				<-ctx.Done()
				time.Sleep(5 * time.Second)
			}()
			<-ctx.Done()
			return nil
		}}},
	})
	assert.Empty(t, record.History.Problems)
}

func TestTimesAndSequenceAreInOrder(t *testing.T) {
	config := mirrorWorld(3)
	config.KeepTrace = true
	record := sim.Run(t, config)
	require.NotEmpty(t, record.Events)
	for i, e := range record.Events {
		require.EqualValues(t, i+1, e.Seq)
		if i > 0 {
			require.GreaterOrEqual(t, e.At, record.Events[i-1].At)
		}
	}
	for i, c := range record.History.Commits {
		require.NotZero(t, c.Seq)
		if i > 0 {
			require.Greater(t, c.Revision, record.History.Commits[i-1].Revision)
		}
	}
	for _, c := range record.History.Calls {
		if c.ReturnSeq != 0 {
			require.Greater(t, c.ReturnSeq, c.CallSeq)
		}
	}
}

func TestProblemsAreNamed(t *testing.T) {
	for _, c := range []struct {
		name    string
		run     func(ctx context.Context, env sim.Env) error
		kind    model.ProblemKind
		message string
	}{
		{"panic", func(context.Context, sim.Env) error { panic("oops") }, model.Panicked, "oops"},
		{"exit", func(context.Context, sim.Env) error { return errors.New("I give up") }, model.Exited, "I give up"},
		{"leaked goroutine", func(ctx context.Context, _ sim.Env) error {
			go func() { <-make(chan int) }()
			<-ctx.Done()
			return nil
		}, model.Leaked, "1 started by github.com/seatrial/seatrial/sim_test"},
		{"ignores its context", func(ctx context.Context, _ sim.Env) error {
			<-make(chan int)
			return nil
		}, model.Leaked, "subject-1 did not return"},
		{"loop without a pause", func(ctx context.Context, env sim.Env) error {
			for ctx.Err() == nil {
				createConfigMap(ctx, env, "a")
			}
			return nil
		}, model.Hung, "endless loop of calls"},
	} {
		t.Run(c.name, func(t *testing.T) {
			record := sim.Run(t, sim.Config{
				Safety: 10 * time.Minute, Settle: 10 * time.Minute, MaxRequests: 2_000,
				Network:   sim.Network{Latency: faults.Span{Min: time.Microsecond, Max: 2 * time.Microsecond}},
				Processes: []sim.Process{{Name: "subject", Run: c.run}},
			})
			require.NotEmpty(t, record.History.Problems)
			first := record.History.Problems[0]
			assert.Equal(t, c.kind, first.Kind)
			assert.Contains(t, first.Message, c.message)
		})
	}
}

func TestAnExitThatIsOrdinaryIsNoProblem(t *testing.T) {
	lost := errors.New("leader election lost")
	record := sim.Run(t, sim.Config{
		Safety: time.Minute, Settle: time.Minute,
		Processes: []sim.Process{{Name: "subject",
			MayExit: func(err error) bool { return errors.Is(err, lost) },
			Run: func(ctx context.Context, env sim.Env) error {
				if env.Incarnation == 1 {
					return lost
				}
				<-ctx.Done()
				return nil
			}}},
	})
	assert.Empty(t, record.History.Problems)
}
