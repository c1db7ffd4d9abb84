package bugs

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var generatedNames = []Bug{
	{
		Name: "argo-rollouts-243", Class: "generateName duplicated", Source: "https://github.com/argoproj/argo-rollouts/issues/243",
		Story:      "Whether the run exists is asked of a cache that is behind, and its name is left to the server: there are two.",
		Controller: generatedRun,
		Objects:    apps("{text: a}", "canary", "green") + apps("{text: b}", "canary", "green"),
	},
	{
		Name: "cryostat-163", Class: "generateName duplicated", Source: "https://github.com/cryostatio/cryostat-operator/issues/163",
		Story:      "An answer that does not arrive is tried again, and the server makes up a second name.",
		Controller: generatedLink,
		Objects:    apps("{text: a}", "recorder", "viewer"),
	},
}

// named is the metadata of an App's run: the mended one's name follows from the App's.
func named(a *App, mended bool) metav1.ObjectMeta {
	if mended {
		return child(a, a.Name+"-run")
	}
	meta := child(a, "")
	meta.GenerateName = a.Name + "-"
	return meta
}

func generatedRun(mended bool) Run {
	return managed{owns: []client.Object{&corev1.ConfigMap{}}, reconcile: func(ctx context.Context, m *manager, r ctrl.Request) (ctrl.Result, error) {
		a, err := m.app(ctx, r)
		if a == nil || a.DeletionTimestamp != nil {
			return again(err)
		}
		var runs corev1.ConfigMapList
		if err := m.List(ctx, &runs, client.InNamespace(a.Namespace), client.MatchingLabels{"app": a.Name}); err != nil {
			return again(err)
		}
		for i := range runs.Items {
			if metav1.IsControlledBy(&runs.Items[i], a) {
				return again(nil)
			}
		}
		return again(m.Create(ctx, &corev1.ConfigMap{ObjectMeta: named(a, mended)}))
	}}.run
}

// generatedLink asks the API server itself, and is none the wiser for an answer lost.
func generatedLink(mended bool) Run {
	return loop{watches: []watch{{"apps", itself}}, reconcile: func(ctx context.Context, l *live, key string) error {
		a := l.app(key)
		if a == nil || a.DeletionTimestamp != nil || a.Status.ID != "" {
			return nil
		}
		link := &corev1.ConfigMap{ObjectMeta: named(a, mended)}
		if err := l.ensure(ctx, a, link); err != nil {
			return err
		}
		a.Status.ID = "linked"
		return client.IgnoreNotFound(l.Status().Update(ctx, a))
	}}.run
}
