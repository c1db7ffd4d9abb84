package seatrial_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/sim"
)

// Goal: a user who deletes what a controller makes anew deletes it once. Method: a
// controller that sees to it twenty times a second that the object is there, and a step that
// waits until it is gone.

func endure(ctx context.Context, cfg *rest.Config) error {
	client := kubernetes.NewForConfigOrDie(cfg)
	for sim.Pause(ctx, 50*time.Millisecond) {
		if _, err := client.CoreV1().ConfigMaps("default").Get(ctx, "note", metav1.GetOptions{}); err != nil {
			_, _ = client.CoreV1().ConfigMaps("default").Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "note"}}, metav1.CreateOptions{})
		}
	}
	return nil
}

func TestWhatIsMadeAnewIsDeletedOnce(t *testing.T) {
	tr := seatrial.Trial{
		Controller: endure, Settle: 2 * time.Minute, Faults: []faults.Rule{},
		Objects: seatrial.YAML(`{apiVersion: v1, kind: ConfigMap, metadata: {name: note}}`),
	}
	for seed := sim.Seed(1); seed <= 12; seed++ {
		result := seatrial.Run(t, tr, seed, seatrial.RunOptions{})
		assert.Empty(t, result.Verdict.Property, result.Verdict.Message)
	}
}
