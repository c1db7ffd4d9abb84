package controller

import (
	"context"
	"errors"
	"net/netip"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/queue"
)

// Goal: an address is free when nothing leads from it any more, and a
// GlobalIngressIP is gone when its address is free, also when a step in between
// fails. Method: one exported Service, deleted; the order of writes tells.

func TestAGlobalIngressIPStaysUntilItsAddressIsFree(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())
	w.remove(&corev1.Service{ObjectMeta: named("web")})

	w.before = failing("delete IPAddress")
	assert.ErrorIs(t, errors.Join(w.drive()...), errUnwell)
	assert.Contains(t, w.gip("web").Finalizers, v1.Finalizer)
	assert.Equal(t, map[string]string{"242.0.0.6": "web"}, w.claimed())

	w.before = nil
	require.Empty(t, w.drive())
	assertNothingLeft(w)
}

func TestAnOrphanedClaimGoesAfterItsInternalService(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())

	gip := w.gip("web") // somebody takes the finalizer off
	gip.Finalizers = nil
	require.NoError(t, w.Client.Update(w.ctx, gip))
	w.remove(gip)
	w.remove(&corev1.Service{ObjectMeta: named("web")})

	w.writes = nil
	w.restart()
	require.Empty(t, w.drive())

	internal := "Service shop/" + v1.InternalServiceName("web")
	assert.Equal(t, []string{"delete " + internal, "update " + internal, "delete IPAddress 242.0.0.6"}, w.writes)
	assertNothingLeft(w)
}

// Without its GlobalIngressIP an exported Service keeps its address, though another
// waits for one.
func TestAnAddressIsNotReleasedWithoutProof(t *testing.T) {
	for name, lose := range map[string]func(w *world){
		"GlobalIngressIP deleted":   func(w *world) { w.remove(w.gip("web")) },
		"GlobalIngressIP abandoned": func(w *world) { w.abandon("web") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "242.0.0.0/30")
			w.export("other")
			w.export("web")
			require.Empty(t, w.drive())
			w.export("a-third")
			require.Len(t, w.drive(), 1)

			before := w.claim("242.0.0.1")
			w.writes = nil
			lose(w)

			// Before its export is looked at.
			require.NoError(t, w.r.reconcileIngress(w.ctx, queue.IngressKey(testNamespace, "web")))

			w.reads = 0
			require.NoError(t, w.r.reconcileIngress(w.ctx, queue.IngressKey(testNamespace, "web")))
			assert.Equal(t, 3, w.reads, "the GlobalIngressIP, the Service and its export")

			require.Len(t, w.drive(), 1)
			assertAllocated(w, "web", "242.0.0.1")
			assert.Equal(t, before.UID, w.claim("242.0.0.1").UID)
			assert.NotContains(t, w.writes, "delete Service shop/"+v1.InternalServiceName("web"))
		})
	}
}

// A Service on its way out still has its connections.
func TestAnAddressStaysWhileItsServiceIsOnItsWayOut(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())

	service := newService("web")
	edit(w, service, func(s *corev1.Service) { s.Finalizers = []string{"example.com/drain"} })
	w.remove(service)
	w.remove(w.gip("web"))

	w.writes = nil
	require.Empty(t, w.drive())
	assert.Empty(t, w.writes)
	assertAllocated(w, "web", "242.0.0.6")

	edit(w, service, func(s *corev1.Service) { s.Finalizers = nil })
	require.Empty(t, w.drive())
	assert.Equal(t, "update status of GlobalIngressIP shop/web", w.writes[0])
	assertNothingLeft(w)
}

func TestAPodsAddressIsReleasedBackwards(t *testing.T) {
	w, _ := newHeadlessWorld(t)
	pod := &corev1.Pod{ObjectMeta: named("db-0")}
	editStatus(w, pod, func(p *corev1.Pod) { p.Status.Conditions[0].Status = corev1.ConditionFalse })
	require.Empty(t, w.drive())

	service := newService("db") // that its Service is on its way out, too, is no reason to wait
	edit(w, service, func(s *corev1.Service) { s.Finalizers = []string{"example.com/drain"} })
	w.remove(service)
	w.remove(w.gip("pod-db-0")) // and it will not get another one
	w.writes = nil
	require.Empty(t, w.drive())
	assert.Equal(t, []string{
		"update status of GlobalIngressIP shop/pod-db-0",
		"delete IPAddress 242.0.0.14",
		"update GlobalIngressIP shop/pod-db-0",
	}, w.writes)
}

func TestWhatIsReleasedIsToldAndCounted(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())

	// What two controllers at once leave behind goes along, in order.
	for _, surplus := range []string{"242.0.0.1", "242.0.0.2"} {
		require.NoError(t, w.Client.Create(w.ctx, newClaim(w.gip("web"), netip.MustParseAddr(surplus))))
	}

	w.remove(&corev1.Service{ObjectMeta: named("web")})

	w.writes = nil
	w.told()
	require.Empty(t, w.drive())
	assert.Equal(t, []string{"delete IPAddress 242.0.0.1", "delete IPAddress 242.0.0.2", "delete IPAddress 242.0.0.6"},
		w.writes[len(w.writes)-4:len(w.writes)-1])
	assert.Equal(t, []string{
		"Normal Released Released global IP 242.0.0.1",
		"Normal Released Released global IP 242.0.0.2",
		"Normal Released Released global IP 242.0.0.6",
	}, w.told())

	var released dto.Metric
	require.NoError(t, w.r.metrics.released.Write(&released))
	assert.InDelta(t, 3, released.GetCounter().GetValue(), 0)
}

func TestAGlobalIngressIPThatOthersKeepIsLetGoOnce(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())

	edit(w, w.gip("web"), func(gip *v1.GlobalIngressIP) {
		gip.Finalizers = append(gip.Finalizers, "example.com/keep")
	})
	w.remove(&corev1.Service{ObjectMeta: named("web")})
	require.Empty(t, w.drive())
	assert.Equal(t, []string{"example.com/keep"}, w.gip("web").Finalizers)
	assert.Empty(t, w.claimed())

	w.writes, w.reads = nil, 0
	require.NoError(t, w.r.reconcileIngress(w.ctx, queue.IngressKey(testNamespace, "web")))
	assert.Empty(t, w.writes)
	assert.Zero(t, w.reads)
}

// A GlobalIngressIP that refers to another's Service had no part in its internal one.
func TestARefusedGlobalIngressIPTakesNothingAlong(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())

	alias := former("alias")
	alias.Spec, alias.Finalizers = ingressSpec("web"), []string{v1.Finalizer}
	require.NoError(t, w.Client.Create(w.ctx, alias))
	w.remove(alias)

	w.writes = nil
	require.Empty(t, w.drive())
	assert.Equal(t, []string{"update GlobalIngressIP shop/alias"}, w.writes)
	assertAllocated(w, "web", "242.0.0.6")
}

// What somebody writes into the spec of a GlobalIngressIP that is on its way out does not
// decide what is taken away with it.
func TestAnEditedGlobalIngressIPTakesItsInternalServiceAlong(t *testing.T) {
	for name, spec := range map[string]v1.GlobalIngressIPSpec{
		"another Service": ingressSpec("other"),
		"a pod":           {Target: v1.HeadlessServicePod, ServiceRef: ingressSpec("web").ServiceRef, PodRef: &corev1.LocalObjectReference{Name: "nobody"}},
		"nothing":         {},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "242.0.0.0/29")
			w.export("web")
			require.Empty(t, w.drive())

			w.remove(&corev1.Service{ObjectMeta: named("web")})
			w.remove(w.gip("web"))
			edit(w, w.gip("web"), func(gip *v1.GlobalIngressIP) { gip.Spec = spec })
			require.Empty(t, w.drive())
			assertNothingLeft(w)
		})
	}
}

// Submariner makes no claims: of a GlobalIngressIP that is gone, an internal Service
// is all that is left.
func TestAnInternalServiceWithoutAClaimGoesWithItsService(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	internal := newService(v1.InternalServiceName("web"))
	internal.Labels = map[string]string{v1.InternalServiceLabel: "web"}
	internal.Finalizers = []string{v1.InternalServiceFinalizer}
	require.NoError(t, w.Client.Create(w.ctx, internal))
	require.NoError(t, w.Client.Create(w.ctx, newService("web")))

	w.adopt()

	w.before = failing("get Service shop/web")
	require.ErrorIs(t, w.r.reconcileIngress(w.ctx, queue.IngressKey(testNamespace, "web")), errUnwell)
	w.internal("web")

	w.before = nil
	require.Empty(t, w.drive())
	assertNothingLeft(w)
}

func TestAnInternalServiceStaysWithItsExport(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())
	w.abandon("web")
	w.remove(w.claim("242.0.0.6"))

	require.NoError(t, w.r.reconcileIngress(w.ctx, queue.IngressKey(testNamespace, "web")))
	assert.Equal(t, []string{"242.0.0.6"}, w.internal("web").Spec.ExternalIPs)
}

func TestAServiceThatOnlyBearsTheNameIsLeftAlone(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	require.NoError(t, w.Client.Create(w.ctx, newService(v1.InternalServiceName("web"))))

	w.adopt()
	w.reads = 0
	require.NoError(t, w.r.reconcileIngress(w.ctx, queue.IngressKey(testNamespace, "web")))
	w.internal("web")
	assert.Zero(t, w.reads)
}

func TestWhatOnlyTheCacheMissesIsNotOrphaned(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())
	w.remove(&corev1.Service{ObjectMeta: named("web")})

	w.writes = nil
	w.r.cached = without[*v1.GlobalIngressIP]{w.Client}
	assert.ErrorIs(t, w.r.reconcileIngress(w.ctx, queue.IngressKey(testNamespace, "web")), errCacheBehind)

	w.before = failing("")
	assert.ErrorIs(t, w.r.reconcileIngress(w.ctx, queue.IngressKey(testNamespace, "web")), errUnwell)
	assert.Empty(t, w.writes)
}

func TestAnOrphanedClaimNeedsNoInternalServiceToGo(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	require.NoError(t, w.Client.Create(w.ctx, newClaim(former("web"), netip.MustParseAddr("242.0.0.6"))))
	require.NoError(t, w.Client.Create(w.ctx, newService("web")))
	require.Empty(t, w.drive())
	assert.Empty(t, w.claimed())
}

// Two controllers at once, or a creation that took effect after its time-out: of
// several claims the one in service stays, and of the others none that is in use.
func TestSurplusClaims(t *testing.T) {
	surplus := netip.MustParseAddr("242.0.0.1")

	t.Run("are given back", func(t *testing.T) {
		w, _ := newHeadlessWorld(t)
		w.export("web")
		require.Empty(t, w.drive())
		require.NoError(t, w.Client.Create(w.ctx, newClaim(w.gip("pod-db-0"), surplus)))
		require.NoError(t, w.Client.Create(w.ctx, newClaim(w.gip("web"), surplus.Next())))
		require.NoError(t, w.Client.Create(w.ctx, newClaim(former("web"), surplus.Next().Next())))

		w.writes = nil
		require.Empty(t, w.drive())
		assert.ElementsMatch(t, []string{
			"delete IPAddress 242.0.0.1", "delete IPAddress 242.0.0.2", "delete IPAddress 242.0.0.3",
		}, w.writes)
	})

	for name, c := range map[string]struct {
		change func(w *world)
		want   error
	}{
		"are kept if carried": {func(w *world) {
			edit(w, w.internal("web"), func(s *corev1.Service) { s.Spec.ExternalIPs = []string{surplus.String()} })
		}, errCacheBehind},
		"are kept if published": {func(w *world) {
			gip := w.gip("web")
			gip.Status.AllocatedIP = surplus.String()
			require.NoError(w, w.Client.Status().Update(w.ctx, gip))
		}, errCacheBehind},
		"are kept if nobody can tell": {func(w *world) {
			w.before = failing("get GlobalIngressIP", "get IPAddress")
		}, errUnwell},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "242.0.0.0/29")
			w.export("web")
			require.Empty(t, w.drive())

			h := held{w.gip("web"), netip.MustParseAddr("242.0.0.6")}
			require.NoError(t, w.Client.Create(w.ctx, newClaim(h.gip, surplus)))
			c.change(w)
			assert.ErrorIs(t, w.r.releaseSurplus(w.ctx, h), c.want)
			assert.Len(t, w.claimed(), 2)
		})
	}
}

// stuck is a data path from which nothing can be taken away.
type stuck struct{ rules }

func (stuck) Remove(context.Context, netip.Addr) error { return errors.New("netlink is unwell") }

func TestAnAddressIsNotFreeWhileARuleUsesIt(t *testing.T) {
	w, r := newHeadlessWorld(t)
	w.remove(&corev1.Pod{ObjectMeta: named("db-0")})
	w.r.path = stuck{r}
	assert.ErrorContains(t, errors.Join(w.drive()...), "netlink is unwell")
	assert.Equal(t, "pod-db-0", w.claimed()["242.0.0.14"])

	w.r.path = r
	require.Empty(t, w.drive())
	assert.NotContains(t, w.claimed(), "242.0.0.14")
	assert.NotContains(t, r.leads(), "pod-db-0")
}

// A cache of the past may show a GlobalIngressIP on its way out whose successor has
// the same address by now: nothing is released on its behalf.
func TestNothingIsReleasedForAGlobalIngressIPOfThePast(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())

	past := w.gip("web")
	past.UID, past.Status = "of-the-past", v1.GlobalIngressIPStatus{}
	now := metav1.Now()
	past.DeletionTimestamp = &now

	w.remove(&corev1.Service{ObjectMeta: named("web")})

	w.writes = nil
	assert.ErrorIs(t, w.r.release(w.ctx, past), errCacheBehind)
	assert.Empty(t, w.writes)
	assert.Equal(t, map[string]string{"242.0.0.6": "web"}, w.claimed())

	require.Empty(t, w.drive())
	assertNothingLeft(w)
}
