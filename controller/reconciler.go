package controller

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/record"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/seatrial/seatrial/controller/ipam"
	"github.com/seatrial/seatrial/controller/queue"
)

// revisit is when a key is looked at again although nothing failed: its cache
// was behind, or it waits in line. The event or the wake-up normally comes
// first.
const revisit = 30 * time.Second

// reconciler works on the keys of one running controller. What it keeps in
// memory are hints and counters; losing them loses nothing but time.
type reconciler struct {
	cached  client.Reader
	calls   *calls
	path    DataPath // nil: others see to headless Services' packets
	pool    *ipam.Pool
	own     *ownClaims
	waiting *queue.Waitlist
	events  record.EventRecorder
	metrics *collectors

	// moveOutside: addresses outside the pool are given up for others.
	moveOutside bool

	adopted  atomic.Bool
	failures *queue.Failures
	started  *queue.Started
	resynced queue.Interval // of the pool with the cache
	inFlight inFlight
}

// Reconcile implements reconcile.TypedReconciler.
func (r *reconciler) Reconcile(ctx context.Context, k queue.Key) (reconcile.Result, error) {
	if !r.inFlight.begin() {
		return reconcile.Result{}, nil // the next leader looks at everything anyway
	}
	defer r.inFlight.end()

	if k.Kind == queue.Adoption {
		return reconcile.Result{}, r.adopt(ctx)
	}

	if !r.adopted.Load() {
		r.waiting.Join(k)

		return reconcile.Result{RequeueAfter: revisit}, nil
	}

	var err error

	switch k.Kind {
	case queue.Export:
		err = r.reconcileExport(ctx, k)
	case queue.Ingress:
		err = r.reconcileIngress(ctx, k)
	default:
		panic(fmt.Sprintf("controller: the queue brought a key of no known kind: %s", k))
	}

	return r.settle(ctx, k, err)
}

// settle decides what becomes of a key after an attempt.
func (r *reconciler) settle(ctx context.Context, k queue.Key, err error) (reconcile.Result, error) {
	if !errors.Is(err, errPoolExhausted) {
		r.waiting.Leave(k)
	}

	switch {
	case err == nil:
		r.failures.Forget(k)

		return reconcile.Result{}, nil
	case errors.Is(err, errAwaitingDeletion):
		return reconcile.Result{RequeueAfter: revisit}, nil
	case errors.Is(err, errCacheBehind):
		r.log(ctx).V(1).Info("waiting for the cache", "reason", err.Error())

		return reconcile.Result{}, r.retry(err)
	}

	if errors.Is(err, errPoolExhausted) {
		r.waiting.Join(k)
	}

	if k.Kind == queue.Ingress {
		r.reportTrouble(ctx, k, err)
	}

	return reconcile.Result{}, r.retry(err)
}

func (r *reconciler) retry(err error) error {
	r.metrics.retries.Inc()

	return err
}

func (r *reconciler) log(ctx context.Context) logr.Logger { return logf.FromContext(ctx) }

// lookUp reads obj from the cache and reports whether it is there.
func (r *reconciler) lookUp(ctx context.Context, name types.NamespacedName, obj client.Object) (bool, error) {
	err := r.cached.Get(ctx, name, obj)
	if client.IgnoreNotFound(err) != nil {
		return false, fmt.Errorf("look up %s in the cache: %w", name, err)
	}

	return err == nil, nil
}

// usage counts the pool's addresses, for metrics.
func (r *reconciler) usage() []cidrUsage {
	var usage []cidrUsage
	for _, u := range r.pool.Usage() {
		usage = append(usage, cidrUsage{Usage: u, own: r.own.within(u.CIDR)})
	}

	return usage
}

func (r *reconciler) warn(obj client.Object, reason, format string, args ...any) {
	r.events.Eventf(obj, corev1.EventTypeWarning, reason, format, args...)
}

func (r *reconciler) tell(obj client.Object, reason, format string, args ...any) {
	r.events.Eventf(obj, corev1.EventTypeNormal, reason, format, args...)
}
