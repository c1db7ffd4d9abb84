package loopback

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"

	"github.com/seatrial/seatrial/sim/apiserver"
)

// maxAnswer is how much of a webhook's answer is read.
const maxAnswer = 8 << 20

// callWebhook posts a review to a webhook on this machine; the server stays off
// the network. Nothing resolves the name of a Service.
func (h *Host) callWebhook(call apiserver.WebhookCall, answered func(apiserver.WebhookAnswer)) (cancel func()) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		answer := post(ctx, call)
		h.mu.Lock()
		defer h.mu.Unlock()
		answered(answer)
	}()
	return cancel
}

func post(ctx context.Context, call apiserver.WebhookCall) apiserver.WebhookAnswer {
	if ip := net.ParseIP(call.Host); call.Host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return apiserver.WebhookAnswer{Err: fmt.Errorf("dial %s: this server calls webhooks at loopback addresses only", call.URL.Host)}
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(call.CABundle) {
		roots = nil // those of the system
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, call.URL.String(), bytes.NewReader(call.Body))
	if err != nil {
		return apiserver.WebhookAnswer{Err: err}
	}
	req.Header = call.Header
	resp, err := transport.RoundTrip(req)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return apiserver.WebhookAnswer{Err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return apiserver.WebhookAnswer{Code: resp.StatusCode, Header: resp.Header, Body: body, Err: err}
}

// offload does costly work without holding up other requests.
func (h *Host) offload(work, done func()) {
	go func() {
		work()
		h.mu.Lock()
		defer h.mu.Unlock()
		done()
	}()
}
