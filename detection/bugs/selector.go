package bugs

import (
	"context"
	"fmt"
	"sync"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var selectors = []Bug{
	{
		Name: "kubernetes-91072", Class: "selector change", Source: "https://github.com/kubernetes/kubernetes/issues/91072",
		Story:      "What was selected before a change is cleaned up when the change is seen, out of the old object, and otherwise never.",
		Controller: cleansOnTheEdge,
		Objects:    apps("{selector: {zone: a}}", "front", "back") + apps("{selector: {zone: b}}", "front", "back"),
	},
}

// cleansOnTheEdge has a slice for the zone that an App selects. The old zone's goes by
// the event of the change; the mended one deletes all slices but the one wanted.
func cleansOnTheEdge(mended bool) Run {
	return func(ctx context.Context, cfg *rest.Config) error {
		var mu sync.Mutex
		former := map[string]string{}
		c := loop{watches: []watch{{"apps", itself}}}
		c.handle = func(_ *live, _ string, old, new any) {
			if old == nil || new == nil {
				return
			}
			if was, is := asApp(old), asApp(new); was.UID == is.UID && was.Spec.Selector["zone"] != is.Spec.Selector["zone"] {
				mu.Lock()
				former[itself(was)] = was.Spec.Selector["zone"]
				mu.Unlock()
			}
		}
		c.reconcile = func(ctx context.Context, l *live, key string) error {
			a := l.app(key)
			if a == nil || a.DeletionTimestamp != nil {
				return nil
			}
			mu.Lock()
			zones := []string{former[key]}
			mu.Unlock()
			if mended {
				zones = []string{"a", "b"}
			}
			for _, zone := range zones {
				if zone == "" || zone == a.Spec.Selector["zone"] {
					continue
				}
				if err := l.Delete(ctx, sliceOf(a, zone)); client.IgnoreNotFound(err) != nil {
					return err
				}
			}
			slice := sliceOf(a, a.Spec.Selector["zone"])
			return l.ensure(ctx, a, slice)
		}
		return c.run(ctx, cfg)
	}
}

func sliceOf(a *App, zone string) client.Object {
	cm := configOf(a, map[string]string{"zone": zone})
	cm.Name = fmt.Sprintf("%s-%s", a.Name, zone)
	return cm
}
