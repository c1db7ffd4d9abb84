package bugs

import (
	"context"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
)

const leaked = "leaked external resource"

var clouds = []Bug{
	{
		Name: "kubernetes-53451", Class: leaked, Source: "https://github.com/kubernetes/kubernetes/issues/53451",
		Story:      "A load balancer goes when its App has gone: a controller that was down at that moment never hears of it.",
		Controller: noFinalizer,
		Objects:    apps("{text: a}", "lb", "gateway"),
	},
	{
		Name: "capa-5794", Class: leaked, Source: "https://github.com/kubernetes-sigs/cluster-api-provider-aws/issues/5794",
		Story:      "The machine's ID is written down when the machine is there; after a crash in between there are two.",
		Controller: forgetsID,
		Objects:    apps("{text: a}", "worker", "bastion"),
	},
	{
		Name: "kubernetes-78124", Class: "memory lost at a restart", Source: "https://github.com/kubernetes/kubernetes/issues/78124",
		Story:      "What is not in the memory of the process is not deleted, and the memory begins empty.",
		Controller: onlyWhatItRemembers,
		Objects:    apps("{text: a}", "lb", "edge"),
	},
}

// noFinalizer deletes the machine of an App that is not there any more; the mended one
// before the App goes.
func noFinalizer(mended bool) Run {
	return loop{watches: []watch{{"apps", itself}}, reconcile: func(ctx context.Context, l *live, key string) error {
		a := l.app(key)
		switch {
		case a == nil && mended:
			return nil
		case a == nil:
			return client.IgnoreNotFound(l.Delete(ctx, machineOfKey(key)))
		case a.DeletionTimestamp != nil:
			if err := l.Delete(ctx, machineOf(a)); client.IgnoreNotFound(err) != nil {
				return err
			}
			return release(ctx, l, a)
		case mended && controllerutil.AddFinalizer(a, finalizer):
			return l.Update(ctx, a)
		}
		return employ(ctx, l, l, a, machineOf(a))
	}}.run
}

// forgetsID lets the cloud name the machine and writes the name down; the mended one
// asks with a token of its own, here a name that follows from the App.
func forgetsID(mended bool) Run {
	return loop{watches: []watch{{"apps", itself}}, reconcile: func(ctx context.Context, l *live, key string) error {
		a := l.app(key)
		switch {
		case a == nil:
			return nil
		case a.DeletionTimestamp != nil:
			machine := machineOf(a)
			if !mended {
				machine.Name = a.Status.ID
			}
			if machine.Name != "" {
				if err := l.Delete(ctx, machine); client.IgnoreNotFound(err) != nil {
					return err
				}
			}
			return release(ctx, l, a)
		case controllerutil.AddFinalizer(a, finalizer):
			return l.Update(ctx, a)
		case a.Status.ID != "":
			return nil
		}
		machine := machineOf(a)
		if !mended {
			machine.GenerateName, machine.Name = machine.Name+"-", ""
		}
		if err := employ(ctx, l, l, a, machine); err != nil {
			return err
		}
		a.Status.ID = machine.Name
		return l.Status().Update(ctx, a)
	}}.run
}

// onlyWhatItRemembers has an App in its memory from when it has made the machine. The
// finalizer goes in any case: there is nothing to do for what is not known.
func onlyWhatItRemembers(mended bool) Run {
	return func(ctx context.Context, cfg *rest.Config) error {
		known := map[string]bool{}
		return loop{watches: []watch{{"apps", itself}}, reconcile: func(ctx context.Context, l *live, key string) error {
			a := l.app(key)
			switch {
			case a == nil:
				return nil
			case a.DeletionTimestamp != nil:
				if known[key] || mended {
					if err := l.Delete(ctx, machineOf(a)); client.IgnoreNotFound(err) != nil {
						return err
					}
				}
				delete(known, key)
				return release(ctx, l, a)
			case controllerutil.AddFinalizer(a, finalizer):
				return l.Update(ctx, a)
			case known[key]:
				return nil
			}
			machine := machineOf(a)
			err := employ(ctx, l, l, a, machine)
			known[key] = machine.UID != ""
			return err
		}}.run(ctx, cfg)
	}
}
