// The life of global IPs, step by step, on controller-runtime's fake client:
// what is written, in which order, and what is left at the end.
package controller

import (
	"context"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	mcsv1alpha1 "sigs.k8s.io/mcs-api/pkg/apis/v1alpha1"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/queue"
)

func assertAllocated(w *world, name, ip string) {
	w.Helper()

	gip := w.gip(name)
	assert.Equal(w, ip, gip.Status.AllocatedIP)

	condition := apimeta.FindStatusCondition(gip.Status.Conditions, v1.ConditionAllocated)
	require.NotNil(w, condition)
	assert.Equal(w, metav1.ConditionTrue, condition.Status)
	assert.Equal(w, v1.ReasonSuccess, condition.Reason)
	assert.Equal(w, !w.r.pool.Contains(netip.MustParseAddr(ip)), strings.Contains(condition.Message, "outside"))
	assert.Equal(w, []string{ip}, w.internal(name).Spec.ExternalIPs)
	assert.Equal(w, name, w.claimed()[ip])
}

func assertNothingLeft(w *world) {
	w.Helper()
	assert.Empty(w, w.claimed())

	var (
		services corev1.ServiceList
		gips     v1.GlobalIngressIPList
	)

	require.NoError(w, w.Client.List(w.ctx, &services, client.HasLabels{v1.InternalServiceLabel}))
	require.NoError(w, w.Client.List(w.ctx, &gips))
	assert.Empty(w, services.Items)
	assert.Empty(w, gips.Items)
}

func TestAllocationTakesFiveWritesInOrder(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())

	assert.Equal(t, []string{
		"create GlobalIngressIP shop/web",
		"create IPAddress 242.0.0.6",
		"create Service shop/" + v1.InternalServiceName("web"),
		"update Service shop/" + v1.InternalServiceName("web"),
		"update status of GlobalIngressIP shop/web",
	}, w.writes)
	assertAllocated(w, "web", "242.0.0.6")

	internal := w.internal("web")
	assert.Equal(t, map[string]string{v1.InternalServiceLabel: "web"}, internal.Labels)
	assert.Equal(t, []string{v1.InternalServiceFinalizer}, internal.Finalizers)
	assert.Equal(t, corev1.IPFamilyPolicySingleStack, *internal.Spec.IPFamilyPolicy)
	assert.Equal(t, newService("web").Spec.Ports, internal.Spec.Ports)
	assert.Equal(t, newService("web").Spec.Selector, internal.Spec.Selector)
}

func TestRestartWithEverythingInOrderWritesNothing(t *testing.T) {
	w := newWorld(t, "242.0.0.0/24")
	for _, name := range []string{"web", "db", "cache"} {
		w.export(name)
	}

	require.Empty(t, w.drive())
	w.restart()
	w.writes, w.reads = nil, 0

	require.Empty(t, w.drive())
	assert.Empty(t, w.writes)
	assert.Equal(t, 1, w.reads, "the list of adoption")
}

func TestReleaseGoesBackwards(t *testing.T) {
	for name, unexport := range map[string]func(w *world){
		"export deleted":  func(w *world) { w.remove(&mcsv1alpha1.ServiceExport{ObjectMeta: named("web")}) },
		"service deleted": func(w *world) { w.remove(&corev1.Service{ObjectMeta: named("web")}) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "242.0.0.0/29")
			w.export("web")
			require.Empty(t, w.drive())

			w.writes = nil
			unexport(w)
			w.restart() // noticed at start as well as while running
			require.Empty(t, w.drive())

			internal := "Service shop/" + v1.InternalServiceName("web")
			assert.Equal(t, []string{
				"delete GlobalIngressIP shop/web",
				"update status of GlobalIngressIP shop/web",
				"delete " + internal,
				"update " + internal,
				"delete IPAddress 242.0.0.6",
				"update GlobalIngressIP shop/web",
			}, w.writes)
			assertNothingLeft(w)
		})
	}
}

func TestPortChangeReachesTheInternalService(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())

	service := newService("web")
	require.NoError(t, w.Client.Get(w.ctx, client.ObjectKeyFromObject(service), service))
	service.Spec.Ports[0].Port = 8443
	service.Spec.Selector = map[string]string{"app": "web", "track": "stable"}
	require.NoError(t, w.Client.Update(w.ctx, service))

	w.writes, w.reads = nil, 0
	require.Empty(t, w.drive())
	assert.Len(t, w.writes, 1)
	assert.Zero(t, w.reads, "the address is in use already")
	assert.Equal(t, int32(8443), w.internal("web").Spec.Ports[0].Port)
	assert.Equal(t, service.Spec.Selector, w.internal("web").Spec.Selector)
	assertAllocated(w, "web", "242.0.0.6")
}

func TestServiceCreatedAnewIsAnotherOwner(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())
	before := w.gip("web")

	w.remove(&corev1.Service{ObjectMeta: named("web")})
	require.NoError(t, w.Client.Create(w.ctx, newService("web")))
	require.Empty(t, w.drive())

	assert.NotEqual(t, before.UID, w.gip("web").UID)
	assertAllocated(w, "web", w.gip("web").Status.AllocatedIP)
	assert.Len(t, w.claimed(), 1)
}

func TestExportFlippedBeforeAnybodyLookedKeepsTheAddress(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())

	w.remove(&mcsv1alpha1.ServiceExport{ObjectMeta: named("web")})
	require.NoError(t, w.Client.Create(w.ctx, &mcsv1alpha1.ServiceExport{ObjectMeta: named("web")}))
	w.writes = nil
	require.Empty(t, w.drive())
	assert.Empty(t, w.writes)
}

func TestUserDeletesAndEditsArePutRight(t *testing.T) {
	cases := map[string]func(w *world){
		"GlobalIngressIP deleted":  func(w *world) { w.remove(w.gip("web")) },
		"internal Service deleted": func(w *world) { w.remove(w.internal("web")) },
		"claim deleted": func(w *world) {
			w.remove(&networkingv1.IPAddress{ObjectMeta: metav1.ObjectMeta{Name: "242.0.0.6"}})
		},
		"all three deleted": func(w *world) {
			w.remove(w.gip("web"))
			w.remove(w.internal("web"))
			w.remove(&networkingv1.IPAddress{ObjectMeta: metav1.ObjectMeta{Name: "242.0.0.6"}})
		},
		"external IP edited": func(w *world) {
			internal := w.internal("web")
			edit(w, internal, func(_ *corev1.Service) { internal.Spec.ExternalIPs = []string{"242.0.0.1"} })
		},
		"internal label and finalizer removed": func(w *world) {
			internal := w.internal("web")
			edit(w, internal, func(_ *corev1.Service) { internal.Labels, internal.Finalizers = nil, nil })
		},
		"status edited": func(w *world) {
			gip := w.gip("web")
			gip.Status.AllocatedIP = "242.0.0.3"
			require.NoError(w, w.Client.Status().Update(w.ctx, gip))
		},
		"status emptied": func(w *world) {
			gip := w.gip("web")
			gip.Status = v1.GlobalIngressIPStatus{}
			require.NoError(w, w.Client.Status().Update(w.ctx, gip))
		},
		"spec edited": func(w *world) {
			gip := w.gip("web")
			edit(w, gip, func(_ *v1.GlobalIngressIP) { gip.Spec.ServiceRef.Name = "other" })
		},
		"target edited": func(w *world) {
			gip := w.gip("web")
			edit(w, gip, func(_ *v1.GlobalIngressIP) { gip.Spec.Target = v1.HeadlessServicePod })
		},
		"target and pod edited": func(w *world) {
			gip := w.gip("web")
			edit(w, gip, func(_ *v1.GlobalIngressIP) {
				gip.Spec.Target, gip.Spec.PodRef = v1.HeadlessServicePod, &corev1.LocalObjectReference{Name: "nobody"}
			})
		},
		"GlobalIngressIP abandoned, type changed": func(w *world) {
			w.abandon("web")
			edit(w, newService("web"), func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeNodePort })
		},
		"finalizer and annotations removed": func(w *world) {
			gip := w.gip("web")
			edit(w, gip, func(_ *v1.GlobalIngressIP) { gip.Finalizers, gip.Annotations = nil, nil })
		},
		"type changed": func(w *world) {
			service := newService("web")
			edit(w, service, func(_ *corev1.Service) { service.Spec.Type = corev1.ServiceTypeNodePort })
		},
	}
	for name, damage := range cases {
		for _, restart := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				w := newWorld(t, "242.0.0.0/29")
				w.export("web")
				require.Empty(t, w.drive())

				damage(w)

				if restart {
					w.restart()
				}

				require.Empty(t, w.drive())
				assertAllocated(w, "web", "242.0.0.6")
				assert.Len(t, w.claimed(), 1)
				assert.Equal(t, "web", w.internal("web").Labels[v1.InternalServiceLabel])
				assert.Nil(t, w.internal("web").DeletionTimestamp)

				w.remove(&mcsv1alpha1.ServiceExport{ObjectMeta: named("web")})
				require.Empty(t, w.drive())
				assertNothingLeft(w)
			})
		}
	}
}

func TestExhaustedPoolWaitsAndIsWoken(t *testing.T) {
	w := newWorld(t, "242.0.0.0/30")
	for _, name := range []string{"a", "b", "c"} {
		w.export(name)
	}

	errs := w.drive()
	require.Len(t, errs, 1)
	require.ErrorIs(t, errs[0], errPoolExhausted)

	condition := apimeta.FindStatusCondition(w.gip("c").Status.Conditions, v1.ConditionAllocated)
	require.NotNil(t, condition)
	assert.Equal(t, v1.ReasonIPPoolAllocationFailed, condition.Reason)
	assert.Equal(t, metav1.ConditionFalse, condition.Status)

	w.writes, w.reads = nil, 0
	require.Len(t, w.drive(), 1)
	assert.Empty(t, w.writes, "waiting writes nothing")
	assert.Zero(t, w.reads, "waiting asks nothing")
	assert.Equal(t, 1, w.r.waiting.Count())

	w.remove(&mcsv1alpha1.ServiceExport{ObjectMeta: named("a")})
	require.Empty(t, w.drive())
	assertAllocated(w, "c", "242.0.0.2")
	assert.Zero(t, w.r.waiting.Count())
}

func TestSubmarinersInstallationIsAdopted(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")

	// "web" has everything but a claim; "db" was caught between its internal
	// Service and its status; "twin" and "old" publish the same address, as
	// one of Submariner's bugs leaves it.
	for _, name := range []string{"web", "db", "old", "twin"} {
		w.export(name)
		require.NoError(t, w.Client.Create(w.ctx, &v1.GlobalIngressIP{ObjectMeta: named(name), Spec: ingressSpec(name)}))
	}

	for name, ip := range map[string]string{"web": "242.0.0.1", "old": "242.0.0.2", "twin": "242.0.0.2"} {
		gip := w.gip(name)
		gip.Status.AllocatedIP = ip
		// Conditions appended instead of set.
		gip.Status.Conditions = []metav1.Condition{
			{Type: v1.ConditionAllocated, Status: metav1.ConditionFalse, Reason: "IPPoolAllocationFailed"},
			{Type: v1.ConditionAllocated, Status: metav1.ConditionTrue, Reason: "Success"},
		}
		require.NoError(t, w.Client.Status().Update(w.ctx, gip))
	}

	internal := newService(v1.InternalServiceName("db"))
	internal.Labels = map[string]string{v1.InternalServiceLabel: "db"}
	internal.Spec.ExternalIPs = []string{"242.0.0.3"}
	require.NoError(t, w.Client.Create(w.ctx, internal))
	w.export("fresh")

	require.Empty(t, w.drive())
	assertAllocated(w, "web", "242.0.0.1")
	assertAllocated(w, "db", "242.0.0.3")
	assertAllocated(w, "old", "242.0.0.2")
	assert.Len(t, w.gip("web").Status.Conditions, 1)
	assertAllocated(w, "fresh", w.gip("fresh").Status.AllocatedIP)
	assertAllocated(w, "twin", w.gip("twin").Status.AllocatedIP)
	assert.Len(t, w.claimed(), 5)
}

// staleReader is a cache that has not heard of anything since a Service was
// deleted and created anew.
type staleReader struct {
	client.Reader
	service *corev1.Service
}

func (s staleReader) Get(ctx context.Context, name client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
	if service, ok := obj.(*corev1.Service); ok && name == client.ObjectKeyFromObject(s.service) {
		s.service.DeepCopyInto(service)

		return nil
	}

	return s.Reader.Get(ctx, name, obj, opts...)
}

// Found by seed 1175: an address published for a Service that only the cache
// still showed had to be taken back from the one in its place.
func TestNothingIsPublishedForAServiceOfThePast(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")

	past := newService("web")
	require.NoError(t, w.Client.Get(w.ctx, client.ObjectKeyFromObject(past), past))
	w.remove(newService("web"))
	require.NoError(t, w.Client.Create(w.ctx, newService("web")))

	w.r.cached = staleReader{w.Client, past}
	for range 3 {
		w.round()
	}

	assert.Empty(t, w.gip("web").Status.AllocatedIP)
	assert.Empty(t, w.claimed())

	w.r.cached = w.Client
	require.Empty(t, w.drive())
	assertAllocated(w, "web", "242.0.0.6")
	assert.NotEqual(t, string(past.UID), w.gip("web").Annotations[v1.ServiceUIDAnnotation])
}

func TestOtherTypesGetNoAddress(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	service := newService("web")
	service.Spec.Type = corev1.ServiceTypeLoadBalancer
	require.NoError(t, w.Client.Create(w.ctx, service))
	require.NoError(t, w.Client.Create(w.ctx, &mcsv1alpha1.ServiceExport{ObjectMeta: named("web")}))
	require.Empty(t, w.drive())
	assertNothingLeft(w)

	service.Spec.Type = corev1.ServiceTypeClusterIP
	require.NoError(t, w.Client.Update(w.ctx, service))
	require.Empty(t, w.drive())
	assertAllocated(w, "web", "242.0.0.6")
}

func TestReferencesThatCannotBeServed(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.NoError(t, w.Client.Create(w.ctx, &v1.GlobalIngressIP{
		ObjectMeta: named("nowhere"), Spec: v1.GlobalIngressIPSpec{Target: v1.HeadlessServicePod},
	}))

	_, err := w.r.Reconcile(w.ctx, queue.Key{Kind: queue.Adoption})
	require.NoError(t, err)
	require.NoError(t, w.r.reconcileIngress(w.ctx, queue.IngressKey(testNamespace, "nowhere")))

	condition := apimeta.FindStatusCondition(w.gip("nowhere").Status.Conditions, v1.ConditionAllocated)
	require.NotNil(t, condition)
	assert.Equal(t, v1.ReasonInvalidReference, condition.Reason)
	assert.Empty(t, w.claimed())
}
