package cluster_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/cluster"
)

// step is something that a user does at a time, on a client of the API server.
type step struct {
	at time.Duration
	do func(ctx context.Context, t assert.TestingT, client kubernetes.Interface)
}

// notes collects what a step finds wrong: a bubble's goroutines may not end a test.
type notes struct {
	at   time.Duration
	into *[]string
}

func (n notes) Errorf(format string, args ...any) {
	*n.into = append(*n.into, n.at.String()+": "+fmt.Sprintf(format, args...))
}

// live runs a world of stand-ins and one user who does the steps. Assertions in
// them are the test's.
func live(t *testing.T, seed sim.Seed, options cluster.Options, steps ...step) *sim.Record {
	t.Helper()
	config := sim.Config{Seed: seed, Safety: 5 * time.Minute, Settle: 15 * time.Minute}
	var failures []string
	done := 0
	config.Processes = append(config.Processes, sim.Process{Name: "user", User: true, Run: func(ctx context.Context, env sim.Env) error {
		client := kubernetes.NewForConfigOrDie(env.REST)
		var passed time.Duration
		for _, s := range steps {
			if !sim.Pause(ctx, s.at-passed) {
				return ctx.Err()
			}
			passed = s.at
			s.do(ctx, notes{s.at, &failures}, client)
			done++
		}
		return nil
	}})
	require.NoError(t, options.AddTo(&config))
	record := sim.Run(t, config)
	assert.Equal(t, len(steps), done, "the world ended before all was done")
	assert.Empty(t, failures)
	assert.Empty(t, record.History.Problems)
	return record
}

func template(labels map[string]string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: labels},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "app:1"}}},
	}
}

func deployment(name string, replicas int32) *appsv1.Deployment {
	labels := map[string]string{"app": name}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       appsv1.DeploymentSpec{Replicas: ptr.To(replicas), Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template(labels)},
	}
}

// made fails the test when something could not be made.
func made[T any](t assert.TestingT, _ T, err error) { assert.NoError(t, err) }

func createDeployment(name string, replicas int32) func(context.Context, assert.TestingT, kubernetes.Interface) {
	return func(ctx context.Context, t assert.TestingT, client kubernetes.Interface) {
		got, err := client.AppsV1().Deployments("default").Create(ctx, deployment(name, replicas), metav1.CreateOptions{})
		made(t, got, err)
	}
}

func callsOf(record *sim.Record, process string) int {
	n := 0
	for i := range record.History.Calls {
		if record.History.Calls[i].Process == process {
			n++
		}
	}
	return n
}

// judged: no generic law that looks at subjects sees any here.
func judged(t *testing.T, record *sim.Record) {
	t.Helper()
	verdict := model.Judge(&record.History, model.Generic())
	assert.Equal(t, model.VerdictPass, verdict.Kind, "%+v", verdict)
}
