package controller

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/queue"
)

// Goal: whose a claim is, is read from the claim alone, and what cannot be read is
// nobody's proof. Method: claims that others made, that earlier objects left
// behind, or that the cache does not show; calls fail where it would be dangerous to
// guess.

// abandon deletes a GlobalIngressIP past its finalizer, as somebody does who takes
// it off.
func (w *world) abandon(name string) {
	w.Helper()

	gip := w.gip(name)
	edit(w, gip, func(gip *v1.GlobalIngressIP) { gip.Finalizers = nil })
	w.remove(gip)
}

// former is a GlobalIngressIP that was there before, for a Service that was.
func former(name string) *v1.GlobalIngressIP {
	gip := &v1.GlobalIngressIP{ObjectMeta: named(name), Spec: ingressSpec(name)}
	gip.UID, gip.Annotations = "former", map[string]string{v1.ServiceUIDAnnotation: "former"}

	return gip
}

func (w *world) claim(addr string) *networkingv1.IPAddress {
	w.Helper()

	claim := &networkingv1.IPAddress{}
	require.NoError(w, w.Client.Get(w.ctx, client.ObjectKey{Name: addr}, claim))

	return claim
}

func TestForeignClaimsAreRespected(t *testing.T) {
	for name, disguise := range map[string]func(claim *networkingv1.IPAddress){
		"managed by somebody else": func(claim *networkingv1.IPAddress) { claim.Labels[managedByLabel] = "somebody-else" },
		"of another group":         func(claim *networkingv1.IPAddress) { claim.Spec.ParentRef.Group = "example.com" },
		"of another resource":      func(claim *networkingv1.IPAddress) { claim.Spec.ParentRef.Resource = "services" },
		"of nothing":               func(claim *networkingv1.IPAddress) { claim.Spec.ParentRef = nil },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "242.0.0.0/30")
			gip := &v1.GlobalIngressIP{ObjectMeta: named("web"), Spec: ingressSpec("web")}
			claim := newClaim(gip, netip.MustParseAddr("242.0.0.2"))
			disguise(claim)
			require.NoError(t, w.Client.Create(w.ctx, claim))

			w.export("web")
			require.Empty(t, w.drive())
			assertAllocated(w, "web", "242.0.0.1")

			w.remove(&corev1.Service{ObjectMeta: named("web")})
			require.Empty(t, w.drive())
			assert.Equal(t, claim.Annotations, w.claim("242.0.0.2").Annotations)
		})
	}
}

func TestAClaimSaysWhatItIsFor(t *testing.T) {
	w, _ := newHeadlessWorld(t)
	w.export("web")
	w.exportHeadless("ext", nil)

	list := &endpoints{ObjectMeta: named("ext")}
	//lint:ignore SA1019 as endpoints
	list.Subsets = []corev1.EndpointSubset{{Addresses: []corev1.EndpointAddress{{IP: "192.0.2.7"}}}}
	require.NoError(t, w.Client.Create(w.ctx, list))
	require.Empty(t, w.drive())

	for _, c := range []struct {
		gip    string
		behind map[string]string
	}{
		{"web", nil},
		{"pod-db-0", map[string]string{v1.PodAnnotation: "db-0"}},
		{"ep-ext-192.0.2.7", map[string]string{v1.EndpointAnnotation: "192.0.2.7"}},
	} {
		gip := w.gip(c.gip)
		want := map[string]string{
			v1.OwnerUIDAnnotation:   string(gip.UID),
			v1.ServiceAnnotation:    gip.Spec.ServiceRef.Name,
			v1.ServiceUIDAnnotation: gip.Annotations[v1.ServiceUIDAnnotation],
		}
		maps.Copy(want, c.behind)
		assert.Equal(t, want, w.claim(gip.Status.AllocatedIP).Annotations)
	}
}

// Without its GlobalIngressIP, a claim is all that tells which pod it was for.
func TestAPodsAddressOutlivesItsGlobalIngressIP(t *testing.T) {
	w, _ := newHeadlessWorld(t)
	before := w.published()

	w.abandon("pod-db-0")
	w.abandon("pod-db-1")
	w.remove(&corev1.Pod{ObjectMeta: named("db-1")})
	w.restart()
	require.Empty(t, w.drive())

	assert.Equal(t, map[string]string{"pod-db-0": before["pod-db-0"]}, w.published())
	assert.Equal(t, map[string]string{before["pod-db-0"]: "pod-db-0"}, w.claimed())
}

func TestATakenOverClaimIsThatOfTheNewObject(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())

	w.before = failing("update IPAddress")
	w.abandon("web")
	require.ErrorIs(t, errors.Join(w.drive()...), errUnwell)
	assert.Empty(t, w.gip("web").Status.AllocatedIP)

	w.before = nil
	require.Empty(t, w.drive())
	assertAllocated(w, "web", "242.0.0.6")
	assert.Equal(t, string(w.gip("web").UID), w.claim("242.0.0.6").Annotations[v1.OwnerUIDAnnotation])
}

// backwards is a cache that lists claims in the order in which nobody wants them.
type backwards struct{ client.Reader }

func (b backwards) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	err := b.Reader.List(ctx, list, opts...)
	if claims, ok := list.(*networkingv1.IPAddressList); ok {
		slices.Reverse(claims.Items)
	}

	return err
}

func TestClaimsAreWorkedOnInOrder(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())

	for _, surplus := range []string{"242.0.0.1", "242.0.0.2", "242.0.0.3"} {
		require.NoError(t, w.Client.Create(w.ctx, newClaim(w.gip("web"), netip.MustParseAddr(surplus))))
	}

	w.writes = nil
	w.r.cached = backwards{w.Client}
	require.Empty(t, w.drive())
	assert.Equal(t, []string{"delete IPAddress 242.0.0.1", "delete IPAddress 242.0.0.2", "delete IPAddress 242.0.0.3"}, w.writes)
}

// Nobody sees a claim whose GlobalIngressIP and Service both came anew: it is given
// back before its address is given out again, to whomever.
func TestAClaimForAnEarlierServiceIsGivenBack(t *testing.T) {
	w := newWorld(t, "242.0.0.0/30")
	w.export("other")
	w.export("web")
	require.Empty(t, w.drive())
	assertAllocated(w, "web", "242.0.0.1")

	w.abandon("web")
	w.remove(&corev1.Service{ObjectMeta: named("web")})
	require.NoError(t, w.Client.Create(w.ctx, newService("web")))

	w.before = failing("delete IPAddress 242.0.0.1")
	require.ErrorIs(t, errors.Join(w.drive()...), errUnwell)

	w.writes, w.before = nil, nil
	w.restart()
	require.Empty(t, w.drive())
	assertAllocated(w, "web", "242.0.0.1")
	assert.Contains(t, w.writes, "delete IPAddress 242.0.0.1")
	assert.Less(t, slices.Index(w.writes, "delete IPAddress 242.0.0.1"), slices.Index(w.writes, "create IPAddress 242.0.0.1"))
}

// The address of such a claim may have been proposed before anybody knew of it. It is
// free as soon as it is given back, whatever becomes of who asked for it.
func TestWhatWasGivenBackIsFree(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())

	w.abandon("web")
	w.remove(&corev1.Service{ObjectMeta: named("web")})
	require.NoError(t, w.Client.Create(w.ctx, newService("web")))
	w.restart()

	w.adopt()
	require.NoError(t, w.r.reconcileExport(w.ctx, queue.ExportKey(testNamespace, "web")))
	w.feed()

	w.r.cached, w.written = without[*networkingv1.IPAddress]{w.Client}, w.feed
	require.ErrorIs(t, w.r.reconcileIngress(w.ctx, queue.IngressKey(testNamespace, "web")), errCacheBehind)
	require.Empty(t, w.claimed())

	w.r.cached = w.Client
	w.remove(&corev1.Service{ObjectMeta: named("web")})
	require.Empty(t, w.drive())
	assert.Equal(t, 6, w.r.pool.Usage()[0].Free)
}

// A cache may show a claim that was given back: what is about to be put to use is
// asked for.
func TestNoAddressIsPutToUseThatMayBeAnothers(t *testing.T) {
	for name, c := range map[string]struct {
		change func(w *world, claim *networkingv1.IPAddress)
		want   error
	}{
		"given back": {func(w *world, claim *networkingv1.IPAddress) { w.remove(claim) }, errCacheBehind},
		"given to another": {func(w *world, claim *networkingv1.IPAddress) {
			w.remove(claim)
			w.export("other")

			other := &v1.GlobalIngressIP{ObjectMeta: named("other"), Spec: ingressSpec("other")}
			require.NoError(w, w.Client.Create(w.ctx, newClaim(other, netip.MustParseAddr(claim.Name))))
		}, errCacheBehind},
		"on its way out": {func(w *world, claim *networkingv1.IPAddress) {
			edit(w, claim, func(claim *networkingv1.IPAddress) { claim.Finalizers = []string{"example.com/keep"} })
			w.remove(claim)
		}, errCacheBehind},
		"not to be read": {func(w *world, _ *networkingv1.IPAddress) {
			w.before = failing("get GlobalIngressIP", "get IPAddress")
		}, errUnwell},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "242.0.0.0/29")
			w.export("web")
			require.Empty(t, w.drive())

			gip := w.gip("web")
			h := held{gip, netip.MustParseAddr(gip.Status.AllocatedIP)}
			edit(w, w.internal("web"), func(internal *corev1.Service) { internal.Spec.ExternalIPs = nil })
			c.change(w, w.claim(gip.Status.AllocatedIP))

			service := newService("web")
			require.ErrorIs(t, w.r.ensureInternalService(w.ctx, h, service), c.want)
			assert.Empty(t, w.internal("web").Spec.ExternalIPs)
		})
	}
}

// What the API server answered to a creation is what is reported, not that there is
// nothing to be read afterwards.
func TestARefusedClaimIsReportedAsRefused(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.before = failing("create IPAddress")
	w.export("web")
	assert.ErrorIs(t, errors.Join(w.drive()...), errUnwell)
}

func TestAnAddressTakenUnseenIsPassedOver(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")

	w.adopt()
	require.NoError(t, w.Client.Create(w.ctx, &networkingv1.IPAddress{
		ObjectMeta: metav1.ObjectMeta{Name: "242.0.0.6", Labels: map[string]string{managedByLabel: "somebody-else"}},
	}))
	require.NoError(t, w.r.reconcileExport(w.ctx, queue.ExportKey(testNamespace, "web")))
	require.NoError(t, w.r.reconcileIngress(w.ctx, queue.IngressKey(testNamespace, "web")))
	assertAllocated(w, "web", "242.0.0.5")
}
