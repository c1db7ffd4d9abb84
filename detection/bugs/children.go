package bugs

import corev1 "k8s.io/api/core/v1"

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
