package manager

import (
	"context"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
)

// ungatedCache lets a manager start before its caches have synced. What needs
// them waits for them by itself: every source for its own informer, readiness
// for all of them.
//
// The manager must not wait, because a context that ends while it does leaves it
// spinning for ever: controller-runtime v0.25.2 runnableGroup.Start selects on
// ctx.Done() without leaving its loop, and the runnable it waits for is never
// reported ready. A controller stopped while the API server is unreachable would
// burn a core until it is killed.
type ungatedCache struct{ cache.Cache }

// NewUngatedCache makes the cache of a manager that starts before it has synced.
func NewUngatedCache(cfg *rest.Config, o cache.Options) (cache.Cache, error) {
	c, err := cache.New(cfg, o)

	return ungatedCache{c}, err
}

// WaitForCacheSync implements cache.Informers without waiting.
func (ungatedCache) WaitForCacheSync(context.Context) bool { return true }
