// Package manager makes controller-runtime managers as a run can bear them: several
// of them live in one process, one after another, and none listens on a port.
package manager

import (
	"context"
	"net/http"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/seatrial/seatrial/sim"
)

// Options of a manager; one worker for each controller, so that seeds repeat.
func Options(scheme *runtime.Scheme) ctrl.Options {
	return ctrl.Options{
		Scheme:     scheme,
		Metrics:    metricsserver.Options{BindAddress: "0"},
		Controller: config.Controller{SkipNameValidation: ptr.To(true), MaxConcurrentReconciles: 1},
		NewCache:   newUngated,
	}
}

// ungated is a cache that the manager does not wait for. If it did, a context
// that ends before the caches have synced would leave it spinning for ever
// (controller-runtime v0.25.2, runnableGroup.Start); controllers wait for their
// own sources anyway.
type ungated struct{ cache.Cache }

func newUngated(cfg *rest.Config, o cache.Options) (cache.Cache, error) {
	c, err := cache.New(cfg, o)
	return ungated{c}, err
}

// WaitForCacheSync implements [cache.Cache].
func (ungated) WaitForCacheSync(context.Context) bool { return true }

// Webhooks is a webhook server that answers at a Service of the simulated cluster,
// NAME.NAMESPACE.svc.
func Webhooks(env sim.Env, host string) webhook.Server {
	return &webhooks{env: env, host: host, mux: http.NewServeMux()}
}

type webhooks struct {
	env  sim.Env
	host string
	mux  *http.ServeMux
}

// The methods of [webhook.Server].

func (w *webhooks) NeedLeaderElection() bool                { return false }
func (w *webhooks) Register(path string, hook http.Handler) { w.mux.Handle(path, hook) }
func (w *webhooks) StartedChecker() healthz.Checker         { return healthz.Ping }
func (w *webhooks) WebhookMux() *http.ServeMux              { return w.mux }

func (w *webhooks) Start(ctx context.Context) error {
	w.env.Serve(w.host, w.mux)
	<-ctx.Done()
	return nil
}
