package bugs

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
)

const versionIgnored = "resource version ignored"

var versions = []Bug{
	{
		Name: "kvm-770", Class: versionIgnored, Source: "https://github.com/giantswarm/kvm-operator/pull/770",
		Story:      "Two controllers keep their entries in one object and write it without its resourceVersion: the later write undoes the earlier.",
		Controller: func(mended bool) Run { return writesEntry(mended, "east") },
		Peer:       func(mended bool) Run { return writesEntry(mended, "west") },
		Cluster:    "{apiVersion: v1, kind: ConfigMap, metadata: {name: members}}",
		Objects:    apps("{text: a}", "node", "disk"),
	},
	{
		Name: "kubermatic-6759", Class: versionIgnored, Source: "https://github.com/kubermatic/kubermatic/issues/6759",
		Story:      "Two controllers patch their finalizers in, each with the whole list as it knew it: one is lost, and its clean-up with it.",
		Controller: func(mended bool) Run { return patchesFinalizer(mended, "north") },
		Peer:       func(mended bool) Run { return patchesFinalizer(mended, "south") },
		Objects:    apps("{text: a}", "cluster", "project"),
	},
}

// writesEntry puts down, once for each App, that it is served here.
func writesEntry(mended bool, here string) Run {
	return func(ctx context.Context, cfg *rest.Config) error {
		written := map[types.UID]bool{}
		return loop{watches: []watch{{"apps", itself}}, reconcile: func(ctx context.Context, l *live, key string) error {
			a := l.app(key)
			if a == nil || written[a.UID] {
				return nil
			}
			var members corev1.ConfigMap
			if err := l.Get(ctx, client.ObjectKey{Namespace: "default", Name: "members"}, &members); err != nil {
				return err
			}
			entry := a.Name + "." + here
			if members.Data[entry] != "" {
				written[a.UID] = true
				return nil
			}
			if members.Data == nil {
				members.Data = map[string]string{}
			}
			members.Data[entry] = "served"
			if !mended {
				members.ResourceVersion = ""
			}
			err := l.Update(ctx, &members)
			written[a.UID] = err == nil
			return err
		}}.run(ctx, cfg)
	}
}

// patchesFinalizer has a ConfigMap of its own for each App, and a finalizer to remove it
// by. What is set up is remembered, and not looked at again.
func patchesFinalizer(mended bool, here string) Run {
	name := "detection.example.com/" + here
	return func(ctx context.Context, cfg *rest.Config) error {
		known := map[types.UID]bool{}
		return managed{reconcile: func(ctx context.Context, m *manager, r ctrl.Request) (ctrl.Result, error) {
			a, err := m.app(ctx, r)
			if a == nil {
				return again(err)
			}
			before := client.MergeFrom(a.DeepCopy())
			if mended {
				before = client.MergeFromWithOptions(a.DeepCopy(), client.MergeFromWithOptimisticLock{})
			}
			cm := &corev1.ConfigMap{}
			cm.Namespace, cm.Name = a.Namespace, a.Name+"-"+here
			switch {
			case a.DeletionTimestamp != nil && !controllerutil.ContainsFinalizer(a, name):
				return again(nil)
			case a.DeletionTimestamp != nil:
				if err := m.Delete(ctx, cm); client.IgnoreNotFound(err) != nil {
					return again(err)
				}
				controllerutil.RemoveFinalizer(a, name)
				return again(client.IgnoreNotFound(m.Patch(ctx, a, before)))
			case known[a.UID]:
				return again(nil)
			case controllerutil.AddFinalizer(a, name):
				if err := m.Patch(ctx, a, before); err != nil {
					return again(client.IgnoreNotFound(err))
				}
			}
			err = client.IgnoreAlreadyExists(m.Create(ctx, cm))
			known[a.UID] = err == nil
			return again(err)
		}}.run(ctx, cfg)
	}
}
