package manager

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Readiness says whether this replica has seen the cluster, and so could do its
// work or take it over.
type Readiness struct {
	mutex  sync.Mutex
	synced cache.Cache
}

// Set says which cache has synced; nil means that none has.
func (r *Readiness) Set(synced cache.Cache) {
	r.mutex.Lock()
	defer r.mutex.Unlock()

	r.synced = synced
}

// Check is a probe: an error until a cache has synced.
func (r *Readiness) Check(*http.Request) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()

	if r.synced == nil {
		return errors.New("the caches have not synced with the API server")
	}

	return nil
}

// CacheSync is a runnable that reports ready once every cache has synced. It
// runs on standbys too, and so keeps their caches filled: taking over is then a
// matter of the lease alone.
type CacheSync struct {
	Cache cache.Cache
	Ready *Readiness
	Kinds []client.Object // whose caches there are
}

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (*CacheSync) NeedLeaderElection() bool { return false }

// Start implements manager.Runnable.
func (c *CacheSync) Start(ctx context.Context) error {
	synced := make([]toolscache.DoneChecker, 0, len(c.Kinds))

	for _, kind := range c.Kinds {
		informer, err := c.Cache.GetInformer(ctx, kind, cache.BlockUntilSynced(false))
		if err != nil {
			return fmt.Errorf("get the informer of %T: %w", kind, err)
		}

		synced = append(synced, informer.HasSyncedChecker())
	}

	if !toolscache.WaitFor(ctx, "", synced...) {
		return nil
	}

	c.Ready.Set(c.Cache)
	<-ctx.Done()

	return nil
}
