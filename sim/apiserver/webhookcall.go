package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// WebhookCall is a request that the server itself makes: a POST of a review to
// the process that serves a webhook.
type WebhookCall struct {
	// RequestID is the request that waits for the answer; 0: one of the server's own.
	RequestID uint64
	// Identity says what the call is about, the same in every run of a seed and
	// whatever else happens in it, e.g. "checks/widgets.example.com CREATE
	// widgets default/a". Two calls may have the same.
	Identity string
	// URL is where it goes; for a Service https://NAME.NAMESPACE.svc:PORT/PATH.
	URL *url.URL
	// Host is what answers for the call: that of the URL without a port.
	Host string
	// Service is set when the configuration names one, as namespace/name.
	Service string
	// CABundle is the PEM bundle that the webhook's certificate must be signed by.
	CABundle []byte
	// Timeout is how long the server waits; it gives up by itself.
	Timeout time.Duration
	Header  http.Header
	Body    []byte
}

// WebhookAnswer is what came of a call; with Err there was no HTTP answer.
type WebhookAnswer struct {
	Code   int
	Header http.Header
	Body   []byte
	Err    error
}

// CallWebhook carries a call to the process that serves the webhook. answered
// is to be called at most once, later, serialised with all other calls into the
// server. The returned function tells that the server no longer waits; it may
// be nil.
type CallWebhook func(call WebhookCall, answered func(WebhookAnswer)) (cancel func())

// errRefused is what a call meets where nobody serves webhooks.
var errRefused = errors.New("connect: connection refused")

var serviceGR = schema.GroupResource{Resource: "services"}

// webhookURL is where a webhook is called, and its Service if it has one.
func (s *Server) webhookURL(config admissionregistrationv1.WebhookClientConfig) (u *url.URL, service string, err error) {
	if config.URL != nil {
		u, err = url.Parse(*config.URL)
		return u, "", err
	}
	if config.Service == nil {
		return nil, "", errors.New("webhook configuration must have either service or URL")
	}
	ref, port := config.Service, int32(443)
	if ref.Port != nil {
		port = *ref.Port
	}
	host := ref.Name + "." + ref.Namespace + ".svc"
	u = &url.URL{Scheme: "https", Host: host + ":" + strconv.Itoa(int(port)), Path: "/"}
	if ref.Path != nil {
		u.Path = "/" + strings.TrimPrefix(*ref.Path, "/")
	}
	service = objectKey(ref.Namespace, ref.Name)
	if res := s.resources[serviceGR]; res == nil || res.objects[service] == nil {
		err = fmt.Errorf("service %q not found", ref.Name)
	}
	return u, service, err
}

// post makes a call and is told what came of it, after call.Timeout at the
// latest. cancel is not nil.
func (s *Server) post(call WebhookCall, config admissionregistrationv1.WebhookClientConfig, answered func(WebhookAnswer)) (cancel func()) {
	none := func() {}
	u, service, err := s.webhookURL(config)
	if u != nil {
		// As client-go puts it, whole seconds.
		seconds := (call.Timeout + time.Second - 1) / time.Second
		u.RawQuery = "timeout=" + strconv.Itoa(int(seconds)) + "s"
	}
	fail := func(err error) {
		answered(WebhookAnswer{Err: &url.Error{Op: "Post", URL: u.String(), Err: err}})
	}
	switch {
	case u == nil:
		answered(WebhookAnswer{Err: err})
		return none
	case err != nil:
		fail(err)
		return none
	case s.config.CallWebhook == nil:
		fail(fmt.Errorf("dial tcp %s: %w", u.Host, errRefused))
		return none
	}
	call.URL, call.Host, call.Service, call.CABundle = u, u.Hostname(), service, config.CABundle
	call.Header = http.Header{"Content-Type": {contentJSON}, "Accept": {"application/json, */*"}, "User-Agent": {"kube-apiserver-admission"}}
	over := false
	var hangUp, stopTimer func()
	finish := func(a WebhookAnswer, timedOut bool) {
		if over {
			return
		}
		over = true
		stopTimer()
		switch {
		case timedOut:
			if hangUp != nil {
				hangUp()
			}
			fail(context.DeadlineExceeded)
		case a.Err != nil:
			fail(a.Err)
		default:
			answered(a)
		}
	}
	stopTimer = s.config.Clock.AfterFunc(call.Timeout, func() { finish(WebhookAnswer{}, true) })
	hangUp = s.config.CallWebhook(call, func(a WebhookAnswer) { finish(a, false) })
	return func() {
		if over {
			return
		}
		over = true
		stopTimer()
		if hangUp != nil {
			hangUp()
		}
	}
}
