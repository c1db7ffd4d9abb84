package controller

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/queue"
)

// Goal: an internal Service has the form that leads to the exported one, whatever
// either is made into, and an address is free only when the API server says that its
// internal Service is no more. Method: edits, finalizers of others, and what happens
// between two calls.

func TestAnInternalServiceIsCreatedWithoutItsAddress(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")

	var created *corev1.Service
	w.written = func() {
		if strings.HasPrefix(w.writes[len(w.writes)-1], "create Service") {
			created = w.internal("web")
		}
	}
	require.Empty(t, w.drive())
	require.NotNil(t, created)

	whole := w.internal("web")
	assert.Empty(t, created.Spec.ExternalIPs)
	created.Spec.ExternalIPs, created.ResourceVersion = whole.Spec.ExternalIPs, whole.ResourceVersion
	assert.Equal(t, whole, created)
}

func TestAnInternalServiceThatIsThereIsRead(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	name, service, addr := internalServiceName(testNamespace, "web"), newService("web"), netip.MustParseAddr("242.0.0.6")

	created, err := w.r.createInternalService(w.ctx, name, service, addr)
	require.NoError(t, err)
	assert.Zero(t, w.reads)

	read, err := w.r.createInternalService(w.ctx, name, service, addr)
	require.NoError(t, err)
	assert.Equal(t, created.UID, read.UID)
	assert.Equal(t, []string{"create Service " + name.String()}, w.writes)
}

func TestAnInternalServiceIsBroughtBackIntoForm(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())

	want := w.internal("web").Spec
	class, ports := "example.com/lb", true

	edit(w, w.internal("web"), func(s *corev1.Service) {
		s.Spec.Type = corev1.ServiceTypeLoadBalancer
		s.Spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyLocal
		s.Spec.HealthCheckNodePort = 30001
		s.Spec.AllocateLoadBalancerNodePorts = &ports
		s.Spec.LoadBalancerClass = &class
		s.Spec.LoadBalancerIP = "192.0.2.1"
		s.Spec.LoadBalancerSourceRanges = []string{"192.0.2.0/24"}
		s.Spec.ExternalName = "example.com"
		s.Spec.Ports[0].NodePort = 30002
	})
	require.Empty(t, w.drive())
	assert.Equal(t, want, w.internal("web").Spec)

	// The exported one's own node ports are not to be asked for twice.
	edit(w, newService("web"), func(s *corev1.Service) {
		s.Spec.Type, s.Spec.Ports[0].NodePort = corev1.ServiceTypeNodePort, 30003
	})
	require.Empty(t, w.drive())
	assert.Equal(t, want, w.internal("web").Spec)

	// The API server gives this to whatever has external IPs, and somebody a label.
	edit(w, w.internal("web"), func(s *corev1.Service) {
		s.Labels["team"] = "a"
		s.Spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyCluster
	})

	w.writes = nil
	require.Empty(t, w.drive())
	assert.Empty(t, w.writes)

	edit(w, newService("web"), func(s *corev1.Service) { s.Spec.Ports[0].Port = 81 })
	require.Empty(t, w.drive())
	assert.Equal(t, map[string]string{v1.InternalServiceLabel: "web", "team": "a"}, w.internal("web").Labels)
}

func TestAnAddressIsNotFreeWhileOthersKeepItsInternalService(t *testing.T) {
	for name, keep := range map[string][]string{
		"beside this controller": {v1.InternalServiceFinalizer, "example.com/keep"},
		"alone":                  {"example.com/keep"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "242.0.0.0/29")
			w.export("web")
			require.Empty(t, w.drive())

			gip, internal := w.gip("web"), w.internal("web")
			edit(w, internal, func(s *corev1.Service) { s.Finalizers = keep })
			w.remove(gip)
			w.remove(&corev1.Service{ObjectMeta: named("web")})
			require.Empty(t, w.drive())
			assert.Equal(t, map[string]string{"242.0.0.6": "web"}, w.claimed())

			w.writes = nil
			require.ErrorIs(t, w.r.reconcileIngress(w.ctx, queue.IngressKey(testNamespace, "web")), errAwaitingDeletion)
			assert.Empty(t, w.writes)

			edit(w, internal, func(s *corev1.Service) { s.Finalizers = nil })
			require.Empty(t, w.drive())
			assertNothingLeft(w)
		})
	}
}

// One that a user deletes and others keep is waited for.
func TestAnInternalServiceOnItsWayOutIsLetGoOnce(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())

	internal := w.internal("web")
	edit(w, internal, func(s *corev1.Service) { s.Finalizers = append(s.Finalizers, "example.com/keep") })
	w.remove(internal)

	w.writes = nil
	require.Empty(t, w.drive())
	assert.Equal(t, []string{"update Service shop/" + internal.Name}, w.writes)

	edit(w, internal, func(s *corev1.Service) { s.Finalizers = nil })
	require.Empty(t, w.drive())
	assertAllocated(w, "web", "242.0.0.6")
}

func TestAnInternalServiceWithoutAFinalizerGoesAtOnce(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())

	internal := w.internal("web")
	edit(w, internal, func(s *corev1.Service) { s.Finalizers = nil })

	w.writes = nil
	require.NoError(t, w.r.removeInternalService(w.ctx, testNamespace, "web"))
	assert.Equal(t, []string{"delete Service shop/" + internal.Name}, w.writes)
}
