package bugs

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// tenGigabytes is what every claim asks for.
var tenGigabytes = claimOf("10Gi")

func claimOf(size string) corev1.PersistentVolumeClaimSpec {
	return corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(size)}},
	}
}

// podOf is a pod of an App; without a name, the server makes one up.
func podOf(a *App, name string) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: child(a, name)}
	if name == "" {
		pod.GenerateName = a.Name + "-"
	}
	pod.Spec.Containers = []corev1.Container{{Name: "main", Image: "main"}}
	return pod
}

// configOf is a ConfigMap of an App, of its name.
func configOf(a *App, data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: child(a, a.Name), Data: data}
}
