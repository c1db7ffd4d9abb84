package bugs

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// loop is a controller of the ordinary kind: informers that fill a work queue with
// keys, and workers that reconcile them.
type loop struct {
	watches   []watch
	reconcile func(ctx context.Context, l *live, key string) error
	// failed says what becomes of a key whose reconciliation failed. Nil: it is added
	// again, rate-limited.
	failed func(queue workqueue.TypedRateLimitingInterface[string], key string, err error)
	// handle, if set, is called with every event before the key is added; old is nil for
	// one that appears, new for one that goes. A tombstone comes as it is.
	handle  func(l *live, resource string, old, new any)
	workers int    // 0: one
	first   string // a key that is reconciled at the start, if any
	// unsynced resources are not waited for at the start.
	unsynced []string
}

// watch says which key an object concerns; an empty one: none.
type watch struct {
	resource string
	key      func(o metav1.Object) string
}

// live is a loop that runs: a client without a cache, and what the informers know.
type live struct {
	client.Client
	stores map[string]cache.Indexer
	queue  workqueue.TypedRateLimitingInterface[string]
}

// itself is the key of an object that is reconciled for its own sake.
func itself(o metav1.Object) string { return o.GetNamespace() + "/" + o.GetName() }

// owner is the key of the App that an object belongs to, by its label.
func owner(o metav1.Object) string {
	if name := o.GetLabels()["app"]; name != "" {
		return o.GetNamespace() + "/" + name
	}
	return ""
}

// all objects concern the one key that there is.
func all(metav1.Object) string { return "all" }

var appsResource = version.WithResource("apps")

func (c loop) run(ctx context.Context, cfg *rest.Config) error {
	typed, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return err
	}
	untyped, err := dynamic.NewForConfig(cfg)
	if err != nil {
		return err
	}
	direct, err := newClient(cfg)
	if err != nil {
		return err
	}
	l := &live{Client: direct, stores: map[string]cache.Indexer{}, queue: newQueue()}
	own, custom := informers.NewSharedInformerFactory(typed, 0), dynamicinformer.NewDynamicSharedInformerFactory(untyped, 0)
	var synced []cache.InformerSynced
	for _, w := range c.watches {
		informer := custom.ForResource(appsResource).Informer()
		if w.resource != "apps" {
			generic, err := own.ForResource(schema.GroupVersionResource{Version: "v1", Resource: w.resource})
			if err != nil {
				return err
			}
			informer = generic.Informer()
		}
		l.stores[w.resource] = informer.GetIndexer()
		registration, err := informer.AddEventHandler(c.handler(l, w))
		if err != nil {
			return err
		}
		if !slices.Contains(c.unsynced, w.resource) {
			synced = append(synced, registration.HasSynced)
		}
	}
	own.Start(ctx.Done())
	custom.Start(ctx.Done())
	defer own.Shutdown()
	defer custom.Shutdown()
	if !cache.WaitForCacheSync(ctx.Done(), synced...) {
		l.queue.ShutDown()
		return nil
	}
	if c.first != "" {
		l.queue.Add(c.first)
	}
	c.work(ctx, l)
	return nil
}

// handler fills the queue.
func (c loop) handler(l *live, w watch) cache.ResourceEventHandler {
	add := func(o any) {
		if tombstone, ok := o.(cache.DeletedFinalStateUnknown); ok {
			o = tombstone.Obj
		}
		object, err := meta.Accessor(o)
		if err != nil {
			panic(fmt.Sprintf("bugs: an informer of %s has a %T", w.resource, o))
		}
		if key := w.key(object); key != "" {
			l.queue.Add(key)
		}
	}
	tell := func(old, new any) {
		if c.handle != nil {
			c.handle(l, w.resource, old, new)
		}
	}
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { tell(nil, o); add(o) },
		UpdateFunc: func(old, new any) { tell(old, new); add(new) },
		DeleteFunc: func(o any) { tell(o, nil); add(o) },
	}
}

// work serves keys until ctx ends.
func (c loop) work(ctx context.Context, l *live) {
	done := make(chan struct{})
	workers := max(c.workers, 1)
	for range workers {
		go func() {
			defer func() { done <- struct{}{} }()
			for {
				key, stop := l.queue.Get()
				if stop {
					return
				}
				err := c.reconcile(ctx, l, key)
				switch {
				case err == nil:
					l.queue.Forget(key)
				case c.failed != nil:
					c.failed(l.queue, key, err)
				default:
					l.queue.AddRateLimited(key)
				}
				l.queue.Done(key)
			}
		}()
	}
	<-ctx.Done()
	l.queue.ShutDown()
	for range workers {
		<-done
	}
}

// newClient neither caches nor asks what the cluster serves.
func newClient(cfg *rest.Config) (client.Client, error) {
	mapper := meta.NewDefaultRESTMapper(nil)
	for gvk := range scheme.AllKnownTypes() {
		mapper.Add(gvk, meta.RESTScopeNamespace)
	}
	return client.New(cfg, client.Options{Scheme: scheme, Mapper: mapper})
}

// app is what the informer knows, nil when it knows of none.
func (l *live) app(key string) *App {
	o, ok, err := l.stores["apps"].GetByKey(key)
	if err != nil || !ok {
		return nil
	}
	return asApp(o)
}

// cached is an object that the informer of a resource has, and whether there is one.
func cached[T client.Object](l *live, resource, key string) (T, bool) {
	var none T
	o, ok, err := l.stores[resource].GetByKey(key)
	if err != nil || !ok {
		return none, false
	}
	return o.(T).DeepCopyObject().(T), true
}

// listed are those that the informer of a resource has and keep wants, in order of
// namespace and name.
func listed[T client.Object](l *live, resource string, keep func(T) bool) []T {
	var out []T
	for _, o := range l.stores[resource].List() {
		if typed := o.(T); keep(typed) {
			out = append(out, typed)
		}
	}
	slices.SortFunc(out, func(a, b T) int {
		return cmp.Or(cmp.Compare(a.GetNamespace(), b.GetNamespace()), cmp.Compare(a.GetName(), b.GetName()))
	})
	return out
}

// allApps are those that the informer has, in order of namespace and name.
func (l *live) allApps() []*App {
	var out []*App
	for _, o := range l.stores["apps"].List() {
		out = append(out, asApp(o))
	}
	slices.SortFunc(out, func(a, b *App) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// newQueue hands out keys in order of their names: informers tell of what is there at
// the start in the order of a map, which no seed decides.
func newQueue() workqueue.TypedRateLimitingInterface[string] {
	limiter := workqueue.DefaultTypedControllerRateLimiter[string]()
	return workqueue.NewTypedRateLimitingQueueWithConfig(limiter, workqueue.TypedRateLimitingQueueConfig[string]{
		DelayingQueue: workqueue.NewTypedDelayingQueueWithConfig(workqueue.TypedDelayingQueueConfig[string]{
			Queue: workqueue.NewTypedWithConfig(workqueue.TypedQueueConfig[string]{Queue: new(sortedKeys)}),
		}),
	})
}

// sortedKeys implements [workqueue.Queue].
type sortedKeys struct{ keys []string }

func (s *sortedKeys) Touch(string) {}

func (s *sortedKeys) Push(key string) {
	at, _ := slices.BinarySearch(s.keys, key)
	s.keys = slices.Insert(s.keys, at, key)
}

func (s *sortedKeys) Len() int { return len(s.keys) }

func (s *sortedKeys) Pop() string {
	key := s.keys[0]
	s.keys = slices.Delete(s.keys, 0, 1)
	return key
}
