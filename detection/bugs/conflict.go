package bugs

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var conflicts = []Bug{
	{
		Name: "kargo-564", Class: "status conflict dropped", Source: "https://github.com/akuity/kargo/issues/564",
		Story:      "When the status cannot be written because somebody else wrote first, the promotion is marked as failed for good.",
		Controller: failsForGood,
		Objects:    apps("{text: a}", "promote", "roll") + apps("{text: b}", "promote", "roll"),
	},
	{
		Name: "rancher-14930", Class: "status conflict dropped", Source: "https://github.com/rancher/rancher/pull/14930",
		Story:      "A conflict is no error: somebody will come again. Nobody does for a generation that was served already.",
		Controller: conflictIsNoError,
		Objects:    apps("{text: a}", "flag", "policy") + apps("{text: b}", "flag", "policy"),
	},
}

// failsForGood takes no attempt to write its status for a failed promotion.
func failsForGood(mended bool) Run {
	return managed{owns: []client.Object{&corev1.ConfigMap{}}, reconcile: func(ctx context.Context, m *manager, r ctrl.Request) (ctrl.Result, error) {
		a, err := m.app(ctx, r)
		if a == nil || a.DeletionTimestamp != nil || a.Status.Phase != "" {
			return again(err)
		}
		if err := m.ensure(ctx, a, configOf(a, map[string]string{"promoted": "yes"})); err != nil {
			return again(err)
		}
		a.Status.Phase = "Succeeded"
		if err := m.Status().Update(ctx, a); mended || !apierrors.IsConflict(err) {
			return again(err)
		}
		return again(m.Status().Patch(ctx, a, client.RawPatch(types.MergePatchType, []byte(`{"status":{"phase":"Failed"}}`))))
	}}.run
}

// conflictIsNoError remembers in memory which generations it has served.
func conflictIsNoError(mended bool) Run {
	return func(ctx context.Context, cfg *rest.Config) error {
		served := map[types.UID]int64{}
		return loop{watches: []watch{{"apps", itself}}, reconcile: func(ctx context.Context, l *live, key string) error {
			a := l.app(key)
			if a == nil || a.DeletionTimestamp != nil || served[a.UID] == a.Generation {
				return nil
			}
			served[a.UID] = a.Generation
			a.Status.Phase, a.Status.Generation = "Ready", a.Generation
			err := l.Status().Update(ctx, a)
			switch {
			case apierrors.IsConflict(err) && !mended:
				return nil
			case err != nil:
				delete(served, a.UID)
			}
			return client.IgnoreNotFound(err)
		}}.run(ctx, cfg)
	}
}
