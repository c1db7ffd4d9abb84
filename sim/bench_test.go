package sim_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/sim"
)

// What one API call costs, for the same loop of create, get, update and delete
// of a Service: through unmodified client-go, the scheduler and the simulated
// server on the one hand, through controller-runtime's fake client on the other.

func service(i int) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: fmt.Sprintf("s%d", i%100), Labels: map[string]string{"a": "b"}},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": "a"}, Ports: []corev1.ServicePort{{Port: 80}}},
	}
}

func BenchmarkCallSimulated(b *testing.B) { benchmarkSimulated(b, nil) }

// BenchmarkCallSimulatedIdleFaults is the same with rules that never fire.
func BenchmarkCallSimulatedIdleFaults(b *testing.B) {
	var rules []faults.Rule
	for i, kind := range []faults.Kind{faults.ConnectionRefused, faults.InternalError, faults.ResponseLost, faults.Latency, faults.TooManyRequests} {
		rules = append(rules, faults.Rule{ID: fmt.Sprint(i), Kind: kind, Probability: 1, From: 1000 * time.Hour})
	}
	benchmarkSimulated(b, rules)
}

func benchmarkSimulated(b *testing.B, rules []faults.Rule) {
	b.ReportAllocs()
	ready := make(chan error, 1)
	record := sim.Run(new(testing.T), sim.Config{
		Faults: rules, Safety: time.Duration(b.N) * time.Second, Settle: time.Second, MaxRequests: 1 << 60,
		Processes: []sim.Process{{Name: "client", User: true, Run: func(ctx context.Context, env sim.Env) error {
			services := kubernetes.NewForConfigOrDie(env.REST).CoreV1().Services("default")
			for i := 0; i < b.N; i += 4 {
				made, err := services.Create(ctx, service(i), metav1.CreateOptions{})
				if err == nil {
					made, err = services.Get(ctx, made.Name, metav1.GetOptions{})
				}
				if err == nil {
					made.Spec.Ports[0].Port++
					made, err = services.Update(ctx, made, metav1.UpdateOptions{})
				}
				if err == nil {
					err = services.Delete(ctx, made.Name, metav1.DeleteOptions{})
				}
				if err != nil {
					ready <- err
					return err
				}
			}
			ready <- nil
			return nil
		}}},
	})
	require.NoError(b, <-ready)
	require.GreaterOrEqual(b, record.Requests, b.N)
}

func BenchmarkCallFakeClient(b *testing.B) {
	b.ReportAllocs()
	c := fake.NewClientBuilder().Build()
	ctx := context.Background()
	for i := 0; i < b.N; i += 4 {
		s := service(i)
		require.NoError(b, c.Create(ctx, s))
		require.NoError(b, c.Get(ctx, client.ObjectKeyFromObject(s), s))
		s.Spec.Ports[0].Port++
		require.NoError(b, c.Update(ctx, s))
		require.NoError(b, c.Delete(ctx, s))
	}
}
