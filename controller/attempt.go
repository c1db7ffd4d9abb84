package controller

import (
	"errors"
	"fmt"
	"net/http"

	"k8s.io/apimachinery/pkg/runtime"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// errConnectionLost stands for an answer that did not come because the
// connection broke.
var errConnectionLost = errors.New("the connection was lost before an answer came")

// newDirectClient returns a client past the cache that makes each call once.
//
// By itself client-go repeats a read whose connection broke, up to ten times, a
// second apart. That would hold a worker for ten seconds because of one object,
// where the work queue has its turn come again after 50 ms and lets the others
// pass; and under a lasting outage it would make ten calls of every one that
// the back-off allows.
func newDirectClient(cfg *rest.Config, scheme *runtime.Scheme) (client.Client, error) {
	cfg = rest.CopyConfig(cfg)
	cfg.Wrap(func(inner http.RoundTripper) http.RoundTripper { return oneAttempt{inner} })

	direct, err := client.New(cfg, client.Options{Scheme: scheme, Mapper: NewRESTMapper()})
	if err != nil {
		return nil, fmt.Errorf("build the client: %w", err)
	}

	return direct, nil
}

// oneAttempt words errors of the connection so that client-go does not
// recognise those after which it would try again.
type oneAttempt struct{ inner http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (o oneAttempt) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := o.inner.RoundTrip(req)
	if err != nil && (utilnet.IsConnectionReset(err) || utilnet.IsProbableEOF(err) || utilnet.IsHTTP2ConnectionLost(err)) {
		err = errConnectionLost
	}

	return resp, err
}
