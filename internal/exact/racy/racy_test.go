package racy_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/seatrial/seatrial/internal/exact/racy"
	"github.com/seatrial/seatrial/sim"
)

// Goal: ten ConfigMaps get ten ports. Method: one world, fair weather; the
// controller starts when the ConfigMaps are there. Natively, on one thread, the
// test has always passed; in exact mode a few seeds fail it.
func TestEachConfigMapHasAPortOfItsOwn(t *testing.T) {
	record := sim.Run(t, sim.Config{
		Seed: 1, Safety: 20 * time.Second, Settle: 20 * time.Second,
		Processes: []sim.Process{
			{Name: "user", User: true, Run: create},
			{Name: "controller", Start: 10 * time.Second, Run: racy.Run(2)},
		},
	})
	require.Empty(t, racy.Shared(record), "ports given twice")
}

func create(ctx context.Context, env sim.Env) error {
	client := kubernetes.NewForConfigOrDie(env.REST).CoreV1().ConfigMaps("default")
	for i := range 10 {
		cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("c%d", i)}}
		if _, err := client.Create(ctx, cm, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	return nil
}
