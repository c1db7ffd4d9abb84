package bugs

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var owners = []Bug{
	{
		Name: "aci-436", Class: "ownerRef in a second write", Source: "https://github.com/noironetworks/aci-containers/pull/436",
		Story:      "The owner is written on a child in a second request; when that fails, a line is logged, and the child outlives its App.",
		Controller: ownerLater,
		Objects:    apps("{text: a}", "host", "agent"),
	},
}

// ownerLater creates the child and then says whose it is; the mended one says so at once.
func ownerLater(mended bool) Run {
	return loop{watches: []watch{{"apps", itself}}, reconcile: func(ctx context.Context, l *live, key string) error {
		a := l.app(key)
		if a == nil || a.DeletionTimestamp != nil {
			return nil
		}
		cm := configOf(a, map[string]string{"text": a.Spec.Text})
		if !mended {
			cm.OwnerReferences = nil
		}
		err := l.Create(ctx, cm)
		if apierrors.IsAlreadyExists(err) {
			return l.takeBack(ctx, a, mended)
		}
		if err != nil || mended {
			return err
		}
		cm.OwnerReferences = ownedBy(a)
		_ = l.Update(ctx, cm) // logged by the original
		return nil
	}}.run
}

// takeBack deletes what a former App of the name has left, if the garbage collector has
// not yet. The next attempt makes it anew.
func (l *live) takeBack(ctx context.Context, a *App, mended bool) error {
	var cm corev1.ConfigMap
	if err := l.Get(ctx, client.ObjectKeyFromObject(a), &cm); err != nil {
		return err
	}
	if !mended || metav1.IsControlledBy(&cm, a) {
		return nil
	}
	return apierrors.NewAlreadyExists(corev1.Resource("configmaps"), cm.Name)
}
