package bugs

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const partialCreate = "partial create"

var partialCreates = []Bug{
	{
		Name: "clickhouse-1995", Class: partialCreate, Source: "https://github.com/Altinity/clickhouse-operator/issues/1995",
		Story:      "That the object is there already counts as made, also while the old one is on its way out.",
		Controller: thereAlready,
		Steps:      recreated("host", "shard", "replica"),
	},
	{
		Name: "infinispan-203", Class: partialCreate, Source: "https://github.com/infinispan/infinispan-operator/issues/203",
		Story:      "The Secret is there from an attempt that went no further, and from then on each attempt ends with AlreadyExists.",
		Controller: existsAlready,
		Objects:    apps("{text: a}", "grid", "cache"),
	},
	{
		Name: "operator-sdk-2636", Class: partialCreate, Source: "https://github.com/operator-framework/operator-sdk/issues/2636",
		Story:      "Where the first child is, the others are taken to be, too.",
		Controller: firstForAll,
		Objects:    apps("{text: a}", "broker", "topic"),
	},
	{
		Name: "keycloak-realm-6", Class: partialCreate, Source: "https://github.com/keycloak/keycloak-realm-operator/issues/6",
		Story:      "A Secret is created with the user's name and gets the password in a second step, which a crash before leaves out for good.",
		Controller: halfASecret,
		Objects:    apps("{text: a}", "alice", "bob"),
	},
	{
		Name: "rabbitmq-782", Class: partialCreate, Source: "https://github.com/rabbitmq/cluster-operator/issues/782",
		Story:      "To grow the disks, the workload is deleted first; when only that was done, nothing says any more that they have to grow.",
		Controller: growsDisks,
		Objects:    apps("{text: 10Gi}", "queue", "stream") + apps("{text: 15Gi}", "queue", "stream"),
	},
}

// thereAlready asks no more once the App is called complete.
func thereAlready(mended bool) Run {
	return loop{watches: []watch{{"apps", itself}}, reconcile: func(ctx context.Context, l *live, key string) error {
		a := l.app(key)
		if a == nil || a.DeletionTimestamp != nil || a.Status.Phase == "Complete" {
			return nil
		}
		cm := configOf(a, map[string]string{"text": a.Spec.Text})
		err := l.Create(ctx, cm)
		if apierrors.IsAlreadyExists(err) && mended {
			err = another(ctx, l, a, cm)
		}
		if client.IgnoreAlreadyExists(err) != nil {
			return err
		}
		a.Status.Phase = "Complete"
		return client.IgnoreNotFound(l.Status().Update(ctx, a))
	}}.run
}

// existsAlready takes its own Secret for somebody else's.
func existsAlready(mended bool) Run {
	return managed{reconcile: func(ctx context.Context, m *manager, r ctrl.Request) (ctrl.Result, error) {
		a, err := m.app(ctx, r)
		if a == nil || a.DeletionTimestamp != nil || a.Status.Phase == "Created" {
			return again(err)
		}
		secret := &corev1.Secret{ObjectMeta: child(a, a.Name)}
		err = m.Create(ctx, secret)
		if mended && apierrors.IsAlreadyExists(err) {
			err = another(ctx, m.live, a, secret)
		}
		if err != nil {
			return again(err)
		}
		if err := m.ensure(ctx, a, configOf(a, map[string]string{"text": a.Spec.Text})); err != nil {
			return again(err)
		}
		a.Status.Phase = "Created"
		return again(m.Status().Update(ctx, a))
	}}.run
}

// firstForAll asks for the ConfigMap and makes all when it is missing.
func firstForAll(mended bool) Run {
	return loop{watches: []watch{{"apps", itself}, {"configmaps", owner}}, reconcile: func(ctx context.Context, l *live, key string) error {
		a := l.app(key)
		if a == nil || a.DeletionTimestamp != nil {
			return nil
		}
		cm, there := cached[*corev1.ConfigMap](l, "configmaps", key)
		if there && !mended && metav1.IsControlledBy(cm, a) {
			return nil
		}
		children := []client.Object{configOf(a, map[string]string{"text": a.Spec.Text}), &corev1.Secret{ObjectMeta: child(a, a.Name)}, podOf(a, a.Name)}
		for _, o := range children {
			if err := l.ensure(ctx, a, o); err != nil {
				return err
			}
		}
		return nil
	}}.run
}

// halfASecret creates it and then adds the password; the mended one does so whenever
// the password is missing.
func halfASecret(mended bool) Run {
	return loop{watches: []watch{{"apps", itself}}, reconcile: func(ctx context.Context, l *live, key string) error {
		a := l.app(key)
		if a == nil || a.DeletionTimestamp != nil {
			return nil
		}
		secret := &corev1.Secret{ObjectMeta: child(a, a.Name), Data: map[string][]byte{"user": []byte(a.Name)}}
		err := l.Create(ctx, secret)
		if apierrors.IsAlreadyExists(err) {
			if err := another(ctx, l, a, secret); err != nil || !mended || secret.Data["password"] != nil {
				return err
			}
		} else if err != nil {
			return err
		}
		secret.Data["password"] = []byte("of " + a.Name)
		return l.Update(ctx, secret)
	}}.run
}

// growsDisks deletes the workload (a ConfigMap here), grows the disk and makes the
// workload again; the mended one compares the disk, and not the workload, with what is
// asked for.
func growsDisks(mended bool) Run {
	return loop{watches: []watch{{"apps", itself}}, reconcile: func(ctx context.Context, l *live, key string) error {
		a := l.app(key)
		if a == nil || a.DeletionTimestamp != nil {
			return nil
		}
		disk := &corev1.Secret{ObjectMeta: child(a, a.Name), Data: map[string][]byte{"size": []byte(a.Spec.Text)}}
		workload := configOf(a, map[string]string{"size": a.Spec.Text})
		if err := l.ensure(ctx, a, disk); err != nil {
			return err
		}
		if err := l.ensure(ctx, a, workload); err != nil {
			return err
		}
		small := string(disk.Data["size"]) != a.Spec.Text
		if workload.Data["size"] == a.Spec.Text && !(mended && small) {
			return nil
		}
		if err := l.Delete(ctx, workload); client.IgnoreNotFound(err) != nil {
			return err
		}
		disk.Data = map[string][]byte{"size": []byte(a.Spec.Text)}
		if err := l.Update(ctx, disk); err != nil {
			return err
		}
		return l.ensure(ctx, a, configOf(a, map[string]string{"size": a.Spec.Text}))
	}}.run
}
