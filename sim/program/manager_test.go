//go:build linux && amd64

package program_test

import (
	"context"
	"flag"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/program"
)

var seeds = flag.Int("seeds", 0, "how many seeds managers run three times each; 0: none, because building them takes minutes")

// sources are one program with the libraries of four times: client-go 0.37, 0.34, 0.31, 0.28.
var sources = []program.Source{
	{Package: "./testdata/manager"}, {Module: "testdata/recent"}, {Module: "testdata/middle"}, {Module: "testdata/older"},
}

func manager(t *testing.T, s program.Source) *program.Binary {
	t.Helper()
	if *seeds == 0 {
		t.Skip("make programs runs managers")
	}
	return build(t, s)
}

// twoReplicas is a world with a controller-runtime manager twice, leader election, ten
// reconciles at once, and a user who makes and changes ConfigMaps.
func twoReplicas(b *program.Binary, seed sim.Seed, rules []faults.Rule, args ...string) sim.Config {
	o := program.Options{
		Args:     append([]string{"--leader-elect"}, args...),
		MayExit:  func(error) bool { return true }, // a pod is started again
		Metrics:  program.Page{Port: 8080},
		Liveness: []program.Probe{{Page: program.Page{Port: 8081}, InitialDelay: 15 * time.Second, Period: 20 * time.Second}},
	}
	return sim.Config{
		Seed: seed, Faults: rules, Safety: time.Minute, Settle: 2 * time.Minute, KeepTrace: true,
		Processes: []sim.Process{
			b.Process("manager-1", o), b.Process("manager-2", o),
			{Name: "user", User: true, Start: 10 * time.Second, Run: use},
		},
	}
}

// use makes six ConfigMaps, one a second, and later changes what they say.
func use(ctx context.Context, env sim.Env) error {
	client, err := kubernetes.NewForConfig(env.REST)
	if err != nil {
		return err
	}
	maps := client.CoreV1().ConfigMaps("default")
	for i := range 12 {
		m := &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("m", i%6), Labels: map[string]string{"want": "secret"}},
			Data:       map[string]string{"v": fmt.Sprint(i)},
		}
		if i < 6 {
			_, err = maps.Create(ctx, m, metav1.CreateOptions{})
		} else {
			_, err = maps.Update(ctx, m, metav1.UpdateOptions{})
		}
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
		sim.Pause(ctx, time.Second)
	}
	return nil
}

// secrets are those that are there at the end, by name, with what they say.
func secrets(r *sim.Record) map[string]string {
	at := map[string]string{}
	for _, c := range r.History.Commits {
		if c.Resource != "secrets" {
			continue
		}
		if s, ok := c.New.(*corev1.Secret); ok {
			at[c.Name] = string(s.Data["v"])
		}
	}
	return at
}

// weather has every kind of fault that hurts a process.
var weather = []faults.Rule{
	{ID: "kill", Kind: faults.Crash, Match: faults.Match{Process: "manager-1"}, From: 20 * time.Second, RestartAfter: 3 * time.Second},
	{ID: "cut", Kind: faults.Partition, Match: faults.Match{Process: "manager-2"}, From: 25 * time.Second, Until: 45 * time.Second},
	{ID: "late", Kind: faults.TimeoutApplied, Match: faults.Match{Verbs: []string{"create"}}, Probability: 0.3, Delay: faults.Span{Min: time.Second, Max: time.Second}},
	{ID: "refused", Kind: faults.ConnectionRefused, Probability: 0.05},
	{ID: "lost", Kind: faults.ResponseLost, Match: faults.Match{Verbs: []string{"write"}}, Probability: 0.1},
	{ID: "stop", Kind: faults.Pause, Match: faults.Match{Process: "manager-*"}, From: 50 * time.Second, Until: 55 * time.Second},
}

// Goal: a controller as it ships does its work, through faults, and a run is the same
// run each time: trace, log, metrics. Method: a manager twice, with leader election,
// through kills, cuts, lost answers and a pause; three times each seed; what it was to
// bring about is compared with what the user wanted last.
func TestManagerIsExact(t *testing.T) {
	for _, s := range sources {
		t.Run(s.Module+s.Package, func(t *testing.T) { exact(t, manager(t, s)) })
	}
}

func exact(t *testing.T, b *program.Binary) {
	t.Helper()
	before := usage()
	for seed := sim.Seed(1); seed <= sim.Seed(*seeds); seed++ {
		first := sim.Run(t, twoReplicas(b, seed, weather))
		for _, p := range first.History.Problems {
			require.NotEqual(t, model.Panicked, p.Kind, "seed %d: %s", seed, p.Message)
			require.NotEqual(t, model.Hung, p.Kind, "seed %d: %s", seed, p.Message)
		}
		assert.Equal(t, map[string]string{"m0": "6", "m1": "7", "m2": "8", "m3": "9", "m4": "10", "m5": "11"}, secrets(first), "seed %d", seed)
		for range 2 {
			again := sim.Run(t, twoReplicas(b, seed, weather))
			requireSame(t, first, again)
		}
	}
	program.Close()
	t.Logf("%d runs, %v of processor time", 3**seeds, usage()-before)
}

// requireSame names the first event, or line, in which two runs differ.
func requireSame(t *testing.T, a, b *sim.Record) {
	t.Helper()
	for i := range min(len(a.Events), len(b.Events)) {
		require.Equal(t, a.Events[i].String(), b.Events[i].String(), "seed %d", a.Seed)
	}
	require.Equal(t, a.Hash, b.Hash, "seed %d", a.Seed)
	require.Equal(t, a.Log, b.Log, "seed %d", a.Seed)
	require.Equal(t, a.History.Metrics, b.History.Metrics, "seed %d", a.Seed)
}

// usage is the processor time of this process and its children that have ended.
func usage() time.Duration {
	var all time.Duration
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if syscall.Getrusage(who, &u) == nil {
			all += time.Duration(u.Utime.Nano() + u.Stime.Nano())
		}
	}
	return all
}

// The planted bug: changes are not carried over, and the same judge sees it.
func TestManagerWithABug(t *testing.T) {
	for _, s := range sources {
		t.Run(s.Module+s.Package, func(t *testing.T) {
			r := sim.Run(t, twoReplicas(manager(t, s), 1, nil, "--forget"))
			assert.Equal(t, "0", secrets(r)["m0"])
		})
	}
}
