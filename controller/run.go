package controller

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/seatrial/seatrial/controller/manager"
)

// component names the controller in Events, logs, the queue's metrics and its
// Lease.
const component = "globalingressip-controller"

// Run keeps global IPs until ctx ends, and then returns nil.
//
// It returns an error only for what no waiting can cure: invalid options, an
// unusable cfg, an address that cannot be listened on. An API server that
// cannot be reached is waited for. A lost leadership ends all work at once;
// then this replica stands for election again.
//
// Several Runs may live in one process, at once or one after the other. When
// Run returns, everything it started has ended or is ending: nothing it left
// waits for anything but its own cancelled requests.
func Run(ctx context.Context, cfg *rest.Config, o Options) error {
	if err := o.Validate(); err != nil {
		return fmt.Errorf("invalid options: %w", err)
	}

	o = o.withDefaults()

	scheme, err := sharedScheme()
	if err != nil {
		return fmt.Errorf("build the scheme: %w", err)
	}

	metrics := newCollectors()

	unregister, err := metrics.register(registererOf(o))
	if err != nil {
		return fmt.Errorf("register metrics: %w", err)
	}
	defer unregister()

	ready := &manager.Readiness{}

	stopServing, err := manager.Serve(ctx, manager.Ports{
		Probes: o.HealthProbeBindAddress, Metrics: o.MetricsBindAddress, Gatherer: gathererOf(o), Log: o.Logger,
	}, ready)
	if err != nil {
		return err
	}
	defer stopServing()

	for {
		err := runOnce(ctx, incarnation{
			cfg: withoutClientLimits(cfg), scheme: scheme, options: o, metrics: metrics, ready: ready,
		})
		ready.Set(nil)

		if ctx.Err() != nil {
			return nil
		}

		if err == nil || !isLeadershipLost(err) {
			return err
		}

		o.Logger.Info("leadership lost: standing for election again", "after", o.RetryPeriod.String())

		select {
		case <-ctx.Done():
			return nil
		case <-time.After(o.RetryPeriod):
		}
	}
}

func registererOf(o Options) prometheus.Registerer {
	if o.Registerer != nil {
		return o.Registerer
	}

	return ctrlmetrics.Registry
}

// gathererOf returns what /metrics shows: the registry given in the options if
// it can be read, else controller-runtime's.
func gathererOf(o Options) prometheus.Gatherer {
	if gatherer, ok := o.Registerer.(prometheus.Gatherer); ok {
		return gatherer
	}

	return ctrlmetrics.Registry
}

// withoutClientLimits turns client-side rate limiting off. The work queue
// already bounds what is sent, the API server has priority and fairness, and a
// limiter in between would hold up a release behind ten thousand allocations
// without anybody seeing why.
func withoutClientLimits(cfg *rest.Config) *rest.Config {
	cfg = rest.CopyConfig(cfg)
	cfg.QPS = -1
	cfg.RateLimiter = nil
	cfg.WarningHandler = rest.NoWarnings{} // Endpoints are deprecated, and used on purpose

	return cfg
}
