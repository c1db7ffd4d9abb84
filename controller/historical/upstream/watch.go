package upstream

import (
	"context"
	"fmt"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	mcsv1alpha1 "sigs.k8s.io/mcs-api/pkg/apis/v1alpha1"

	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial/controller"
	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

// watch starts the informers and returns once they have synced. The channel is
// closed when they have stopped.
func (c *Controller) watch(ctx context.Context) (stopped <-chan struct{}, err error) {
	httpClient, err := rest.HTTPClientFor(c.cfg)
	if err != nil {
		return nil, fmt.Errorf("build the HTTP client: %w", err)
	}

	informers, err := newCache(c, httpClient)
	if err != nil {
		return nil, err
	}

	c.Cache = informers

	kinds := []struct {
		kind Kind
		obj  client.Object
	}{
		{KindService, &corev1.Service{}},
		{KindExport, &mcsv1alpha1.ServiceExport{}},
		{KindIngress, &v1.GlobalIngressIP{}},
	}

	for _, k := range kinds {
		informer, err := informers.GetInformer(ctx, k.obj, cache.BlockUntilSynced(false))
		if err != nil {
			return nil, fmt.Errorf("make the informer of %s: %w", k.kind, err)
		}

		if _, err := informer.AddEventHandler(c.handler(k.kind)); err != nil {
			return nil, fmt.Errorf("watch %s: %w", k.kind, err)
		}
	}

	done := make(chan struct{})

	go func() {
		defer close(done)

		if err := informers.Start(ctx); err != nil {
			c.log.Error(err, "the informers ended")
		}
	}()

	informers.WaitForCacheSync(ctx)

	return done, nil
}

func newCache(c *Controller, httpClient *http.Client) (cache.Cache, error) {
	informers, err := cache.New(c.cfg, cache.Options{
		Scheme:     c.scheme,
		HTTPClient: httpClient,
		Mapper:     controller.NewRESTMapper(),
	})
	if err != nil {
		return nil, fmt.Errorf("build the cache: %w", err)
	}

	return informers, nil
}

func (c *Controller) handler(kind Kind) toolscache.ResourceEventHandler {
	of := func(obj client.Object) item {
		return item{kind, types.NamespacedName{Namespace: obj.GetNamespace(), Name: obj.GetName()}}
	}

	return toolscache.ResourceEventHandlerFuncs{
		AddFunc: func(obj any) {
			if o, ok := obj.(client.Object); ok {
				c.queue.created(of(o))
			}
		},
		UpdateFunc: func(before, now any) {
			b, ok := before.(client.Object)
			if n, also := now.(client.Object); ok && also && b.GetResourceVersion() != n.GetResourceVersion() {
				c.queue.updated(of(n), b, n)
			}
		},
		DeleteFunc: func(obj any) {
			if gone, ok := obj.(toolscache.DeletedFinalStateUnknown); ok {
				obj = gone.Obj
			}

			if o, ok := obj.(client.Object); ok {
				c.queue.deleted(of(o), o)
			}
		},
	}
}
