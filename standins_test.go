package seatrial_test

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
	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/cluster"
)

// Goal: a trial has the parts of a cluster that its controller stands on, as slow and as
// faulty as the seed wants, and judged apart. Method: a controller that notes on each
// Deployment how many of its replicas are ready, which needs somebody who runs them;
// without stand-ins nobody does.

// noteReady writes into an annotation what the status of each Deployment says.
func noteReady(ctx context.Context, cfg *rest.Config) error {
	deployments := kubernetes.NewForConfigOrDie(cfg).AppsV1().Deployments("default")
	for sim.Pause(ctx, 5*time.Second) {
		list, err := deployments.List(ctx, metav1.ListOptions{})
		if err != nil {
			continue
		}
		for i := range list.Items {
			d := &list.Items[i]
			if ready := fmt.Sprint(d.Status.ReadyReplicas); d.Annotations["ready"] != ready && d.DeletionTimestamp == nil {
				metav1.SetMetaDataAnnotation(&d.ObjectMeta, "ready", ready)
				_, _ = deployments.Update(ctx, d, metav1.UpdateOptions{}) // the next pass will do
			}
		}
	}
	return nil
}

func deploymentTrial(standIns cluster.Options) seatrial.Trial {
	return seatrial.Trial{
		Controller: noteReady, StandIns: cluster.Drawn(standIns),
		Objects: seatrial.YAML(`{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {
			replicas: 2, selector: {matchLabels: {app: web}},
			template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: web}]}}}}`),
		Properties: []seatrial.Property{seatrial.Eventually("ready", "All replicas of a Deployment are ready, and noted.", func(s *seatrial.State) error {
			for _, o := range s.List("deployments.apps") {
				d := o.(*appsv1.Deployment)
				if d.Status.ReadyReplicas != *d.Spec.Replicas || d.Annotations["ready"] != fmt.Sprint(*d.Spec.Replicas) {
					return fmt.Errorf("deployment %s: %d of %d replicas are ready, %q are noted", d.Name, d.Status.ReadyReplicas, *d.Spec.Replicas, d.Annotations["ready"])
				}
			}
			return nil
		})},
		// When pods crash and which node has them is drawn, and differs with the faults.
		Except: []string{"like-twin"},
	}
}

func TestTrialsHaveStandIns(t *testing.T) {
	options := cluster.Options{Kubelet: &cluster.Kubelet{Nodes: 2}, Deployments: &cluster.Controller{}}
	starts := map[time.Duration]bool{}
	for seed := sim.Seed(1); seed <= 10; seed++ {
		r := seatrial.Run(t, deploymentTrial(options), seed, seatrial.RunOptions{})
		require.Equal(t, model.VerdictPass, r.Verdict.Kind, "seed %d: %s: %s", seed, r.Verdict.Property, r.Verdict.Message)
		first := map[string]time.Duration{}
		for _, c := range r.Record.History.Commits {
			if pod, ok := c.New.(*corev1.Pod); ok && pod.Status.Phase == corev1.PodRunning && first[""] == 0 {
				first[""] = c.At
			}
		}
		starts[first[""]] = true
	}
	assert.Greater(t, len(starts), 5, "how slow they are is the seed's")
	assert.Equal(t, cluster.Options{Kubelet: &cluster.Kubelet{Nodes: 2}, Deployments: &cluster.Controller{}}, options, "a trial is not changed by running it")

	nobody := deploymentTrial(cluster.Options{})
	found := seatrial.Run(t, nobody, 2, seatrial.RunOptions{})
	assert.Equal(t, "ready", found.Verdict.Property, "without stand-ins nobody runs a pod")
}

func TestStandInsThatCannotBe(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*seatrial.Trial)
		want   string
	}{
		"twice": {func(tr *seatrial.Trial) {
			tr.Processes = append(tr.Processes, seatrial.Process{Name: "kubelet", Run: noteReady, StandIn: true})
		}, `processes: the name "kubelet" is missing or taken (want a name of its own for each)`},
		"option": {func(tr *seatrial.Trial) {
			tr.StandIns = cluster.Drawn(cluster.Options{Kubelet: &cluster.Kubelet{CPU: "lots"}})
		}, `cluster.kubelet.cpu: "lots" is no quantity (want such as 8 or 16Gi)`},
	} {
		t.Run(name, func(t *testing.T) {
			tr := deploymentTrial(cluster.Options{Kubelet: &cluster.Kubelet{}})
			c.change(&tr)
			_, err := tr.Subject()
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
		})
	}
}
