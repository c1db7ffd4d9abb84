package bugs

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/seatrial/seatrial/model"
)

var staleCaches = []Bug{
	{
		Name: "cassandra-402", Class: "stale cache", Source: "https://github.com/instaclustr/cassandra-operator/issues/402",
		Story:      "After a restart at an API server that is behind, an App that has been made anew is seen being deleted, and its data goes.",
		Controller: volumesOfTheDead,
		Steps: []Step{
			{At: 5 * time.Second, Apply: apps("{text: a}", "web")},
			{At: 25 * time.Second, Delete: apps("{text: a}", "web")},
			{At: 35 * time.Second, Apply: apps("{text: a}", "web")},
		},
	},
	{
		Name: "cassandra-398", Class: "stale cache", Source: "https://github.com/instaclustr/cassandra-operator/issues/398",
		Story:      "Data is removed only if the App is seen while it is being deleted, which lasts two seconds.",
		Controller: missedDeletion, StandIn: drainer,
		Objects: apps("{text: a}", "web", "mail"),
	},
	{
		Name: "kuberay-715", Class: "stale cache", Source: "https://github.com/ray-project/kuberay/issues/715",
		Story:      "Pods are counted in a cache that does not have those just made: there are more than asked for, for a while.",
		Controller: surplus,
		Objects:    apps("{replicas: 2}", "ray", "sun"),
		Laws:       []model.Property{model.Always("no-more-than-asked", "An App never has more pods than it asks for.", noSurplus)},
	},
}

// volumesOfTheDead deletes the volumes of an App by its name; the mended one by its uid.
func volumesOfTheDead(mended bool) Run {
	return managed{reconcile: func(ctx context.Context, m *manager, r ctrl.Request) (ctrl.Result, error) {
		a, err := m.app(ctx, r)
		if a == nil {
			return again(err)
		}
		if a.DeletionTimestamp != nil {
			mine := client.MatchingLabels{"app": a.Name}
			if mended {
				mine["uid"] = string(a.UID)
			}
			if err := m.DeleteAllOf(ctx, &Instance{}, client.InNamespace(account), mine); err != nil {
				return again(err)
			}
			controllerutil.RemoveFinalizer(a, finalizer)
			return again(client.IgnoreNotFound(m.Update(ctx, a)))
		}
		if controllerutil.AddFinalizer(a, finalizer) {
			return again(m.Update(ctx, a))
		}
		if a.Status.Phase == "Running" {
			return again(nil)
		}
		volume := machineOf(a)
		volume.Labels = map[string]string{"app": a.Name, "uid": string(a.UID)}
		if err := employ(ctx, m, m.live, a, volume); err != nil {
			return again(err)
		}
		a.Status.Phase = "Running"
		return again(m.Status().Update(ctx, a))
	}}.run
}

// missedDeletion removes an App's volume while it sees the App being deleted; the mended
// one looks every ten seconds, too, which volumes have no App.
func missedDeletion(mended bool) Run {
	c := loop{watches: []watch{{"apps", itself}}, reconcile: func(ctx context.Context, l *live, key string) error {
		a := l.app(key)
		switch {
		case key == sweeping:
			l.queue.AddAfter(sweeping, 10*time.Second)
			return sweep(ctx, l)
		case a == nil:
			return nil
		case a.DeletionTimestamp != nil:
			return client.IgnoreNotFound(l.Delete(ctx, machineOf(a)))
		}
		return employ(ctx, l, l, a, machineOf(a))
	}}
	if mended {
		c.first = sweeping
	}
	return c.run
}

// drainer holds every App by a finalizer for two seconds when it is to be deleted.
func drainer(ctx context.Context, cfg *rest.Config) error {
	const drained = "detection.example.com/drained"
	return managed{reconcile: func(ctx context.Context, m *manager, r ctrl.Request) (ctrl.Result, error) {
		a, err := m.app(ctx, r)
		switch {
		case a == nil:
			return again(err)
		case a.DeletionTimestamp == nil && controllerutil.AddFinalizer(a, drained):
			return again(m.Update(ctx, a))
		case a.DeletionTimestamp == nil || !controllerutil.ContainsFinalizer(a, drained):
			return again(nil)
		}
		if wait := 2*time.Second - time.Since(a.DeletionTimestamp.Time); wait > 0 {
			return ctrl.Result{RequeueAfter: wait}, nil
		}
		controllerutil.RemoveFinalizer(a, drained)
		return again(client.IgnoreNotFound(m.Update(ctx, a)))
	}}.run(ctx, cfg)
}

// surplus makes as many pods as it sees missing; the mended one gives them names, so
// that the same pod is never made twice.
func surplus(mended bool) Run {
	return managed{owns: []client.Object{&corev1.Pod{}}, reconcile: func(ctx context.Context, m *manager, r ctrl.Request) (ctrl.Result, error) {
		a, err := m.app(ctx, r)
		if a == nil || a.DeletionTimestamp != nil {
			return again(err)
		}
		var pods corev1.PodList
		if err := m.List(ctx, &pods, client.InNamespace(a.Namespace), client.MatchingLabels{"app": a.Name}); err != nil {
			return again(err)
		}
		var mine []corev1.Pod
		for _, pod := range pods.Items {
			if metav1.IsControlledBy(&pod, a) && pod.DeletionTimestamp == nil {
				mine = append(mine, pod)
			}
		}
		for i := len(mine); i < a.Spec.Replicas && !mended; i++ {
			if err := m.Create(ctx, podOf(a, "")); err != nil {
				return again(err)
			}
		}
		for i := 0; i < a.Spec.Replicas && mended; i++ {
			if err := m.Create(ctx, podOf(a, fmt.Sprintf("%s-%d", a.Name, i))); err != nil && !apierrors.IsAlreadyExists(err) {
				return again(err)
			}
		}
		for i := a.Spec.Replicas; i < len(mine); i++ {
			if err := m.Delete(ctx, &mine[i]); client.IgnoreNotFound(err) != nil {
				return again(err)
			}
		}
		return again(nil)
	}}.run
}

func noSurplus(s *model.State) error {
	for _, a := range model.Objects[*App](s, "apps.detection.example.com") {
		n := 0
		for _, pod := range model.Objects[*corev1.Pod](s, "pods") {
			if metav1.IsControlledBy(pod, a) {
				n++
			}
		}
		if n > a.Spec.Replicas {
			return fmt.Errorf("%s has %d pods and asks for %d", a.Name, n, a.Spec.Replicas)
		}
	}
	return nil
}
