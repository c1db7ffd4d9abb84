package controller

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	mcsv1alpha1 "sigs.k8s.io/mcs-api/pkg/apis/v1alpha1"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

// readiness says whether this replica has seen the cluster, and so could do its
// work or take it over.
type readiness struct {
	mutex  sync.Mutex
	synced cache.Cache
}

// set says which cache has synced; nil means that none has.
func (r *readiness) set(synced cache.Cache) {
	r.mutex.Lock()
	defer r.mutex.Unlock()

	r.synced = synced
}

func (r *readiness) check(*http.Request) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()

	if r.synced == nil {
		return errors.New("the caches have not synced with the API server")
	}

	return nil
}

// cacheSync is a runnable that reports ready once every cache has synced. It
// runs on standbys too, and so keeps their caches filled: taking over is then a
// matter of the lease alone.
type cacheSync struct {
	cache cache.Cache
	ready *readiness
}

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (*cacheSync) NeedLeaderElection() bool { return false }

// Start implements manager.Runnable.
func (c *cacheSync) Start(ctx context.Context) error {
	kinds := []client.Object{
		&corev1.Service{}, &mcsv1alpha1.ServiceExport{}, &v1.GlobalIngressIP{}, &networkingv1.IPAddress{},
		&endpoints{}, &corev1.Pod{},
	}

	synced := make([]toolscache.DoneChecker, 0, len(kinds))

	for _, kind := range kinds {
		informer, err := c.cache.GetInformer(ctx, kind, cache.BlockUntilSynced(false))
		if err != nil {
			return fmt.Errorf("get the informer of %T: %w", kind, err)
		}

		synced = append(synced, informer.HasSyncedChecker())
	}

	if !toolscache.WaitFor(ctx, "", synced...) {
		return nil
	}

	c.ready.set(c.cache)
	<-ctx.Done()

	return nil
}
