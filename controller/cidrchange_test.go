// The CIDRs change under a running installation: what no longer fits is kept and
// reported, or moved if that is asked for, one address at a time and never before
// the new one is in service.
package controller

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/queue"
)

func TestChangeOfCIDR(t *testing.T) {
	inOrder := func(w *world, move bool) {
		w.restart()
		w.r.moveOutside = move
		w.writes, w.reads = nil, 0
		require.Empty(t, w.drive())
		assert.Empty(t, w.writes)
		assert.Equal(t, 1, w.reads, "the list of adoption")
	}

	for _, move := range []bool{false, true} {
		w := newWorld(t, "242.0.0.0/29")
		w.export("web")
		require.Empty(t, w.drive())
		assertAllocated(w, "web", "242.0.0.6")

		w.cidr = "242.7.0.0/29"
		w.restart()
		w.r.moveOutside = move
		w.writes = nil
		require.Empty(t, w.drive())

		if !move {
			assertAllocated(w, "web", "242.0.0.6")
			assert.Contains(t, w.gip("web").Status.Conditions[0].Message, "outside the configured CIDRs")
			inOrder(w, move)

			continue
		}

		assertAllocated(w, "web", "242.7.0.6")
		assert.Equal(t, map[string]string{"242.7.0.6": "web"}, w.claimed())
		assert.Equal(t, "delete IPAddress 242.0.0.6", w.writes[len(w.writes)-1], "given back last")
		assert.Contains(t, w.told(), "Warning AddressChanged Global IP changed from 242.0.0.6 to 242.7.0.6")
		inOrder(w, move)
	}
}

// Found by a mutant: an address was withdrawn as if it had been edited, because the
// next one had been written down already.
func TestWhoCannotMoveStaysWhereItIs(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())

	w.cidr = "242.7.0.0/29"
	w.restart()
	w.r.moveOutside = true
	w.before = failing("create IPAddress")

	for range patience + 1 {
		require.ErrorIs(t, errors.Join(w.round()...), errUnwell)
	}

	w.before = failing("create IPAddress", "get IPAddress") // nor does it go as long as nobody can tell
	require.ErrorIs(t, w.r.reportCondition(w.ctx, w.gip("web"), failure("Any", "")), errUnwell)

	gip := w.gip("web")
	assert.Equal(t, "242.0.0.6", gip.Status.AllocatedIP)
	assert.Equal(t, metav1.ConditionUnknown, gip.Status.Conditions[0].Status)
	assert.Equal(t, "could not create IPAddress 242.7.0.6 (network error); global IP 242.0.0.6 is kept, retrying",
		gip.Status.Conditions[0].Message)

	w.before = nil
	require.Empty(t, w.drive())
	assertAllocated(w, "web", "242.7.0.6")
}

// The incident in small: a published address whose claim the cache does not show and
// the API server does not tell about. The pool would have no other to offer, or has.
func TestAClaimThatCannotBeReadIsNotAnothers(t *testing.T) {
	for _, cidr := range []string{"242.0.0.0/29", "242.7.0.0/29", "242.7.0.0/30"} {
		w := newWorld(t, "242.0.0.0/29")
		w.export("web")
		require.Empty(t, w.drive())

		w.cidr = cidr
		w.restart()
		w.export("other")
		w.export("third")
		require.Empty(t, w.drive())

		w.r.cached = without[*networkingv1.IPAddress]{w.Client}
		w.before = failing("get IPAddress")
		w.writes = nil
		require.ErrorIs(t, w.r.reconcileIngress(w.ctx, queue.IngressKey(testNamespace, "web")), errUnwell)

		w.before = nil
		require.NoError(t, w.r.reconcileIngress(w.ctx, queue.IngressKey(testNamespace, "web")))
		assert.Empty(t, w.writes)
		assertAllocated(w, "web", "242.0.0.6")
	}
}

func TestNobodyMovesIntoAPoolThatIsFull(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	for _, name := range []string{"a", "b", "c"} {
		w.export(name)
	}

	require.Empty(t, w.drive())

	w.cidr = "242.7.0.0/30"
	w.restart()
	w.r.moveOutside = true
	require.Empty(t, w.drive())
	assert.Len(t, w.claimed(), 3)
	assertAllocated(w, "a", "242.7.0.2")
	assertAllocated(w, "b", "242.7.0.1")
	assertAllocated(w, "c", "242.0.0.4")

	// Nor does whoever waits to move lose what it has.
	for _, lose := range []func(){
		func() { w.abandon("c") },
		func() { w.remove(w.gip("c")) },
	} {
		lose()
		w.writes = nil
		require.Empty(t, w.drive())
		assertAllocated(w, "c", "242.0.0.4")
		assert.NotContains(t, w.writes, "delete IPAddress 242.0.0.4")
	}
}

// Submariner writes the internal Service before the status: a status alone, with an
// address that no CIDR has, is somebody's invention.
func TestAnAddressOutsideNeedsMoreThanAStatus(t *testing.T) {
	w := newWorld(t, "242.7.0.0/29")

	for name, ip := range map[string]string{"web": "242.0.0.1", "api": "203.0.113.7"} {
		w.export(name)

		gip := &v1.GlobalIngressIP{ObjectMeta: named(name), Spec: ingressSpec(name)}
		require.NoError(t, w.Client.Create(w.ctx, gip))

		gip.Status.AllocatedIP = ip
		require.NoError(t, w.Client.Status().Update(w.ctx, gip))
	}

	internal := newService(v1.InternalServiceName("web"))
	internal.Labels = map[string]string{v1.InternalServiceLabel: "web"}
	internal.Spec.ExternalIPs = []string{"242.0.0.1"}
	require.NoError(t, w.Client.Create(w.ctx, internal))

	require.Empty(t, w.drive())
	assertAllocated(w, "web", "242.0.0.1")
	assertAllocated(w, "api", "242.7.0.6")
}
