package sim

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim/apiserver"
)

// listener is a handler by which an incarnation answers requests to a host.
type listener struct {
	process *incarnation
	handler http.Handler
}

// listen is what an incarnation finds as [Env.Serve].
func (w *world) listen(i *incarnation, host string, handler http.Handler) {
	w.pending.put(item{kind: hostChanged, key: i.identity + " serves " + host, act: func() {
		switch {
		case w.servers[host] != nil:
			w.problem(model.Problem{Kind: model.Failing, Process: i.name(), Message: fmt.Sprintf("it serves the host %s, which is a server of the world (want one of the two)", host)})
		case !i.dead():
			living := slices.DeleteFunc(w.listeners[host], func(l listener) bool { return l.process.dead() })
			w.listeners[host] = append(living, listener{process: i, handler: handler})
		}
	}})
}

// listenerAt is the latest of those who answer for a host and can be reached; nil: there
// is none.
func (w *world) listenerAt(host string) *listener {
	for _, l := range slices.Backward(w.listeners[host]) {
		if !l.process.dead() && !w.cutOff(l.process) {
			return &l
		}
	}
	return nil
}

// cutOff: a partition lies between the API server and a process.
func (w *world) cutOff(i *incarnation) bool { return i.of.link.partitions() > 0 }

// Socket is a handler behind a socket of its own, that of a program: whoever calls it
// connects, over TLS, and the connection may fail.
type Socket interface {
	http.Handler
	// Exchange makes the request on a new connection. authority is the PEM bundle by which
	// the certificate is checked; the error is that of the connection.
	Exchange(r *http.Request, authority []byte) (*http.Response, error)
}

func overSocket(s Socket, r *http.Request, authority []byte) apiserver.WebhookAnswer {
	response, err := s.Exchange(r, authority)
	if err != nil {
		return apiserver.WebhookAnswer{Err: err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return apiserver.WebhookAnswer{Code: response.StatusCode, Header: response.Header, Body: body, Err: err}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// bufferedResponse keeps what a handler writes.
type bufferedResponse struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

// Header implements [http.ResponseWriter].
func (b *bufferedResponse) Header() http.Header {
	if b.header == nil {
		b.header = http.Header{}
	}
	return b.header
}

// WriteHeader implements [http.ResponseWriter].
func (b *bufferedResponse) WriteHeader(code int) {
	if b.code == 0 {
		b.code = code
	}
}

// Write implements [http.ResponseWriter].
func (b *bufferedResponse) Write(p []byte) (int, error) {
	b.WriteHeader(http.StatusOK)
	return b.body.Write(p)
}

func (b *bufferedResponse) status() int {
	if b.code == 0 {
		return http.StatusOK
	}
	return b.code
}
