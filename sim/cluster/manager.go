package cluster

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/sim"
)

// epoch is when every world begins: testing/synctest fixes it.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// manager is one process of stand-ins: controllers over shared informers.
type manager struct {
	seed        sim.Seed
	calm        time.Time // from then on nothing fails by itself
	log         logr.Logger
	client      kubernetes.Interface
	factory     informers.SharedInformerFactory
	controllers []*controller
}

// controller looks at one key at a time. Reconcile says after how long the key is
// to be looked at again, 0: when something changes.
type controller struct {
	*queue
	of        *manager
	name      string
	pace      Controller
	reconcile func(ctx context.Context, key string) (time.Duration, error)

	mu     sync.Mutex     // guards events
	events map[string]int // so far, per key: what their delays are drawn by
	passes map[string]int // likewise
	failed map[string]int // in a row
}

// part adds controllers to a manager.
type part func(m *manager, ctx context.Context)

// run is the program of a process that consists of parts.
func (o *Options) run(seed sim.Seed, parts ...part) func(context.Context, sim.Env) error {
	return func(ctx context.Context, env sim.Env) error {
		client, err := kubernetes.NewForConfig(env.REST)
		if err != nil {
			return err
		}
		m := &manager{
			seed: seed, calm: epoch.Add(o.Calm), log: env.Log,
			client: client, factory: informers.NewSharedInformerFactory(client, 0),
		}
		for _, add := range parts {
			add(m, ctx)
		}
		m.factory.Start(ctx.Done())
		defer m.factory.Shutdown()
		m.factory.WaitForCacheSync(ctx.Done())
		var working sync.WaitGroup
		defer working.Wait()
		for _, c := range m.controllers {
			working.Go(func() { c.work(ctx) })
		}
		<-ctx.Done()
		return nil
	}
}

func (m *manager) add(name string, pace Controller, reconcile func(context.Context, string) (time.Duration, error)) *controller {
	c := &controller{
		queue: newQueue(), of: m, name: name, pace: pace, reconcile: reconcile,
		events: map[string]int{}, passes: map[string]int{}, failed: map[string]int{},
	}
	m.controllers = append(m.controllers, c)
	return c
}

// draw is a number in [0, 1) by what it is for and about what.
func (m *manager) draw(purpose, identity string) float64 {
	return sim.Draw(m.seed, "cluster", purpose, identity)
}

// span draws a duration.
func (m *manager) span(s faults.Span, purpose, identity string) time.Duration {
	return s.Min + time.Duration(m.draw(purpose, identity)*float64(s.Max-s.Min))
}

// watch has a controller look at the keys that an object concerns whenever the
// object comes, changes or goes.
func (c *controller) watch(informer cache.SharedIndexInformer, keys func(metav1.Object) []string) {
	changed := func(object any) {
		if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
			object = gone.Obj
		}
		for _, key := range keys(object.(metav1.Object)) {
			c.concern(key)
		}
	}
	// The error says that the informer has been stopped, which it has not: nobody
	// has started it.
	_, _ = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    changed,
		UpdateFunc: func(was, is any) { changed(was); changed(is) },
		DeleteFunc: changed,
	})
}

// concern has the key looked at after the controller's delay.
func (c *controller) concern(key string) {
	c.mu.Lock()
	c.events[key]++
	n := c.events[key]
	c.mu.Unlock()
	delay := time.Duration(0)
	if c.pace.Delay.Max > 0 {
		delay = c.of.span(c.pace.Delay, c.name+" delay", key+" #"+strconv.Itoa(n))
	}
	c.queue.add(key, now().Add(delay))
}

const (
	firstBackOff = time.Second
	maxBackOff   = time.Minute
	// onConflict is how soon a pass is tried again that met its own stale cache.
	onConflict = 100 * time.Millisecond
)

// work reconciles until ctx ends.
func (c *controller) work(ctx context.Context) {
	for {
		key, ok := c.take(ctx)
		if !ok {
			return
		}
		if c.slips(key) {
			c.queue.add(key, now().Add(c.backOff(key)))
			continue
		}
		again, err := c.reconcile(ctx, key)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			delete(c.failed, key)
		case apierrors.IsConflict(err), apierrors.IsNotFound(err), apierrors.IsAlreadyExists(err):
			again = onConflict
		default:
			c.of.log.Info("a pass failed", "controller", c.name, "key", key, "error", err.Error())
			again = c.backOff(key)
		}
		if again > 0 {
			c.queue.add(key, now().Add(again))
		}
	}
}

// slips tells whether this pass over the key fails by itself.
func (c *controller) slips(key string) bool {
	c.passes[key]++
	return c.pace.FailRate > 0 && now().Before(c.of.calm) &&
		c.of.draw(c.name+" fails", key+" #"+strconv.Itoa(c.passes[key])) < c.pace.FailRate
}

func (c *controller) backOff(key string) time.Duration {
	c.failed[key]++
	return min(firstBackOff<<min(c.failed[key]-1, 10), maxBackOff)
}

// keyOf is an object's own key.
func keyOf(o metav1.Object) []string { return []string{name(o)} }

// name is namespace/name, or the name of what has no namespace.
func name(o metav1.Object) string {
	if o.GetNamespace() == "" {
		return o.GetName()
	}
	return o.GetNamespace() + "/" + o.GetName()
}

// ownerOf gives the key of an object's controller, when that is of the kind.
func ownerOf(kind string) func(metav1.Object) []string {
	return func(o metav1.Object) []string {
		if owner := metav1.GetControllerOfNoCopy(o); owner != nil && owner.Kind == kind {
			return []string{o.GetNamespace() + "/" + owner.Name}
		}
		return nil
	}
}

// split takes a key apart.
func split(key string) (namespace, name string) {
	namespace, name, _ = cache.SplitMetaNamespaceKey(key) // of name's making
	return namespace, name
}
