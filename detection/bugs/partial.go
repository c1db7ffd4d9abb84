package bugs

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const partialCreate = "partial create"

var partialCreates = []Bug{
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

// existsAlready takes its own Secret for somebody else's.
func existsAlready(mended bool) Run {
	return managed{reconcile: func(ctx context.Context, m *manager, r ctrl.Request) (ctrl.Result, error) {
		a, err := m.app(ctx, r)
		if a == nil || a.DeletionTimestamp != nil || a.Status.Phase == "Created" {
			return again(err)
		}
		err = m.Create(ctx, &corev1.Secret{ObjectMeta: child(a, a.Name)})
		if mended {
			err = client.IgnoreAlreadyExists(err)
		}
		if err != nil {
			return again(err)
		}
		if err := m.Create(ctx, configOf(a, map[string]string{"text": a.Spec.Text})); client.IgnoreAlreadyExists(err) != nil {
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
			err := l.Create(ctx, o)
			if apierrors.IsAlreadyExists(err) {
				err = l.stillAnothers(ctx, a, o)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}}.run
}

// stillAnothers is an error as long as what is in the way belongs to a former App of
// the same name, and the garbage collector has not come yet.
func (l *live) stillAnothers(ctx context.Context, a *App, o client.Object) error {
	if err := l.Get(ctx, client.ObjectKeyFromObject(o), o); err != nil {
		return err
	}
	if !metav1.IsControlledBy(o, a) {
		return fmt.Errorf("%s belongs to another App", o.GetName())
	}
	return nil
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
			if err := l.stillAnothers(ctx, a, secret); err != nil || !mended || secret.Data["password"] != nil {
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

// ensure creates a child, or reads the one that is there.
func (l *live) ensure(ctx context.Context, a *App, o client.Object) error {
	err := l.Create(ctx, o)
	if apierrors.IsAlreadyExists(err) {
		return l.stillAnothers(ctx, a, o)
	}
	return err
}
