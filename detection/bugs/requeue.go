package bugs

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatrial/seatrial/model"
)

const forgottenRequeue = "forgotten requeue"

var forgottenRequeues = []Bug{
	{
		Name: "humio-530", Class: forgottenRequeue, Source: "https://github.com/humio/humio-operator/pull/530",
		Story:      "An App whose Secret is not there yet is given up, and nobody tells when the Secret comes.",
		Controller: givesUpWaiting,
		Objects:    apps("{uses: token}", "repo", "parser") + "{apiVersion: v1, kind: Secret, metadata: {name: token}}",
		Laws:       []model.Property{model.Eventually("ready", "An App whose Secret is there is ready.", readyWithSecret)},
	},
	{
		Name: "victoriametrics-2124", Class: forgottenRequeue, Source: "https://github.com/VictoriaMetrics/operator/pull/2124",
		Story:      "An error that is taken for a passing one is not returned, and so nothing is tried again.",
		Controller: swallows,
		Objects:    apps("{text: a}", "single", "cluster"),
	},
	{
		Name: "apisix-311", Class: forgottenRequeue, Source: "https://github.com/apache/apisix-ingress-controller/pull/311",
		Story:      "After five failures, within a quarter of a second, a route is given up.",
		Controller: fiveAttempts,
		Objects:    apps("{text: a}", "route", "upstream"),
	},
	{
		Name: "scylla-449", Class: forgottenRequeue, Source: "https://github.com/scylladb/scylla-operator/issues/449",
		Story:      "What a user has deleted is not made again, since nobody watches it.",
		Controller: unwatched,
		Objects:    apps("{text: a}", "rack", "node"),
		Steps:      []Step{{At: 70 * time.Second, Name: "delete ConfigMap rack", Do: deleteConfig("rack")}},
		Laws:       []model.Property{model.Eventually("configured", "An App has its ConfigMap.", configured)},
	},
}

// givesUpWaiting returns when the Secret is missing; the mended one looks again.
func givesUpWaiting(mended bool) Run {
	return managed{reconcile: func(ctx context.Context, m *manager, r ctrl.Request) (ctrl.Result, error) {
		a, err := m.app(ctx, r)
		if a == nil || a.DeletionTimestamp != nil || a.Status.Phase == "Ready" {
			return again(err)
		}
		err = m.live.Get(ctx, client.ObjectKey{Namespace: a.Namespace, Name: a.Spec.Uses}, &corev1.Secret{})
		switch {
		case apierrors.IsNotFound(err) && mended:
			return ctrl.Result{RequeueAfter: 15 * time.Second}, nil
		case apierrors.IsNotFound(err):
			return again(nil)
		case err != nil:
			return again(err)
		}
		a.Status.Phase = "Ready"
		return again(m.Status().Update(ctx, a))
	}}.run
}

func readyWithSecret(s *model.State) error {
	if s.Get("secrets", "default", "token") == nil {
		return nil
	}
	for _, a := range model.Objects[*App](s, "apps.detection.example.com") {
		if a.Status.Phase != "Ready" {
			return fmt.Errorf("%s is not ready, and the Secret is there", a.Name)
		}
	}
	return nil
}

// swallows returns nil whatever went wrong.
func swallows(mended bool) Run {
	return managed{owns: []client.Object{&corev1.ConfigMap{}}, reconcile: func(ctx context.Context, m *manager, r ctrl.Request) (ctrl.Result, error) {
		a, err := m.app(ctx, r)
		if a == nil || a.DeletionTimestamp != nil {
			return again(err)
		}
		cm := configOf(a, nil)
		_, err = ctrl.CreateOrUpdate(ctx, m, cm, func() error { cm.Data = map[string]string{"text": a.Spec.Text}; return nil })
		if err != nil && !mended {
			return again(nil)
		}
		return again(err)
	}}.run
}

// fiveAttempts forgets a key that has failed five times.
func fiveAttempts(mended bool) Run {
	c := loop{watches: []watch{{"apps", itself}}, reconcile: func(ctx context.Context, l *live, key string) error {
		a := l.app(key)
		if a == nil || a.DeletionTimestamp != nil {
			return nil
		}
		return l.ensure(ctx, a, configOf(a, map[string]string{"text": a.Spec.Text}))
	}}
	if !mended {
		c.failed = func(queue workqueue.TypedRateLimitingInterface[string], key string, _ error) {
			if queue.NumRequeues(key) < 5 {
				queue.AddRateLimited(key)
				return
			}
			queue.Forget(key)
		}
	}
	return c.run
}

// unwatched sees Apps only; the mended one sees what belongs to them as well.
func unwatched(mended bool) Run {
	watches := []watch{{"apps", itself}}
	if mended {
		watches = append(watches, watch{"configmaps", owner})
	}
	return loop{watches: watches, reconcile: func(ctx context.Context, l *live, key string) error {
		a := l.app(key)
		if a == nil || a.DeletionTimestamp != nil {
			return nil
		}
		return l.ensure(ctx, a, configOf(a, map[string]string{"text": a.Spec.Text}))
	}}.run
}

func configured(s *model.State) error {
	for _, a := range model.Objects[*App](s, "apps.detection.example.com") {
		if a.DeletionTimestamp == nil && s.Get("configmaps", a.Namespace, a.Name) == nil {
			return fmt.Errorf("%s has no ConfigMap", a.Name)
		}
	}
	return nil
}

// deleteConfig deletes a ConfigMap and does not wait until it has gone.
func deleteConfig(name string) Run {
	return func(ctx context.Context, cfg *rest.Config) error {
		c, err := newClient(cfg)
		if err != nil {
			return err
		}
		cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: name}}
		return client.IgnoreNotFound(c.Delete(ctx, cm))
	}
}
