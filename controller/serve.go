package controller

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
)

const (
	headerTimeout = 10 * time.Second
	drainTimeout  = 5 * time.Second
)

// serve opens the ports for metrics and probes, as far as they are on, and
// returns how to close them.
func serve(ctx context.Context, o Options, ready *readiness) (stop func(), err error) {
	probes := http.NewServeMux()
	probes.Handle("/healthz", http.StripPrefix("/healthz", &healthz.Handler{Checks: map[string]healthz.Checker{"ping": healthz.Ping}}))
	probes.Handle("/readyz", http.StripPrefix("/readyz", &healthz.Handler{Checks: map[string]healthz.Checker{"caches": ready.check}}))

	metrics := http.NewServeMux()
	metrics.Handle("/metrics", promhttp.HandlerFor(gathererOf(o), promhttp.HandlerOpts{}))

	var stops []func()

	stop = func() {
		for _, s := range stops {
			s()
		}
	}

	for _, port := range []struct {
		address string
		handler http.Handler
	}{{o.HealthProbeBindAddress, probes}, {o.MetricsBindAddress, metrics}} {
		if port.address == "" || port.address == off {
			continue
		}

		s, err := listen(ctx, o.Logger, port.address, port.handler)
		if err != nil {
			stop()

			return nil, err
		}

		stops = append(stops, s)
	}

	return stop, nil
}

// gathererOf returns what /metrics shows: the registry given in the options if
// it can be read, else controller-runtime's.
func gathererOf(o Options) prometheus.Gatherer {
	if gatherer, ok := o.Registerer.(prometheus.Gatherer); ok {
		return gatherer
	}

	return ctrlmetrics.Registry
}

func listen(ctx context.Context, log logr.Logger, address string, handler http.Handler) (stop func(), err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}

	server := &http.Server{Handler: handler, ReadHeaderTimeout: headerTimeout}

	var serving sync.WaitGroup

	serving.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error(err, "stopped serving", "address", address)
		}
	})

	return func() {
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
		defer cancel()

		if server.Shutdown(drain) != nil {
			_ = server.Close()
		}

		serving.Wait()
	}, nil
}
