package bugs

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var foregrounds = []Bug{
	{
		Name: "cert-manager-7358", Class: "foreground deletion", Source: "https://github.com/cert-manager/cert-manager/issues/7358",
		Story:      "While an App waits for its dependents to go, they are made again, and it never goes.",
		Controller: remakesDependents,
		Steps: []Step{
			{At: 5 * time.Second, Apply: apps("{text: a}", "web", "mail")},
			{At: 40 * time.Second, Name: "delete web in the foreground", Do: deleteForeground("web")},
		},
	},
}

// remakesDependents looks for the request and nothing else; the mended one leaves an App
// alone that is being deleted.
func remakesDependents(mended bool) Run {
	return managed{owns: []client.Object{&corev1.ConfigMap{}}, reconcile: func(ctx context.Context, m *manager, r ctrl.Request) (ctrl.Result, error) {
		a, err := m.app(ctx, r)
		if a == nil || mended && a.DeletionTimestamp != nil {
			return again(err)
		}
		err = m.Get(ctx, r.NamespacedName, &corev1.ConfigMap{})
		if client.IgnoreNotFound(err) != nil || err == nil {
			return again(err)
		}
		return again(m.Create(ctx, configOf(a, map[string]string{"request": a.Spec.Text})))
	}}.run
}

// deleteForeground deletes an App so that it waits for its dependents.
func deleteForeground(name string) Run {
	return func(ctx context.Context, cfg *rest.Config) error {
		c, err := newClient(cfg)
		if err != nil {
			return err
		}
		a := &App{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}}
		return client.IgnoreNotFound(c.Delete(ctx, a, client.PropagationPolicy(metav1.DeletePropagationForeground)))
	}
}
