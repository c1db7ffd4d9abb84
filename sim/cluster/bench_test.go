package cluster_test

import (
	"context"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/cluster"
)

// A whole run: a Deployment of three pods comes up, and the world lives on for four
// minutes; with all stand-ins; and without any.
func BenchmarkRun(b *testing.B) {
	for _, c := range []struct {
		name    string
		options cluster.Options
	}{
		{"deployment", cluster.Options{Kubelet: &cluster.Kubelet{}, Deployments: &cluster.Controller{}}},
		{"every-stand-in", everyStandIn()},
		{"none", cluster.Options{}},
	} {
		b.Run(c.name, func(b *testing.B) {
			requests := 0
			for n := 0; b.Loop(); n++ {
				config := sim.Config{Seed: sim.Seed(n + 1), Processes: []sim.Process{{Name: "user", User: true, Run: func(ctx context.Context, env sim.Env) error {
					_, err := kubernetes.NewForConfigOrDie(env.REST).AppsV1().Deployments("default").Create(ctx, deployment("web", 3), metav1.CreateOptions{})
					return err
				}}}}
				if err := c.options.AddTo(&config); err != nil {
					b.Fatal(err)
				}
				requests = sim.Run(new(testing.T), config).Requests
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
			b.ReportMetric(float64(requests), "requests")
		})
	}
}
