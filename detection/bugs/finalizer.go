package bugs

import (
	"context"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
)

var finalizers = []Bug{
	{
		Name: "site", Class: "forgotten error", Source: "https://github.com/kubernetes/cloud-provider-gcp/pull/865",
		Story:      "Cleaning up fails, and the finalizer goes all the same.",
		Controller: ignoresFailedCleanUp,
		Objects:    apps("{text: a}", "site", "page"),
	},
	{
		Name: "machine-controller-581", Class: "finalizer too early", Source: "https://github.com/kubermatic/machine-controller/issues/581",
		Story:      "The finalizer is put on when the machine is there: an App that goes before leaves it behind.",
		Controller: lateFinalizer,
		Objects:    apps("{text: a}", "worker", "master"),
	},
	{
		Name: "capdo-220", Class: "finalizer never removed", Source: "https://github.com/kubernetes-sigs/cluster-api-provider-digitalocean/pull/220",
		Story:      "When the machine has gone already, nothing is left to do, not even to remove the finalizer.",
		Controller: absentMachine,
		Objects:    apps("{text: a}", "droplet", "volume"),
	},
	{
		Name: "netbird-191", Class: "finalizer never removed", Source: "https://github.com/netbirdio/kubernetes-operator/issues/191",
		Story:      "As long as there is a Service of the App's name, cleaning up ends with an error that is none.",
		Controller: bogusError,
		Cluster:    "{apiVersion: v1, kind: Service, metadata: {name: peer}, spec: {ports: [{port: 80}]}}",
		Steps: []Step{
			{At: 5 * time.Second, Apply: apps("{text: a}", "peer")},
			{At: 40 * time.Second, Delete: apps("{text: a}", "peer")},
		},
	},
}

// machineOf is an App's Instance.
func machineOf(a *App) *Instance {
	return &Instance{ObjectMeta: metav1.ObjectMeta{Namespace: account, Name: a.Namespace + "-" + a.Name}}
}

// cleansUp puts a finalizer on an App, makes its machine, and asks finish what is to be
// done when the App goes.
func cleansUp(finish func(ctx context.Context, m *manager, a *App) error) Run {
	return managed{reconcile: func(ctx context.Context, m *manager, r ctrl.Request) (ctrl.Result, error) {
		a, err := m.app(ctx, r)
		switch {
		case a == nil:
			return again(err)
		case a.DeletionTimestamp == nil && controllerutil.AddFinalizer(a, finalizer):
			return again(m.Update(ctx, a))
		case a.DeletionTimestamp == nil:
			return again(employ(ctx, m, m.live, a, machineOf(a)))
		case controllerutil.ContainsFinalizer(a, finalizer):
			return again(finish(ctx, m, a))
		}
		return again(nil)
	}}.run
}

// machineOfKey is the Instance of the App of a key.
func machineOfKey(key string) *Instance {
	namespace, name, _ := strings.Cut(key, "/")
	return machineOf(&App{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}})
}

// release takes the finalizer off.
func release(ctx context.Context, c client.Client, a *App) error {
	controllerutil.RemoveFinalizer(a, finalizer)
	return client.IgnoreNotFound(c.Update(ctx, a))
}

func ignoresFailedCleanUp(mended bool) Run {
	return cleansUp(func(ctx context.Context, m *manager, a *App) error {
		if err := m.Delete(ctx, machineOf(a)); client.IgnoreNotFound(err) != nil && mended {
			return err
		}
		return release(ctx, m, a)
	})
}

func absentMachine(mended bool) Run {
	return cleansUp(func(ctx context.Context, m *manager, a *App) error {
		err := m.Delete(ctx, machineOf(a))
		switch {
		case apierrors.IsNotFound(err) && !mended:
			return nil
		case client.IgnoreNotFound(err) != nil:
			return err
		}
		return release(ctx, m, a)
	})
}

func bogusError(mended bool) Run {
	return cleansUp(func(ctx context.Context, m *manager, a *App) error {
		err := m.live.Get(ctx, client.ObjectKeyFromObject(a), &corev1.Service{})
		if client.IgnoreNotFound(err) != nil || !mended && !apierrors.IsNotFound(err) {
			return err
		}
		if err := m.Delete(ctx, machineOf(a)); client.IgnoreNotFound(err) != nil {
			return err
		}
		return release(ctx, m, a)
	})
}

// lateFinalizer makes the machine first, which takes a while.
func lateFinalizer(mended bool) Run {
	return loop{watches: []watch{{"apps", itself}}, reconcile: func(ctx context.Context, l *live, key string) error {
		a := l.app(key)
		switch {
		case a == nil:
			return nil
		case a.DeletionTimestamp != nil:
			if err := l.Delete(ctx, machineOf(a)); client.IgnoreNotFound(err) != nil {
				return err
			}
			return release(ctx, l, a)
		case mended && controllerutil.AddFinalizer(a, finalizer):
			return l.Update(ctx, a)
		}
		if err := employ(ctx, l, l, a, machineOf(a)); err != nil {
			return err
		}
		if controllerutil.AddFinalizer(a, finalizer) {
			return client.IgnoreNotFound(l.Update(ctx, a))
		}
		return nil
	}}.run
}
