//go:build linux && amd64

package program

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"

	"github.com/seatrial/seatrial/sim"
)

// socket is a port on which a process listens, for the API server to connect to.
type socket struct {
	a    *agent
	port int
}

var _ sim.Socket = socket{}

// visitor is somebody who wants to connect to the process. The agent lets one in at a
// time, when the process waits.
type visitor struct {
	port     int
	request  *http.Request
	config   *tls.Config
	answered chan visited
}

// visited is what came of it.
type visited struct {
	response *http.Response
	err      error
}

// Exchange implements [sim.Socket]. It ends with the request's context, at the latest.
func (s socket) Exchange(r *http.Request, authority []byte) (*http.Response, error) {
	known := x509.NewCertPool()
	known.AppendCertsFromPEM(authority) // none: no certificate will do, as in a cluster
	v := visitor{
		port: s.port, request: r, answered: make(chan visited, 1),
		config: &tls.Config{RootCAs: known, ServerName: r.URL.Hostname()},
	}
	select {
	case s.a.visitors <- v:
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	select {
	case came := <-v.answered:
		return came.response, came.err
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// ServeHTTP implements [http.Handler], for whoever cannot connect.
func (s socket) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "a program is connected to", http.StatusNotImplemented)
}

// welcome connects a visitor. It is run by the agent.
func (a *agent) welcome(v visitor) {
	err := a.visit(v.port, func(c net.Conn) {
		response, body, err := exchange(tls.Client(c, v.config), v.request)
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF // the process has ended, or closed the connection
		}
		if err == nil {
			response.Body = io.NopCloser(bytes.NewReader(body))
		}
		v.answered <- visited{response, err}
	})
	if err != nil {
		v.answered <- visited{err: err}
	}
}

// offerWebhooks lets the API server connect to the ports that the options name.
func (a *agent) offerWebhooks() {
	for _, w := range a.o.Webhooks {
		a.env.Serve(w.Host(), socket{a, w.Port})
	}
}
