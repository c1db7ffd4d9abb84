package manager

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
)

const (
	headerTimeout = 10 * time.Second
	drainTimeout  = 5 * time.Second
)

// Off is the address of a port that is not to be opened.
const Off = "0"

// Ports are what a replica listens on. An empty address is [Off].
type Ports struct {
	Probes, Metrics string
	Gatherer        prometheus.Gatherer // what /metrics shows
	Log             logr.Logger
}

// Serve opens the ports for metrics and probes, as far as they are on, and
// returns how to close them.
func Serve(ctx context.Context, o Ports, ready *Readiness) (stop func(), err error) {
	probes := http.NewServeMux()
	probes.Handle("/healthz", http.StripPrefix("/healthz", &healthz.Handler{Checks: map[string]healthz.Checker{"ping": healthz.Ping}}))
	probes.Handle("/readyz", http.StripPrefix("/readyz", &healthz.Handler{Checks: map[string]healthz.Checker{"caches": ready.Check}}))

	metrics := http.NewServeMux()
	metrics.Handle("/metrics", promhttp.HandlerFor(o.Gatherer, promhttp.HandlerOpts{}))

	var stops []func()

	stop = func() {
		for _, s := range stops {
			s()
		}
	}

	for _, port := range []struct {
		address string
		handler http.Handler
	}{{o.Probes, probes}, {o.Metrics, metrics}} {
		if port.address == "" || port.address == Off {
			continue
		}

		s, err := listen(ctx, o.Log, port.address, port.handler)
		if err != nil {
			stop()

			return nil, err
		}

		stops = append(stops, s)
	}

	return stop, nil
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
