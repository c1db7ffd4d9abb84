package kubernetes

import (
	"time"

	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller/volume/ephemeral"
	"k8s.io/kubernetes/pkg/controller/volume/persistentvolume"
	"k8s.io/kubernetes/pkg/controller/volume/pvcprotection"
	"k8s.io/kubernetes/pkg/controller/volume/pvprotection"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/sim/cluster"
)

func binder(p parts) (controller, error) {
	c, err := persistentvolume.NewController(p.ctx, persistentvolume.ControllerParameters{
		KubeClient: p.client, SyncPeriod: 15 * time.Second, EnableDynamicProvisioning: true,
		VolumeInformer: p.Core().V1().PersistentVolumes(), ClaimInformer: p.Core().V1().PersistentVolumeClaims(),
		ClassInformer: p.Storage().V1().StorageClasses(), PodInformer: p.Core().V1().Pods(), NodeInformer: p.Core().V1().Nodes(),
	})
	if err != nil {
		return nil, err
	}
	return alone(c.Run), nil
}

func volumeProtection(p parts) (controller, error) {
	return pvprotection.NewPVProtectionController(klog.FromContext(p.ctx), p.Core().V1().PersistentVolumes(), p.client)
}

// PersistentVolumeBinder binds claims to volumes that are there already.
func PersistentVolumeBinder() seatrial.Trial {
	return beside(trial(binder, "volumes", cluster.Options{}), "pv-protection", volumeProtection)
}

// PersistentVolumeProtection, beside the binder.
func PersistentVolumeProtection() seatrial.Trial {
	return beside(trial(volumeProtection, "volumes", cluster.Options{}), "pv-binder", binder)
}

// PersistentVolumeClaimProtection: claims that pods use are deleted, and pods end.
func PersistentVolumeClaimProtection() seatrial.Trial {
	return trial(func(p parts) (controller, error) {
		return pvcprotection.NewPVCProtectionController(klog.FromContext(p.ctx), p.Core().V1().PersistentVolumeClaims(), p.Core().V1().Pods(), p.client)
	}, "claims", cluster.Options{Kubelet: kubelets(1), Volumes: &cluster.Volumes{}})
}

// EphemeralVolume makes claims for pods.
func EphemeralVolume() seatrial.Trial {
	return trial(func(p parts) (controller, error) {
		return ephemeral.NewController(p.ctx, p.client, p.Core().V1().Pods(), p.Core().V1().PersistentVolumeClaims())
	}, "ephemeral", cluster.Options{})
}
