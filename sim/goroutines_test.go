//go:build !wasip1

package sim_test

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/seatrial/seatrial/sim"
)

// Goal: a subject that stops virtual time is named, with advice. Method: each way
// to do it in a process of its own, because the run can only be ended with its
// process; then read what the process said.

const hangVariable = "SEATRIAL_TEST_HANG"

var outside = make(chan struct{}) // of package level, so of no run

var hangs = map[string]func(ctx context.Context, env sim.Env) error{
	"channel": func(context.Context, sim.Env) error { <-outside; return nil },
	"mutex": func(ctx context.Context, _ sim.Env) error {
		var mu sync.Mutex
		mu.Lock()
		go func() { mu.Lock() }()
		time.Sleep(time.Second)
		<-ctx.Done()
		return nil
	},
	"socket": func(context.Context, sim.Env) error {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		_, err = listener.Accept()
		return err
	},
	"loop": func(ctx context.Context, _ sim.Env) error {
		for n := 0; ; n++ {
			if n < 0 {
				return ctx.Err()
			}
		}
	},
	"warmup": func(ctx context.Context, env sim.Env) error {
		mgr, err := ctrl.NewManager(env.REST, ctrl.Options{
			Metrics: metricsserver.Options{BindAddress: "0"}, Logger: logr.Discard(),
			LeaderElection: true, LeaderElectionID: "warm", LeaderElectionNamespace: "default",
			Controller: config.Controller{SkipNameValidation: ptr.To(true)},
		})
		if err != nil {
			return err
		}
		never := reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) { return reconcile.Result{}, nil })
		options := controller.Options{EnableWarmup: ptr.To(true)}
		if err := builder.ControllerManagedBy(mgr).For(&corev1.ConfigMap{}).WithOptions(options).Complete(never); err != nil {
			return err
		}
		return mgr.Start(ctx)
	},
}

func TestHang(t *testing.T) {
	run, ok := hangs[os.Getenv(hangVariable)]
	if !ok {
		t.Skip("only in a process that a test below starts")
	}
	sim.Run(t, sim.Config{Seed: 1, Watchdog: time.Second, Processes: []sim.Process{{Name: "subject", Run: run}}})
}

func TestAHangNamesWhoIsToBlame(t *testing.T) {
	for _, c := range []struct{ kind, who, advice string }{
		{"channel", `sim_test\.init\.func\d+ \(chan receive\), started by github.com/seatrial/seatrial/sim\.\(\*world\)\.start`, "a channel made outside the run is waited for"},
		{"mutex", `\(sync\.Mutex\.Lock\), started by github.com/seatrial/seatrial/sim_test\.init\.func\d+`, "a mutex is held by somebody who waits"},
		{"socket", `\(IO wait\), started by`, "reach the API server through the rest.Config that was given"},
		{"loop", `sim_test\.init\.func\d+ \(run`, "it computes without end"},
		{"warmup", `internal/controller\.\(\*Controller`, "leave EnableWarmup off in the run"},
	} {
		t.Run(c.kind, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run=^TestHang$")
			cmd.Env = append(os.Environ(), hangVariable+"="+c.kind)
			said, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			require.True(t, errors.As(err, &exit), "it ended without an error:\n%s", said)
			assert.Equal(t, 3, exit.ExitCode())
			assert.Contains(t, string(said), "blocks virtual time: ")
			assert.Regexp(t, c.who, string(said))
			assert.Contains(t, string(said), c.advice)
		})
	}
}
