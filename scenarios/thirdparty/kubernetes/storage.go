package kubernetes

import (
	"k8s.io/kubernetes/pkg/controller/volume/ephemeral"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/sim/cluster"
)

// EphemeralVolume makes claims for pods.
func EphemeralVolume() seatrial.Trial {
	return trial(func(p parts) (controller, error) {
		return ephemeral.NewController(p.ctx, p.client, p.Core().V1().Pods(), p.Core().V1().PersistentVolumeClaims())
	}, "ephemeral", cluster.Options{})
}
