package controller

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/queue"
)

// Goal: of all addresses that a GlobalIngressIP could have, it gets the one that is
// already in use for it, whatever cache and memory know of that. Method: each thing
// that tells of it is taken away or made to contradict the others.

func TestWhichOfSeveralClaimsIsChosen(t *testing.T) {
	gip := &v1.GlobalIngressIP{ObjectMeta: named("web"), Spec: ingressSpec("web")}
	gip.UID, gip.Annotations = "this", map[string]string{v1.ServiceUIDAnnotation: "service"}

	claim := func(addr string) networkingv1.IPAddress { return *newClaim(gip, netip.MustParseAddr(addr)) }
	inherited, ending := claim("242.0.0.1"), claim("242.0.0.1")
	inherited.Annotations[v1.OwnerUIDAnnotation] = "former"
	ending.DeletionTimestamp = &metav1.Time{}
	three := []networkingv1.IPAddress{claim("242.0.0.1"), claim("242.0.0.2"), claim("242.0.0.3")}

	for _, c := range []struct {
		name                                string
		claims                              []networkingv1.IPAddress
		published, carried, written, chosen string
	}{
		{"none", nil, "242.0.0.1", "242.0.0.1", "242.0.0.1", ""},
		{"not its own", []networkingv1.IPAddress{inherited}, "242.0.0.1", "", "", ""},
		{"on its way out", []networkingv1.IPAddress{ending}, "242.0.0.1", "", "", ""},
		{"published", three, "242.0.0.3", "242.0.0.2", "242.0.0.1", "242.0.0.3"},
		{"carried", three, "", "242.0.0.2", "242.0.0.3", "242.0.0.2"},
		{"written down", three, "242.0.0.9", "", "242.0.0.3", "242.0.0.3"},
		{"any", three, "", "", "", "242.0.0.1"},
	} {
		gip.Status.AllocatedIP = c.published
		annotate(gip, v1.AddressAnnotation, c.written)

		addr, ok := chooseOwn(c.claims, gip, c.carried)
		assert.Equal(t, c.chosen != "", ok, c.name)
		assert.True(t, !ok || addr.String() == c.chosen, "%s: %s", c.name, addr)
	}
}

func TestTheAddressThatIsCarriedIsChosen(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())

	// A crash before anything was published, and two claims.
	gip := w.gip("web")
	gip.Status = v1.GlobalIngressIPStatus{}
	require.NoError(t, w.Client.Status().Update(w.ctx, gip))
	edit(w, gip, func(gip *v1.GlobalIngressIP) { gip.Annotations[v1.AddressAnnotation] = "242.0.0.1" })
	require.NoError(t, w.Client.Create(w.ctx, newClaim(gip, netip.MustParseAddr("242.0.0.1"))))

	w.writes = nil
	require.Empty(t, w.drive())
	assertAllocated(w, "web", "242.0.0.6")
	assert.NotContains(t, w.writes, "update Service shop/"+v1.InternalServiceName("web"))
}

func TestNothingIsClaimedForAGlobalIngressIPOfThePast(t *testing.T) {
	for name, c := range map[string]struct {
		change func(w *world, gip *v1.GlobalIngressIP)
		want   error
	}{
		"replaced": {func(w *world, gip *v1.GlobalIngressIP) {
			w.abandon("web")

			gip = &v1.GlobalIngressIP{ObjectMeta: named("web"), Spec: gip.Spec}
			gip.Annotations = map[string]string{v1.ServiceUIDAnnotation: "uid-1"}
			require.NoError(w, w.Client.Create(w.ctx, gip))
		}, errCacheBehind},
		"on its way out": {func(w *world, gip *v1.GlobalIngressIP) { w.remove(gip) }, errCacheBehind},
		"not to be read": {func(w *world, _ *v1.GlobalIngressIP) { w.before = failing("get GlobalIngressIP") }, errUnwell},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "242.0.0.0/29")
			w.export("web")
			w.adopt()
			require.NoError(t, w.r.reconcileExport(w.ctx, queue.ExportKey(testNamespace, "web")))

			seen := w.gip("web")
			c.change(w, w.gip("web"))

			w.writes = nil
			_, err := w.r.ensureClaim(w.ctx, seen)
			require.ErrorIs(t, err, c.want)
			assert.Empty(t, w.writes)
		})
	}
}

// The pool has nothing to offer, but something has an address already.
func TestAFullPoolKeepsNobodyFromItsOwn(t *testing.T) {
	for name, lose := range map[string]func(w *world){
		"its claim is not seen": func(w *world) {
			w.r.resynced.Due(queue.LastRetry)
			w.r.cached = without[*networkingv1.IPAddress]{w.Client}
		},
		"nothing carries it":      func(w *world) { w.remove(w.internal("web")) },
		"others are made to move": func(w *world) { w.r.moveOutside = true },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "242.0.0.0/30")
			w.export("other")
			w.export("web")
			require.Empty(t, w.drive())
			assertAllocated(w, "web", "242.0.0.1")

			// Made anew by somebody who knows of no addresses.
			w.abandon("web")
			w.feed()
			require.NoError(t, w.Client.Create(w.ctx, &v1.GlobalIngressIP{ObjectMeta: named("web"), Spec: ingressSpec("web")}))
			w.feed()
			lose(w)

			for range 3 {
				w.round()
			}

			assertAllocated(w, "web", "242.0.0.1")
		})
	}
}

func TestAFullPoolIsFreedOfWhatNobodyCarries(t *testing.T) {
	w := newWorld(t, "242.0.0.0/30")
	w.export("other")
	require.Empty(t, w.drive())
	require.NoError(t, w.Client.Create(w.ctx, newClaim(former("web"), netip.MustParseAddr("242.0.0.1"))))
	w.export("web")
	w.before = failing("delete IPAddress")
	require.ErrorIs(t, errors.Join(w.drive()...), errUnwell)

	w.before = nil
	require.Empty(t, w.drive())
	assertAllocated(w, "web", "242.0.0.1")
}

// Its pod is not ready, and would not get another one.
func TestAFullPoolIsNotFreedOfWhatAPodHas(t *testing.T) {
	w := newWorld(t, "242.0.0.0/30")
	w.exportHeadless("db", db)
	w.pod("db-0", "10.1.0.1", false, db)

	gip := &v1.GlobalIngressIP{ObjectMeta: named("pod-db-0"), Spec: v1.GlobalIngressIPSpec{
		Target:     v1.HeadlessServicePod,
		ServiceRef: &corev1.LocalObjectReference{Name: "db"},
		PodRef:     &corev1.LocalObjectReference{Name: "db-0"},
	}}
	gip.Labels = map[string]string{v1.ServiceRefLabel: "db"}
	gip.UID, gip.Annotations = "former", map[string]string{v1.ServiceUIDAnnotation: "uid-1", v1.PodAnnotation: "db-0"}
	require.NoError(t, w.Client.Create(w.ctx, newClaim(gip, netip.MustParseAddr("242.9.0.1"))))
	require.NoError(t, w.Client.Create(w.ctx, gip))

	w.export("a")
	w.export("b")
	w.r.moveOutside = true
	before := w.claim("242.9.0.1").UID
	require.Empty(t, w.drive())
	assert.Equal(t, before, w.claim("242.9.0.1").UID)
	assert.Equal(t, "242.9.0.1", w.published()["pod-db-0"])
}

// An internal Service that Submariner left carries an address that is another's by
// now: that is noted and passed over in one go.
func TestACarriedAddressThatIsAnothersIsPassedOver(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	require.NoError(t, w.Client.Create(w.ctx, newClaim(former("other"), netip.MustParseAddr("242.0.0.2"))))

	internal := newService(v1.InternalServiceName("web"))
	internal.Labels = map[string]string{v1.InternalServiceLabel: "web"}
	internal.Spec.ExternalIPs = []string{"242.0.0.2"}
	require.NoError(t, w.Client.Create(w.ctx, internal))
	w.export("web")
	w.adopt()
	require.NoError(t, w.r.reconcileExport(w.ctx, queue.ExportKey(testNamespace, "web")))

	w.before = failing("update GlobalIngressIP")
	require.ErrorIs(t, w.r.reconcileIngress(w.ctx, queue.IngressKey(testNamespace, "web")), errUnwell)
	assert.Len(t, w.claimed(), 1, "not before it is written down")

	w.before = nil
	w.told()
	require.NoError(t, w.r.reconcileIngress(w.ctx, queue.IngressKey(testNamespace, "web")))
	assertAllocated(w, "web", "242.0.0.6")
	assert.Contains(t, w.told(), "Warning "+v1.ReasonReserveAllocatedIPsFailed+
		" Global IP 242.0.0.2 belongs to another owner; another one is allocated")
}

// A published address whose claim is another's, and no other one to take: it is
// withdrawn, and that is said once, however often it is tried, and anew when it happened anew.
func TestAnAddressThatIsAnothersIsToldOfOnce(t *testing.T) {
	w := newWorld(t, "242.0.0.0/30")
	w.export("web")
	w.export("db")
	require.Empty(t, w.drive())

	told := func(address string) (times int) {
		for range 5 {
			_, err := w.r.Reconcile(w.ctx, queue.IngressKey(testNamespace, "web"))
			require.Error(t, err)
		}

		for _, event := range w.told() {
			if strings.Contains(event, address+" belongs to another owner") {
				times++
			}
		}

		return times
	}
	lose := func(address string) {
		w.remove(w.claim(address))
		require.NoError(t, w.Client.Create(w.ctx, newClaim(former("other"), netip.MustParseAddr(address))))
		w.feed()
	}

	address := w.published()["web"]
	lose(address)
	assert.Equal(t, 1, told(address))
	assert.Zero(t, told(address))
	assert.Empty(t, w.gip("web").Status.AllocatedIP)
	require.Error(t, w.Client.Get(w.ctx, internalServiceName(testNamespace, "web"), &corev1.Service{}), "it would take the other's packets")

	w.remove(w.claim(address))
	w.feed()
	require.NoError(t, w.r.reconcileIngress(w.ctx, queue.IngressKey(testNamespace, "web")))
	assertAllocated(w, "web", address)

	lose(address)
	assert.Equal(t, 1, told(address), "it had it meanwhile")
}

// The outcome of the claim is not known, nor to the cache what it was to be.
func TestWhatIsWrittenDownIsClaimed(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	w.adopt()
	require.NoError(t, w.r.reconcileExport(w.ctx, queue.ExportKey(testNamespace, "web")))
	edit(w, w.gip("web"), func(gip *v1.GlobalIngressIP) { gip.Annotations[v1.AddressAnnotation] = "242.0.0.3" })

	w.restart()
	w.adopt()
	require.NoError(t, w.r.reconcileIngress(w.ctx, queue.IngressKey(testNamespace, "web")))
	assertAllocated(w, "web", "242.0.0.3")
}

func TestWhatIsInUse(t *testing.T) {
	const carried = "242.0.0.6" // by the internal Service

	for _, c := range []struct {
		name   string
		change func(gip *v1.GlobalIngressIP, claim *networkingv1.IPAddress)
		want   string
	}{
		{"nothing but what is carried", func(_ *v1.GlobalIngressIP, claim *networkingv1.IPAddress) {
			claim.Spec.ParentRef.Name = "other"
		}, carried},
		{"claimed for an earlier object", func(gip *v1.GlobalIngressIP, _ *networkingv1.IPAddress) {
			gip.Status.AllocatedIP, gip.Annotations[v1.AddressAnnotation] = "242.0.0.5", "242.0.0.5"
		}, "242.0.0.1"},
		{"claimed, but given back", func(_ *v1.GlobalIngressIP, claim *networkingv1.IPAddress) {
			claim.Finalizers = []string{"example.com/keep"}
		}, carried},
		{"claimed for an earlier Service", func(_ *v1.GlobalIngressIP, claim *networkingv1.IPAddress) {
			claim.Annotations[v1.ServiceUIDAnnotation] = "former"
		}, carried},
		{"published", func(gip *v1.GlobalIngressIP, claim *networkingv1.IPAddress) {
			claim.Spec.ParentRef.Name = "other"
			gip.Status.AllocatedIP, gip.Annotations[v1.AddressAnnotation] = "242.0.0.5", "242.0.0.5"
		}, "242.0.0.5"},
		{"behind it", func(gip *v1.GlobalIngressIP, claim *networkingv1.IPAddress) {
			claim.Spec.ParentRef.Name = "other"
			gip.Labels, gip.Annotations[v1.PodAnnotation] = map[string]string{v1.ServiceRefLabel: "web"}, "web-0"
		}, ""},
	} {
		w := newWorld(t, "242.0.0.0/29")
		w.export("web")
		require.Empty(t, w.drive())

		gip := w.gip("web")
		w.remove(w.claim(carried))

		gip.UID, gip.Status.AllocatedIP, gip.Annotations[v1.AddressAnnotation] = "next", "", ""
		claim := newClaim(w.gip("web"), netip.MustParseAddr("242.0.0.1"))
		c.change(gip, claim)
		require.NoError(t, w.Client.Create(w.ctx, claim))

		if len(claim.Finalizers) > 0 {
			w.remove(claim)
		}

		inUse, err := w.r.inUse(w.ctx, gip)
		require.NoError(t, err)
		assert.Equal(t, c.want, inUse, c.name)
	}
}

// The cache shows what was claimed for an earlier object only when gip has published
// another address: that one stays, and the other one goes.
func TestAnOldClaimThatComesToLightChangesNothing(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())

	address, earlier := w.published()["web"], w.gip("web")
	earlier.UID = "earlier"
	require.NoError(t, w.Client.Create(w.ctx, newClaim(earlier, netip.MustParseAddr("242.0.0.1"))))

	inUse, err := w.r.inUse(w.ctx, w.gip("web"))
	require.NoError(t, err)
	assert.Equal(t, address, inUse)

	w.before = failing("get IPAddress")
	_, err = w.r.inUse(w.ctx, w.gip("web"))
	require.ErrorIs(t, err, errUnwell)

	w.before = nil
	require.Empty(t, w.drive())
	assertAllocated(w, "web", address)
	assert.Equal(t, map[string]string{address: "web"}, w.claimed())
}

// What a hand-made internal Service carries proves nothing.
func TestOnlyWhatThePoolCouldHaveGivenIsCarried(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")

	for carried, want := range map[string]string{
		"242.0.0.3": "242.0.0.3", "242.0.0.7": "", "203.0.113.7": "", "nonsense": "", "": "",
	} {
		assert.Equal(t, want, w.r.ofPool(carried), carried)
	}

	for _, c := range []struct {
		label string
		ips   []string
		want  string
	}{
		{"web", []string{"242.0.0.3"}, "242.0.0.3"},
		{"web", []string{"242.0.0.3", "242.0.0.4"}, ""},
		{"web", nil, ""},
		{"other", []string{"242.0.0.3"}, ""},
	} {
		internal := &corev1.Service{}
		internal.Labels = map[string]string{v1.InternalServiceLabel: c.label}
		internal.Spec.ExternalIPs = c.ips
		assert.Equal(t, c.want, carriedBy(internal, "web"), c)
	}
}

// A claim whose end was never heard of leaves an address that memory takes for
// taken. Comparing costs a look at every claim, and is not done each time.
func TestAPoolThatSeemsFullIsComparedWithTheCache(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	unheard := func() {
		for addr := netip.MustParseAddr("242.0.0.1"); w.r.pool.Contains(addr); addr = addr.Next() {
			w.r.pool.Claimed(addr)
		}
	}

	_, ok := w.r.propose(w.ctx, "shop/first")
	assert.True(t, ok)
	w.r.pool.Drop("shop/first")
	assert.True(t, w.r.resynced.Due(queue.LastRetry), "not as long as there is one")

	w.r.resynced = queue.Interval{}
	require.NoError(t, w.Client.Create(w.ctx, newClaim(former("other"), netip.MustParseAddr("242.0.0.6"))))
	unheard()

	w.lookedUp = func() error { return errUnwell }
	_, ok = w.r.propose(w.ctx, "shop/web")
	assert.False(t, ok, "nothing is known")

	w.lookedUp, w.r.resynced = nil, queue.Interval{}
	addr, ok := w.r.propose(w.ctx, "shop/web")
	assert.True(t, ok)
	assert.Equal(t, "242.0.0.5", addr.String())

	unheard()
	_, ok = w.r.propose(w.ctx, "shop/next")
	assert.False(t, ok, "not again so soon")

	addr, ok = w.r.propose(w.ctx, "shop/web")
	assert.True(t, ok)
	assert.Equal(t, "242.0.0.5", addr.String())
}
