package upstream

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatrial/seatrial/controller"
	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

const (
	firstRetry = 50 * time.Millisecond
	lastRetry  = 30 * time.Second

	// itemTimeout bounds the work on one item, so that a silent connection does
	// not stop everything else.
	itemTimeout = 30 * time.Second
)

// Controller is one run of the historical design. One goroutine does all its
// work; what it knows of the pool is in its memory alone.
type Controller struct {
	// API reads from the API server and writes to it; Cache reads what the
	// informers have seen.
	API   client.Client
	Cache client.Reader
	Pool  *Pool

	// Assigned remembers the address of each GlobalIngressIP, by name.
	Assigned map[types.NamespacedName]netip.Addr

	released map[types.UID]bool // the GlobalIngressIPs whose address was given back

	steps   Steps
	options controller.Options
	cfg     *rest.Config
	scheme  *runtime.Scheme
	log     logr.Logger
	queue   *eventQueue
}

// Run returns a function that runs a controller with the given steps until its
// context ends; it has the form of controller.Run, and takes the same options.
func Run(steps Steps) func(context.Context, *rest.Config, controller.Options) error {
	return func(ctx context.Context, cfg *rest.Config, o controller.Options) error {
		if err := o.Validate(); err != nil {
			return fmt.Errorf("invalid options: %w", err)
		}

		scheme := runtime.NewScheme()
		if err := controller.AddToScheme(scheme); err != nil {
			return fmt.Errorf("build the scheme: %w", err)
		}

		cfg = rest.CopyConfig(cfg)
		cfg.QPS = -1

		api, err := client.New(cfg, client.Options{Scheme: scheme, Mapper: controller.NewRESTMapper()})
		if err != nil {
			return fmt.Errorf("build the client: %w", err)
		}

		log := o.Logger
		if log.GetSink() == nil {
			log = logr.Discard()
		}

		c := &Controller{API: api, steps: steps, options: o, cfg: cfg, scheme: scheme, log: log}
		if o.LeaderElection && steps.Elects() {
			return c.campaign(ctx)
		}

		return c.serve(ctx, ctx)
	}
}

// serve rebuilds the pool, starts the informers and works until leading ends.
func (c *Controller) serve(leading, living context.Context) error {
	// The informers of this term of office end with it.
	term, end := context.WithCancel(leading)
	defer end()

	c.queue = newEventQueue(c.steps.IsAnother)
	defer c.queue.shutDown()

	for delay := firstRetry; ; delay = min(2*delay, lastRetry) {
		err := c.rebuild(term)
		if term.Err() != nil {
			return nil
		}

		if err == nil {
			break
		}

		if err := c.steps.StartFailed(err); err != nil {
			return fmt.Errorf("start: %w", err)
		}

		c.log.Info("could not start yet", "error", err.Error())

		if !sleep(term, delay) {
			return nil
		}
	}

	stopped, err := c.watch(term)
	if err != nil {
		return err
	}

	c.work(term, living)
	end()
	<-stopped

	return nil
}

// work processes items one after the other. Leadership is looked at between
// items; what an item may still do when it is lost is a step.
func (c *Controller) work(leading, living context.Context) {
	stop := context.AfterFunc(leading, c.queue.shutDown)
	defer stop()

	for {
		item, ok := c.queue.next()
		if !ok || leading.Err() != nil {
			return
		}

		ctx, cancel := context.WithTimeout(c.steps.WorkContext(leading, living), itemTimeout)
		err := c.process(ctx, item)

		cancel()

		if err != nil {
			c.log.Info("will retry", "item", item.String(), "error", err.Error())
		}

		c.queue.done(item, err)
	}
}

func (c *Controller) process(ctx context.Context, i item) error {
	event := c.queue.take(i)

	var err error

	switch i.kind {
	case KindExport:
		err = c.processExport(ctx, i.NamespacedName, event)
	case KindService:
		err = c.processService(ctx, i.NamespacedName, event)
	case KindIngress:
		err = c.processIngress(ctx, i.NamespacedName, event)
	}

	if err != nil {
		c.queue.putBack(i, event)
	}

	return err
}

// Requeue has an object processed as if it had just been created.
func (c *Controller) Requeue(kind Kind, namespace, name string) {
	c.queue.requeue(item{kind, types.NamespacedName{Namespace: namespace, Name: name}})
}

// GetService reads a Service from the API server. A nil Service means that it
// is proven not to exist.
func (c *Controller) GetService(ctx context.Context, namespace, name string) (*corev1.Service, error) {
	service := &corev1.Service{}

	err := c.API.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, service)
	if client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("retrieve Service %s/%s: %w", namespace, name, err)
	}

	if err != nil {
		return nil, nil
	}

	return service, nil
}

// ServiceOf returns the name of the Service that a GlobalIngressIP serves, or
// "".
func ServiceOf(gip *v1.GlobalIngressIP) string {
	if gip.Spec.ServiceRef == nil {
		return ""
	}

	return gip.Spec.ServiceRef.Name
}

// sleep returns false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
