package bugs

import (
	"context"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var tombstones = []Bug{
	{
		Name: "calico-13663", Class: "tombstones", Source: "https://github.com/projectcalico/calico/pull/13663",
		Story:      "A deletion that the informer learns of from a list comes as a tombstone, and is dropped as no App.",
		Controller: dropsTombstones,
		Objects:    apps("{text: a}", "tier", "policy"),
	},
}

// dropsTombstones removes an App's machine when it is told of the App's end. The mended
// one takes the App out of a tombstone; both look at the start for machines without App.
func dropsTombstones(mended bool) Run {
	return func(ctx context.Context, cfg *rest.Config) error {
		var mu sync.Mutex
		gone := map[string]bool{}
		c := loop{watches: []watch{{"apps", itself}}, first: sweeping}
		c.handle = func(_ *live, _ string, old, new any) {
			if tombstone, ok := old.(cache.DeletedFinalStateUnknown); ok && mended {
				old = tombstone.Obj
			}
			if u, ok := old.(*unstructured.Unstructured); ok && new == nil {
				mu.Lock()
				gone[itself(u)] = true
				mu.Unlock()
			}
		}
		c.reconcile = func(ctx context.Context, l *live, key string) error {
			if key == sweeping {
				return sweep(ctx, l)
			}
			if a := l.app(key); a != nil {
				return employ(ctx, l, l, a, machineOf(a))
			}
			// A handler waits for the mutex: it is not held during a call.
			mu.Lock()
			due := gone[key]
			delete(gone, key)
			mu.Unlock()
			if !due {
				return nil
			}
			err := client.IgnoreNotFound(l.Delete(ctx, machineOfKey(key)))
			if err != nil {
				mu.Lock()
				gone[key] = true
				mu.Unlock()
			}
			return err
		}
		return c.run(ctx, cfg)
	}
}

// sweeping is the key by which a loop looks for machines without App.
const sweeping = "sweep"

// sweep deletes the machines that no App has any more. Apps are read after machines, and
// not out of a cache: one that is there by then keeps its machine.
func sweep(ctx context.Context, l *live) error {
	var machines InstanceList
	if err := l.List(ctx, &machines, client.InNamespace(account)); err != nil {
		return err
	}
	var apps AppList
	if err := l.List(ctx, &apps); err != nil {
		return err
	}
	wanted := map[string]bool{}
	for i := range apps.Items {
		wanted[machineOf(&apps.Items[i]).Name] = true
	}
	for i := range machines.Items {
		if wanted[machines.Items[i].Name] {
			continue
		}
		if err := l.Delete(ctx, &machines.Items[i]); client.IgnoreNotFound(err) != nil {
			return err
		}
	}
	return nil
}
