package bugs

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

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

// ensure creates a child, or reads the one that is there. It is an error as long as what
// is there belongs to a former App of the same name, which the garbage collector has not
// come to yet.
func ensure(ctx context.Context, c client.Client, fresh client.Reader, a *App, o client.Object) error {
	err := c.Create(ctx, o)
	if apierrors.IsAlreadyExists(err) {
		return another(ctx, fresh, a, o)
	}
	return err
}

func another(ctx context.Context, fresh client.Reader, a *App, o client.Object) error {
	if err := fresh.Get(ctx, client.ObjectKeyFromObject(o), o); err != nil {
		return err
	}
	if !metav1.IsControlledBy(o, a) {
		return fmt.Errorf("%s belongs to another App", o.GetName())
	}
	return nil
}

func (l *live) ensure(ctx context.Context, a *App, o client.Object) error {
	return ensure(ctx, l, l, a, o)
}

func (m *manager) ensure(ctx context.Context, a *App, o client.Object) error {
	return ensure(ctx, m, m.live, a, o)
}

// employ makes an App's machine in the cloud, unless the App has gone since the cache
// heard of it: who makes things for what it remembers makes them for nobody.
func employ(ctx context.Context, c client.Client, fresh client.Reader, a *App, machine *Instance) error {
	now := new(App)
	err := fresh.Get(ctx, client.ObjectKeyFromObject(a), now)
	if err != nil || now.UID != a.UID || now.DeletionTimestamp != nil {
		return client.IgnoreNotFound(err)
	}
	return client.IgnoreAlreadyExists(c.Create(ctx, machine))
}
