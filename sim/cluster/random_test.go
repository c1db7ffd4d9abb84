package cluster_test

import (
	"context"
	"fmt"
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
	"github.com/seatrial/seatrial/sim/cluster"
)

// Goal: whatever the seed makes of the stand-ins (slow, failing, crashing pods, lost
// nodes), a run is the same run each time, and when they are calm the cluster is as
// it was asked to be. Method: seeds with all knobs drawn, each run twice.

func everyStandIn() cluster.Options {
	return cluster.Options{
		Kubelet: &cluster.Kubelet{Nodes: 3}, Scheduler: &cluster.Scheduler{}, Deployments: &cluster.Controller{},
		ReplicaSets: &cluster.Controller{}, StatefulSets: &cluster.Controller{}, DaemonSets: &cluster.Controller{},
		Jobs: &cluster.Controller{}, Endpoints: &cluster.Controller{}, EndpointSlices: &cluster.Controller{},
		LoadBalancers: &cluster.LoadBalancers{}, ServiceAccounts: &cluster.Controller{}, RootCA: &cluster.Controller{},
		KubernetesService: true,
	}
}

func TestDrawnStandInsComeToRestAndRepeat(t *testing.T) {
	crashes, evictions, lostNodes := 0, 0, 0
	for seed := sim.Seed(1); seed <= 30; seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			run := func() *sim.Record {
				options := everyStandIn()
				options.Draw(seed)
				return live(t, seed, options,
					step{0, func(ctx context.Context, t assert.TestingT, client kubernetes.Interface) {
						createDeployment("web", 3)(ctx, t, client)
						set, err := client.AppsV1().StatefulSets("default").Create(ctx, statefulSet("db", 2, map[string]string{"app": "db"}), metav1.CreateOptions{})
						made(t, set, err)
						daemons, err := client.AppsV1().DaemonSets("default").Create(ctx, daemonSet("agent"), metav1.CreateOptions{})
						made(t, daemons, err)
						work, err := client.BatchV1().Jobs("default").Create(ctx, job("work"), metav1.CreateOptions{})
						made(t, work, err)
						service, err := client.CoreV1().Services("default").Create(ctx, &corev1.Service{
							ObjectMeta: metav1.ObjectMeta{Name: "web"},
							Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": "web"}, Ports: []corev1.ServicePort{{Port: 80}}},
						}, metav1.CreateOptions{})
						made(t, service, err)
					}},
					step{15 * time.Minute, func(ctx context.Context, t assert.TestingT, client kubernetes.Interface) {
						d, err := client.AppsV1().Deployments("default").Get(ctx, "web", metav1.GetOptions{})
						assert.NoError(t, err)
						assert.EqualValues(t, 3, d.Status.AvailableReplicas)
						s, err := client.AppsV1().StatefulSets("default").Get(ctx, "db", metav1.GetOptions{})
						assert.NoError(t, err)
						assert.EqualValues(t, 2, s.Status.ReadyReplicas)
						a, err := client.AppsV1().DaemonSets("default").Get(ctx, "agent", metav1.GetOptions{})
						assert.NoError(t, err)
						assert.EqualValues(t, 3, a.Status.NumberReady)
						list, err := client.DiscoveryV1().EndpointSlices("default").List(ctx, metav1.ListOptions{LabelSelector: "kubernetes.io/service-name=web"})
						assert.NoError(t, err)
						if assert.Len(t, list.Items, 1) {
							assert.Len(t, list.Items[0].Endpoints, 3)
						}
						j, err := client.BatchV1().Jobs("default").Get(ctx, "work", metav1.GetOptions{})
						assert.NoError(t, err)
						assert.NotEmpty(t, j.Status.Conditions, "it has ended, one way or the other")
						pods, err := client.CoreV1().Pods("default").List(ctx, metav1.ListOptions{})
						assert.NoError(t, err)
						for i := range pods.Items {
							p := &pods.Items[i]
							if p.Status.Reason == "Evicted" {
								evictions++
							}
							for _, c := range p.Status.ContainerStatuses {
								crashes += int(c.RestartCount)
							}
						}
					}},
				)
			}
			first, again := run(), run()
			require.Equal(t, first.Hash, again.Hash)
			for _, c := range first.History.Commits {
				if n, ok := c.New.(*corev1.Node); ok && len(n.Spec.Taints) > 0 {
					lostNodes++
				}
			}
			judged(t, first)
		})
	}
	assert.NotZero(t, crashes, "some seed crashes containers")
	assert.NotZero(t, evictions, "some seed evicts")
	assert.NotZero(t, lostNodes, "some seed loses a node")
}

// A rule may name a stand-in; then it has to live through the fault like the real one.
func TestStandInsLiveThroughFaultsThatNameThem(t *testing.T) {
	for _, process := range []string{cluster.KubeletProcess, cluster.SchedulerProcess, cluster.ControllerManagerProcess} {
		config := sim.Config{Seed: 3, Faults: []faults.Rule{
			{ID: "crash", Kind: faults.Crash, Match: faults.Match{Process: process}, From: 3 * time.Second, RestartAfter: 5 * time.Second},
			{ID: "lost", Kind: faults.ResponseLost, Match: faults.Match{Process: process, Verbs: []string{"write"}}, Probability: 0.2},
		}}
		available := int32(0)
		config.Processes = []sim.Process{{Name: "user", User: true, Run: func(ctx context.Context, env sim.Env) error {
			client := kubernetes.NewForConfigOrDie(env.REST)
			if _, err := client.AppsV1().Deployments("default").Create(ctx, deployment("web", 3), metav1.CreateOptions{}); err != nil {
				return err
			}
			sim.Pause(ctx, 3*time.Minute)
			d, err := client.AppsV1().Deployments("default").Get(ctx, "web", metav1.GetOptions{})
			if err == nil {
				available = d.Status.AvailableReplicas
			}
			return err
		}}}
		options := cluster.Options{Kubelet: &cluster.Kubelet{}, Deployments: &cluster.Controller{}}
		require.NoError(t, options.AddTo(&config))
		record := sim.Run(t, config)
		assert.EqualValues(t, 3, available, process)
		assert.Equal(t, model.VerdictPass, model.Judge(&record.History, model.Generic()).Kind, process)
	}
}
