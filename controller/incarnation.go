package controller

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	ctrl "sigs.k8s.io/controller-runtime/pkg/controller"
	ctrlmanager "sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	mcsv1alpha1 "sigs.k8s.io/mcs-api/pkg/apis/v1alpha1"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/ipam"
	"github.com/seatrial/seatrial/controller/manager"
	"github.com/seatrial/seatrial/controller/queue"
)

// never is longer than any cluster is unreachable: waiting for caches is not
// to end in giving up.
const never = 10 * 365 * 24 * time.Hour

// incarnation is what one manager is built from. A replica that loses its
// leadership gets another one; what is served on ports outlives them.
type incarnation struct {
	cfg     *rest.Config
	scheme  *runtime.Scheme
	options Options
	metrics *collectors
	ready   *manager.Readiness
}

// runOnce builds a manager and runs it until ctx ends or leadership is lost.
func runOnce(ctx context.Context, in incarnation) error {
	mgr, err := newManager(in)
	if err != nil {
		return fmt.Errorf("build the manager: %w", err)
	}

	core, err := corev1client.NewForConfigAndClient(in.cfg, mgr.GetHTTPClient())
	if err != nil {
		return fmt.Errorf("build the client for Events: %w", err)
	}

	recorder, stopRecorder := manager.NewRecorder(ctx, in.options.Logger, component, core, in.scheme)
	defer stopRecorder()

	direct, err := newDirectClient(in.cfg, in.scheme)
	if err != nil {
		return err
	}

	r := newReconciler(mgr, direct, in)
	r.events = recorder

	if err := addController(ctx, mgr, r, in.options); err != nil {
		return err
	}

	if err := mgr.Add(&manager.CacheSync{Cache: mgr.GetCache(), Ready: in.ready, Kinds: watched()}); err != nil {
		return fmt.Errorf("add the readiness check: %w", err)
	}

	// A standby knows nothing of the pool, and must not say anything about it.
	defer in.metrics.usage.forget()

	err = mgr.Start(ctx)
	// A manager that lost its leadership does not wait for its workers. Their
	// contexts are cancelled; the next incarnation starts when they are out.
	r.inFlight.drain()

	return err
}

func newReconciler(mgr ctrlmanager.Manager, direct client.Client, in incarnation) *reconciler {
	r := &reconciler{
		cached: mgr.GetCache(),
		calls: &calls{
			direct:  direct,
			timeout: in.options.RequestTimeout,
			metrics: in.metrics,
		},
		path:     in.options.DataPath,
		pool:     ipam.NewPool(in.options.CIDRs),
		own:      newOwnClaims(),
		waiting:  queue.NewWaitlist(),
		metrics:  in.metrics,
		failures: queue.NewFailures(),
		started:  queue.NewStarted(),

		moveOutside: in.options.MoveOutside,
	}

	return r
}

func newManager(in incarnation) (ctrlmanager.Manager, error) {
	lock, err := newLeaderLock(in.cfg, in.options)
	if err != nil {
		return nil, err
	}

	skipNameValidation := true // several controllers may live in one process

	options := ctrlmanager.Options{
		Scheme: in.scheme,
		Logger: in.options.Logger,
		MapperProvider: func(*rest.Config, *http.Client) (meta.RESTMapper, error) {
			return NewRESTMapper(), nil
		},
		NewCache: manager.NewUngatedCache,
		Cache: cache.Options{
			DefaultTransform:            cache.TransformStripManagedFields(),
			ByObject:                    map[client.Object]cache.ByObject{&corev1.Pod{}: {Transform: stripPod}},
			ReaderFailOnMissingInformer: true,
		},
		// Ports are served by Run, so that they stay open across elections.
		Metrics:                metricsserver.Options{BindAddress: manager.Off},
		HealthProbeBindAddress: manager.Off,
		Controller: config.Controller{
			SkipNameValidation: &skipNameValidation,
			CacheSyncTimeout:   never,
		},
	}

	if lock != nil {
		options.LeaderElection = true
		options.LeaderElectionResourceLockInterface = lock
		options.LeaderElectionReleaseOnCancel = true
		options.LeaseDuration = &in.options.LeaseDuration
		options.RenewDeadline = &in.options.RenewDeadline
		options.RetryPeriod = &in.options.RetryPeriod
	}

	return ctrlmanager.New(in.cfg, options)
}

// watched are the kinds whose caches the controller keeps.
func watched() []client.Object {
	return []client.Object{
		&corev1.Service{}, &mcsv1alpha1.ServiceExport{}, &v1.GlobalIngressIP{}, &networkingv1.IPAddress{},
		&endpoints{}, &corev1.Pod{},
	}
}

// newLeaderLock returns the Lease that replicas compete for, or nil if there is no
// election. A standby keeps no rule in place while another leads.
func newLeaderLock(cfg *rest.Config, o Options) (resourcelock.Interface, error) {
	if !o.LeaderElection {
		return nil, nil
	}

	lease := manager.Lease{Namespace: o.LeaderElectionNamespace, Name: component, Identity: o.Identity, RenewDeadline: o.RenewDeadline}

	lock, err := lease.Lock(cfg)
	if err != nil || o.DataPath == nil {
		return lock, err
	}

	return &standbyLock{Interface: lock, path: o.DataPath, log: o.Logger}, nil
}

func addController(ctx context.Context, mgr ctrlmanager.Manager, r *reconciler, o Options) error {
	// Registering an index starts no request: the cache is not running yet.
	for _, index := range indexes() {
		if err := mgr.GetCache().IndexField(ctx, index.kind, index.name, index.of); err != nil {
			return fmt.Errorf("index %T by %s: %w", index.kind, index.name, err)
		}
	}

	c, err := ctrl.NewTyped(component, mgr, ctrl.TypedOptions[queue.Key]{
		Reconciler:              r,
		MaxConcurrentReconciles: o.Workers,
		RateLimiter:             queue.NewRateLimiter(),
		LogConstructor: func(k *queue.Key) klog.Logger {
			log := o.Logger.WithName(component)
			if k == nil {
				return log
			}

			return log.WithValues("key", string(k.Kind), "object", k.NamespacedName.String())
		},
	})
	if err != nil {
		return fmt.Errorf("build the controller: %w", err)
	}

	for _, source := range r.sources(mgr.GetCache()) {
		if err := c.Watch(source); err != nil {
			return fmt.Errorf("watch: %w", err)
		}
	}

	return nil
}

// index finds objects in the cache by something other than their name.
type index struct {
	kind client.Object
	name string
	of   client.IndexerFunc
}

func indexes() []index {
	return []index{
		{&networkingv1.IPAddress{}, ownerIndex, indexClaimByOwner},
		{&v1.GlobalIngressIP{}, behindIndex, indexIngressByService},
		{&corev1.Service{}, headlessIndex, indexHeadless},
	}
}

// stripPod leaves of a pod what decides about its address: a cluster has many,
// and most are behind no exported headless Service.
func stripPod(obj any) (any, error) {
	pod, ok := obj.(*corev1.Pod)
	if !ok {
		return obj, nil
	}

	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID, ResourceVersion: pod.ResourceVersion,
			Labels: pod.Labels, DeletionTimestamp: pod.DeletionTimestamp,
		},
		Status: corev1.PodStatus{Phase: pod.Status.Phase, PodIP: pod.Status.PodIP, Conditions: pod.Status.Conditions},
	}, nil
}

// isLeadershipLost recognises the one way in which a manager ends that is not
// the end of the controller. controller-runtime has no error value for it.
func isLeadershipLost(err error) bool {
	return strings.Contains(err.Error(), "leader election lost")
}
