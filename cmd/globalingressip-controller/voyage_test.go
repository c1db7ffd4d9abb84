package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	mcsv1alpha1 "sigs.k8s.io/mcs-api/pkg/apis/v1alpha1"

	"github.com/seatrial/seatrial/controller"
	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/deploy"
	"github.com/seatrial/seatrial/sim/apiserver"
	"github.com/seatrial/seatrial/sim/apiserver/kinds"
	"github.com/seatrial/seatrial/sim/apiserver/kinds/registry"
	"github.com/seatrial/seatrial/sim/apiserver/loopback"
)

const namespace = "shop"

func init() {
	// The default handlers sleep by the clock of the process's start, which
	// inside a bubble lies decades ahead.
	utilruntime.ErrorHandlers = nil
	ctrl.SetLogger(logr.Discard())
}

// voyage is the whole controller on a simulated API server, inside a bubble of
// virtual time.
type voyage struct {
	*testing.T
	host *loopback.Host
	user client.Client
	law  *law

	mu     sync.Mutex
	writes []string
	used   map[access]bool // what the controllers asked for
	// weather decides about each call of the controllers: an answer to give
	// instead, or none.
	weather func(call string) error
	// aftermath decides about the answer of each call that the server took.
	aftermath func(call string) error
	// cutOff says of controllers, by identity, which calls fail beside.
	cutOff map[string]string
	// lag is how long what the watch of GlobalIngressIPs brings takes.
	lag time.Duration
}

// errDropped stands for a call that never reached the server. Its wording is not
// one of those after which client-go tries again by itself.
var errDropped = errors.New("no route to host")

func sail(t *testing.T, journey func(v *voyage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		v := &voyage{T: t, law: newLaw(), used: map[access]bool{}}

		host, err := loopback.New(apiserver.Config{
			Seed:     1,
			OnCommit: v.law.commit,
			Kinds:    registry.New(kinds.Options{ServiceCIDRs: []netip.Prefix{netip.MustParsePrefix("10.96.0.0/16")}}),
		})
		require.NoError(t, err)

		host.Do(func(s *apiserver.Server) {
			for _, document := range deploy.CRDs() {
				crd, err := apiserver.ParseCRD(document)
				require.NoError(t, err)
				require.NoError(t, s.InstallCRDs(crd))
			}
		})

		scheme := runtime.NewScheme()
		require.NoError(t, controller.AddToScheme(scheme))

		v.host = host
		v.user, err = client.New(&rest.Config{Host: "http://apiserver", Transport: host.Transport(0), QPS: -1}, client.Options{Scheme: scheme})
		require.NoError(t, err)
		require.NoError(t, v.user.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}))
		journey(v)
		time.Sleep(time.Second) // for what is on its way to arrive nowhere
	})
}

// start runs a controller and returns how to stop it: as a process that is
// killed is, from one moment to the next without another word.
func (v *voyage) start(change func(o *controller.Options)) (kill func()) {
	v.Helper()

	o := controller.Options{
		CIDRs:      []netip.Prefix{netip.MustParsePrefix("242.0.0.0/28")},
		Registerer: prometheus.NewRegistry(),
	}
	if change != nil {
		change(&o)
	}

	end := v.run(o, controller.Run)

	return func() {
		v.Helper()
		require.NoError(v, end())
	}
}

// run runs any controller. The returned function kills it and returns what it
// returned.
func (v *voyage) run(o controller.Options, run func(context.Context, *rest.Config, controller.Options) error) (kill func() error) {
	line := &line{v: v, inner: v.host.Transport(0), identity: o.Identity}
	ctx, cancel := context.WithCancel(v.Context())
	done := make(chan error, 1)

	go func() {
		done <- run(ctx, &rest.Config{Host: "http://apiserver", Transport: line}, o)
	}()

	return func() error {
		line.cut()
		cancel()

		return <-done
	}
}

// line is the connection of one controller to the API server.
type line struct {
	v        *voyage
	inner    http.RoundTripper
	identity string
	mu       sync.Mutex
	dead     bool
}

// lagging is a watch that arrives late.
type lagging struct {
	io.ReadCloser
	lag time.Duration
}

func (l lagging) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	time.Sleep(l.lag)

	return n, err
}

func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()

	l.dead = true
}

// RoundTrip takes a millisecond each way.
func (l *line) RoundTrip(req *http.Request) (*http.Response, error) {
	time.Sleep(time.Millisecond)

	call := describe(req)
	l.v.use(accessOf(req))

	if err := l.verdict(call); err != nil {
		return nil, err
	}

	resp, err := l.inner.RoundTrip(req)
	if err == nil && req.Method != http.MethodGet && resp.StatusCode < 300 {
		l.v.mu.Lock()
		l.v.writes = append(l.v.writes, call)
		l.v.mu.Unlock()
	}

	time.Sleep(time.Millisecond)

	if err == nil {
		if err = l.lost(call); err != nil {
			return nil, err
		}
	}

	if err == nil && call == "GET globalingressips (watch)" && l.v.lag > 0 {
		resp.Body = lagging{resp.Body, l.v.lag}
	}

	return resp, err
}

func (v *voyage) use(a access) {
	v.mu.Lock()
	defer v.mu.Unlock()

	v.used[a] = true
}

// lost returns an error if the answer is not to arrive.
func (l *line) lost(call string) error {
	l.v.mu.Lock()
	defer l.v.mu.Unlock()

	if l.v.aftermath != nil && !strings.HasSuffix(call, "(watch)") {
		return l.v.aftermath(call)
	}

	return nil
}

func (l *line) verdict(call string) error {
	l.mu.Lock()
	dead := l.dead
	l.mu.Unlock()

	if dead {
		return errDropped
	}

	l.v.mu.Lock()
	defer l.v.mu.Unlock()

	if prefix, ok := l.v.cutOff[l.identity]; ok && strings.HasPrefix(call, prefix) {
		return errDropped
	}

	if l.v.weather != nil {
		return l.v.weather(call)
	}

	return nil
}

// describe names a call without what varies: "PUT services/submariner-…".
func describe(req *http.Request) string {
	path := req.URL.Path
	for _, prefix := range []string{"/apis/submariner.io/v1", "/apis/networking.k8s.io/v1", "/apis/multicluster.x-k8s.io/v1alpha1",
		"/apis/coordination.k8s.io/v1", "/api/v1", "/namespaces/" + namespace} {
		path = strings.TrimPrefix(path, prefix)
	}

	watch := ""
	if req.URL.Query().Get("watch") != "" {
		watch = " (watch)"
	}

	return req.Method + " " + strings.TrimPrefix(path, "/") + watch
}

// takeWrites returns what was written since it was last called, Events and
// Leases left out.
func (v *voyage) takeWrites() []string {
	v.mu.Lock()
	defer v.mu.Unlock()

	var writes []string

	for _, write := range v.writes {
		if !strings.Contains(write, "events") && !strings.Contains(write, "leases") {
			writes = append(writes, write)
		}
	}

	v.writes = nil

	return writes
}

func (v *voyage) setWeather(weather func(call string) error) {
	v.mu.Lock()
	defer v.mu.Unlock()

	v.weather = weather
}

// cut has calls of single controllers fail: by identity, those that begin with
// the prefix given.
func (v *voyage) cut(prefixes map[string]string) {
	v.mu.Lock()
	defer v.mu.Unlock()

	v.cutOff = prefixes
}

func (v *voyage) export(name string) {
	v.Helper()
	require.NoError(v, v.user.Create(v.Context(), service(name)))
	require.NoError(v, v.user.Create(v.Context(), &mcsv1alpha1.ServiceExport{ObjectMeta: named(name)}))
}

func (v *voyage) remove(obj client.Object) {
	v.Helper()
	require.NoError(v, v.user.Delete(v.Context(), obj))
}

func named(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name}
}

func service(name string) *corev1.Service {
	return &corev1.Service{ObjectMeta: named(name), Spec: corev1.ServiceSpec{
		Selector: map[string]string{"app": name},
		Ports:    []corev1.ServicePort{{Name: "http", Port: 80}},
	}}
}

func (v *voyage) gip(name string) *v1.GlobalIngressIP {
	v.Helper()

	gip := &v1.GlobalIngressIP{}
	require.NoError(v, v.user.Get(v.Context(), types.NamespacedName{Namespace: namespace, Name: name}, gip))

	return gip
}

// addresses returns the published address of every GlobalIngressIP, after
// checking that it is claimed and carried by that one's internal Service.
func (v *voyage) addresses() map[string]string {
	v.Helper()

	var gips v1.GlobalIngressIPList
	require.NoError(v, v.user.List(v.Context(), &gips))

	addresses := map[string]string{}

	for i := range gips.Items {
		gip := &gips.Items[i]
		addresses[gip.Name] = gip.Status.AllocatedIP

		if gip.Status.AllocatedIP == "" {
			continue
		}

		claim := &networkingv1.IPAddress{}
		require.NoError(v, v.user.Get(v.Context(), types.NamespacedName{Name: gip.Status.AllocatedIP}, claim))
		require.Equal(v, gip.Name, claim.Spec.ParentRef.Name)

		if gip.Spec.Target != v1.ClusterIPService {
			continue
		}

		require.Equal(v, []string{gip.Status.AllocatedIP}, v.internalService(gip.Name).Spec.ExternalIPs)
	}

	return addresses
}

func (v *voyage) internalService(name string) *corev1.Service {
	v.Helper()

	internal := &corev1.Service{}
	require.NoError(v, v.user.Get(v.Context(),
		types.NamespacedName{Namespace: namespace, Name: v1.InternalServiceName(name)}, internal))

	return internal
}

// left counts what the controller owns.
func (v *voyage) left() string {
	v.Helper()

	var (
		gips     v1.GlobalIngressIPList
		claims   networkingv1.IPAddressList
		services corev1.ServiceList
	)

	managed := client.MatchingLabels{networkingv1.LabelManagedBy: v1.ManagedBy}
	require.NoError(v, v.user.List(v.Context(), &gips))
	require.NoError(v, v.user.List(v.Context(), &claims, managed))
	require.NoError(v, v.user.List(v.Context(), &services, client.HasLabels{v1.InternalServiceLabel}))

	return fmt.Sprintf("%d GlobalIngressIPs, %d claims, %d internal Services", len(gips.Items), len(claims.Items), len(services.Items))
}
