package sim_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// Goal: what a stand-in does wrong is never reported as the subject's, and faults
// spare it. Method: programs that break one generic law each, once as a stand-in
// beside a subject that keeps all of them, and once as the subject, so that the
// laws are seen to bite.

func rest(ctx context.Context, _ sim.Env) error { <-ctx.Done(); return nil }

func TestWhatAStandInDoesWrongIsNotTheSubjects(t *testing.T) {
	for _, c := range []struct {
		law         string
		run         func(context.Context, sim.Env) error
		asStandIn   model.VerdictKind
		explanation string
	}{
		{"bounded-retries", func(ctx context.Context, env sim.Env) error {
			client := kubernetes.NewForConfigOrDie(env.REST)
			for sim.Pause(ctx, 100*time.Millisecond) {
				client.CoreV1().ConfigMaps("nowhere").Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "x"}}, metav1.CreateOptions{})
			}
			return nil
		}, model.VerdictPass, "a retry storm of the cluster's is not what is under test"},
		{"quiet", func(ctx context.Context, env sim.Env) error {
			client := kubernetes.NewForConfigOrDie(env.REST)
			for sim.Pause(ctx, 5*time.Second) {
				client.CoreV1().Namespaces().Patch(ctx, "default", "application/merge-patch+json", []byte(`{"metadata":{"labels":{"a":"b"}}}`), metav1.PatchOptions{})
			}
			return nil
		}, model.VerdictPass, "a kubelet reports for ever"},
		{"no-panic", func(context.Context, sim.Env) error { panic("broken") }, model.VerdictInconclusive, "a cluster without its kubelet proves nothing"},
		{"no-exit", func(ctx context.Context, _ sim.Env) error {
			sim.Pause(ctx, time.Minute)
			return errors.New("enough")
		}, model.VerdictInconclusive, "as for panics"},
		{"no-hang", func(ctx context.Context, env sim.Env) error {
			client := kubernetes.NewForConfigOrDie(env.REST)
			for ctx.Err() == nil {
				client.CoreV1().Namespaces().Get(ctx, "default", metav1.GetOptions{})
			}
			return nil
		}, model.VerdictInconclusive, "who made most of the calls is to blame for their number"},
	} {
		t.Run(c.law, func(t *testing.T) {
			judge := func(processes ...sim.Process) model.Verdict {
				record := sim.Run(t, sim.Config{Seed: 1, Processes: processes, MaxRequests: 3000})
				return model.Judge(&record.History, model.Generic())
			}
			verdict := judge(sim.Process{Name: "subject", Run: rest}, sim.Process{Name: "other", StandIn: true, Run: c.run})
			assert.Equal(t, c.asStandIn, verdict.Kind, "%s: %+v", c.explanation, verdict)

			verdict = judge(sim.Process{Name: "subject", Run: c.run})
			assert.Equal(t, c.law, verdict.Property, "the same program under test breaks the law")
		})
	}
}

func TestFaultsSpareStandIns(t *testing.T) {
	reads := func(ctx context.Context, env sim.Env) error {
		client := kubernetes.NewForConfigOrDie(env.REST)
		for sim.Pause(ctx, 10*time.Second) {
			client.CoreV1().Namespaces().Get(ctx, "default", metav1.GetOptions{})
		}
		return nil
	}
	failures := func(rule faults.Rule) map[string]int {
		rule.ID = "r"
		record := sim.Run(t, sim.Config{Seed: 1, Faults: []faults.Rule{rule}, Processes: []sim.Process{
			{Name: "subject", Run: reads}, {Name: "kubelet", StandIn: true, Run: reads},
		}})
		failed := map[string]int{}
		for _, call := range record.History.Calls {
			require.Equal(t, call.Process == "kubelet", call.StandIn)
			require.Equal(t, call.StandIn, call.User, "laws that look past users look past stand-ins")
			if call.Outcome != model.OK {
				failed[call.Process]++
			}
		}
		return failed
	}
	failed := failures(faults.Rule{Kind: faults.ConnectionRefused})
	assert.NotZero(t, failed["subject"])
	assert.Zero(t, failed["kubelet"], "a rule without a process is about subjects")

	failed = failures(faults.Rule{Kind: faults.ConnectionRefused, Match: faults.Match{Process: "kubelet"}})
	assert.Zero(t, failed["subject"])
	assert.NotZero(t, failed["kubelet"], "a rule that names it hits it")
}
