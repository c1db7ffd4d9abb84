package bugs

import (
	"context"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// managed is a controller as kubebuilder writes them: a manager with its cache, one
// kind reconciled, others owned.
type managed struct {
	reconcile func(ctx context.Context, m *manager, r ctrl.Request) (ctrl.Result, error)
	owns      []client.Object
	// specOnly: changes of the status wake nobody.
	specOnly bool
}

// manager is one that runs: its client reads from the cache, and live does not.
type manager struct {
	client.Client
	live client.Reader
}

func (c managed) run(ctx context.Context, cfg *rest.Config) error {
	mgr, err := ctrl.NewManager(cfg, ctrl.Options{
		Scheme:     scheme,
		Logger:     logr.Discard(),
		Controller: config.Controller{SkipNameValidation: ptr.To(true)},
		Metrics:    metricsserver.Options{BindAddress: "0"},
	})
	if err != nil {
		return err
	}
	m := &manager{mgr.GetClient(), mgr.GetAPIReader()}
	var options []builder.ForOption
	if c.specOnly {
		options = append(options, builder.WithPredicates(predicate.GenerationChangedPredicate{}))
	}
	b := ctrl.NewControllerManagedBy(mgr).For(&App{}, options...)
	for _, kind := range c.owns {
		b = b.Owns(kind)
	}
	err = b.Complete(reconcile.Func(func(ctx context.Context, r ctrl.Request) (ctrl.Result, error) {
		return c.reconcile(ctx, m, r)
	}))
	if err != nil {
		return err
	}
	return mgr.Start(ctx)
}

// app is what the cache knows, nil when it knows of none.
func (m *manager) app(ctx context.Context, r ctrl.Request) (*App, error) {
	a := new(App)
	if err := m.Get(ctx, r.NamespacedName, a); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	return a, nil
}

// again is the result of a reconciliation that has no more to say than an error.
func again(err error) (ctrl.Result, error) { return ctrl.Result{}, err }
