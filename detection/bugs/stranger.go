package bugs

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatrial/seatrial/model"
)

const stranger = "adoption of a stranger's object"

var strangers = []Bug{
	{
		Name: "opensearch-763", Class: stranger, Source: "https://github.com/opensearch-project/opensearch-k8s-operator/issues/763",
		Story:      "A Secret that a user made becomes the App's own, and goes with it.",
		Controller: takesOwnership,
		Cluster:    authority,
		Steps: []Step{
			{At: 5 * time.Second, Apply: apps("{uses: authority}", "search")},
			{At: 40 * time.Second, Delete: apps("{uses: authority}", "search")},
		},
		Laws: []model.Property{model.Always("keeps-authority", "The user's Secret stays.", keepsAuthority)},
	},
	{
		Name: "external-secrets-4548", Class: stranger, Source: "https://github.com/external-secrets/external-secrets/issues/4548",
		Story:      "What is there already under the name is overwritten; whose it is then depends on who came last.",
		Controller: overwrites,
		Objects:    apps("{uses: shared, text: mine}", "first") + apps("{uses: shared, text: yours}", "second"),
	},
}

// takesOwnership writes the App on the Secret that it uses.
func takesOwnership(mended bool) Run {
	return managed{reconcile: func(ctx context.Context, m *manager, r ctrl.Request) (ctrl.Result, error) {
		a, err := m.app(ctx, r)
		if a == nil || a.DeletionTimestamp != nil {
			return again(err)
		}
		var secret corev1.Secret
		if err := m.live.Get(ctx, client.ObjectKey{Namespace: a.Namespace, Name: a.Spec.Uses}, &secret); err != nil {
			return again(err)
		}
		if !mended && len(secret.OwnerReferences) == 0 {
			secret.OwnerReferences = ownedBy(a)
			return again(m.Update(ctx, &secret))
		}
		return again(m.ensure(ctx, a, configOf(a, map[string]string{"ca": string(secret.Data["ca"])})))
	}}.run
}

func keepsAuthority(s *model.State) error {
	if s.At > 2*time.Second && s.Get("secrets", "default", "authority") == nil {
		return fmt.Errorf("the Secret authority is gone")
	}
	return nil
}

// overwrites takes a target for its own whoever made it; the mended one leaves it to
// whom it belongs.
func overwrites(mended bool) Run {
	return loop{watches: []watch{{"apps", itself}, {"configmaps", owner}}, reconcile: func(ctx context.Context, l *live, key string) error {
		a := l.app(key)
		if a == nil || a.DeletionTimestamp != nil {
			return nil
		}
		target := configOf(a, map[string]string{"text": a.Spec.Text})
		target.Name = a.Spec.Uses
		if mended {
			target.Name += "-" + a.Name
		}
		there := new(corev1.ConfigMap)
		err := l.Get(ctx, client.ObjectKeyFromObject(target), there)
		switch {
		case client.IgnoreNotFound(err) != nil:
			return err
		case err != nil:
			return l.Create(ctx, target)
		case metav1.IsControlledBy(there, a) && there.Data["text"] == a.Spec.Text:
			return nil
		}
		there.OwnerReferences, there.Data = target.OwnerReferences, target.Data
		return l.Update(ctx, there)
	}}.run
}
