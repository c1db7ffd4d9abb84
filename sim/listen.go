package sim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"syscall"

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

// errNobodyListens is a connection to a host where no process listens.
var errNobodyListens = &connectError{}

type connectError struct{}

func (*connectError) Error() string { return "connect: " + syscall.ECONNREFUSED.Error() }
func (*connectError) Unwrap() error { return syscall.ECONNREFUSED }

var errConnectionReset = errors.New("read: " + syscall.ECONNRESET.Error())

// callWebhook carries a call of the API server to the process that listens at
// its host, over the network, and the answer back. A process that is down
// refuses; one that is killed on the way resets the connection.
func (w *world) callWebhook(call apiserver.WebhookCall, answered func(apiserver.WebhookAnswer)) (cancel func()) {
	w.nth[call.Identity]++
	key := "webhook " + call.Identity + " #" + strconv.Itoa(w.nth[call.Identity])
	w.event(Event{Type: EventWebhook, Call: call.RequestID, Identity: key[len("webhook "):], Digest: digest(call.Body), Detail: call.Host})
	ctx, hangUp := context.WithCancel(context.Background())
	respond := func(a apiserver.WebhookAnswer) {
		w.queue.add(w.now()+w.latency(key, "response"), key, func() {
			if ctx.Err() == nil {
				w.event(Event{Type: EventWebhookAnswered, Call: call.RequestID, Identity: key[len("webhook "):], Code: a.Code, Digest: digest(a.Body), Detail: errorText(a.Err)})
				answered(a)
			}
		})
	}
	w.queue.add(w.now()+w.latency(key, "request"), key, func() {
		l := w.listenerAt(call.Host)
		switch {
		case ctx.Err() != nil:
		case l == nil:
			respond(apiserver.WebhookAnswer{Err: errNobodyListens})
		default:
			w.chance.reseed(w.seedNow(), key)
			go w.serveWebhook(ctx, *l, call, key, respond)
		}
	})
	return hangUp
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

// serveWebhook runs the handler in the process and hands the answer to the
// scheduler.
func (w *world) serveWebhook(ctx context.Context, l listener, call apiserver.WebhookCall, key string, respond func(apiserver.WebhookAnswer)) {
	done := make(chan apiserver.WebhookAnswer, 1)
	go func() {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, call.URL.String(), bytes.NewReader(call.Body))
		if err != nil {
			done <- apiserver.WebhookAnswer{Err: err}
			return
		}
		request.Header = call.Header.Clone()
		if socket, ok := l.handler.(Socket); ok {
			done <- overSocket(socket, request, call.CABundle)
			return
		}
		request.RequestURI = call.URL.RequestURI()
		var got bufferedResponse
		err = w.guard(l.process, func() error {
			l.handler.ServeHTTP(&got, request)
			return nil
		})
		done <- apiserver.WebhookAnswer{Code: got.status(), Header: got.header, Body: got.body.Bytes(), Err: err}
	}()
	var answer apiserver.WebhookAnswer
	select {
	case answer = <-done:
	case <-l.process.killed:
		answer = apiserver.WebhookAnswer{Err: errConnectionReset}
	case <-ctx.Done():
		return
	}
	w.pending.put(item{kind: callSent, key: key, act: func() { respond(answer) }})
}

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
