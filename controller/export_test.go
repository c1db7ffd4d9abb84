package controller

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	mcsv1alpha1 "sigs.k8s.io/mcs-api/pkg/apis/v1alpha1"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/queue"
)

// Goal: what is exported has its GlobalIngressIP, what is not has none, and what was
// proposed for nothing is free again. Method: one Service and its export, which come,
// go, are refused, or are seen by the cache alone.

func TestNothingIsCreatedForWhatIsOnItsWayOut(t *testing.T) {
	for _, leaving := range []client.Object{newService("web"), &mcsv1alpha1.ServiceExport{ObjectMeta: named("web")}} {
		w := newWorld(t, "242.0.0.0/29")
		w.export("web")
		edit(w, leaving, func(obj client.Object) { obj.SetFinalizers([]string{"example.com/keep"}) })
		w.remove(leaving)
		require.Empty(t, w.drive())
		assertNothingLeft(w)
	}
}

func TestACacheThatMissesAnExportIsNoProof(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())

	w.writes = nil
	w.r.cached = without[*mcsv1alpha1.ServiceExport]{w.Client}
	require.NoError(t, w.r.reconcileExport(w.ctx, queue.ExportKey(testNamespace, "web")))
	assert.Empty(t, w.writes)

	w.before = failing("get ServiceExport", "get *v1alpha1.ServiceExport")
	for range patience {
		require.ErrorIs(t, w.r.reconcileExport(w.ctx, queue.ExportKey(testNamespace, "web")), errUnwell)
	}

	condition := apimeta.FindStatusCondition(w.gip("web").Status.Conditions, v1.ConditionAllocated)
	require.NotNil(t, condition)
	assert.Equal(t, metav1.ConditionUnknown, condition.Status)
	assert.Equal(t, v1.ReasonVerificationFailed, condition.Reason)
	assert.Equal(t, "242.0.0.6", w.gip("web").Status.AllocatedIP)
}

// Each report is a change that wakes whoever reconciles the object: two that took turns
// would do so for as long as both fail.
func TestWhoFailsOtherwiseLeavesTheReportThatIsThere(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())

	for range patience {
		w.r.reportTrouble(w.ctx, queue.IngressKey(testNamespace, "web"), errForbidden)
	}

	said := w.gip("web").Status.Conditions
	require.NotEmpty(t, said)
	require.NotEqual(t, metav1.ConditionTrue, said[0].Status)

	w.writes = nil
	w.r.cached = without[*mcsv1alpha1.ServiceExport]{w.Client}
	w.before = failing("get ServiceExport", "get *v1alpha1.ServiceExport")
	for range 2 * patience {
		require.ErrorIs(t, w.r.reconcileExport(w.ctx, queue.ExportKey(testNamespace, "web")), errUnwell)
	}

	assert.Empty(t, w.writes)
	assert.Equal(t, said, w.gip("web").Status.Conditions)
}

func TestAGlobalIngressIPThatTheCacheMissesIsLeftAlone(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())

	w.writes = nil
	w.r.cached = without[*v1.GlobalIngressIP]{w.Client}
	require.NoError(t, w.r.reconcileExport(w.ctx, queue.ExportKey(testNamespace, "web")))
	assert.Empty(t, w.writes)
}

func TestAGlobalIngressIPMadeByHandIsLeftAsItIs(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")

	gip := &v1.GlobalIngressIP{ObjectMeta: named("web"), Spec: ingressSpec("web")}
	gip.Spec.Target = "Nonsense"
	require.NoError(t, w.Client.Create(w.ctx, gip))
	require.Empty(t, w.drive())
	assert.Equal(t, gip.Spec, w.gip("web").Spec)
}

// A Service may bear the name that a pod's GlobalIngressIP has got already. The pod's
// comes first, and is not touched.
func TestANameThatIsTakenIsWaitedFor(t *testing.T) {
	w, _ := newHeadlessWorld(t)
	w.writes = nil
	w.told()
	w.export("pod-db-0")
	require.Empty(t, w.drive())
	require.Empty(t, w.drive())
	assert.Empty(t, w.writes)
	assert.Equal(t, []string{"Warning NameTaken Service gets no global IP as long as the GlobalIngressIP of its name " +
		"leads to something behind a headless Service"}, w.told())

	w.remove(&corev1.Pod{ObjectMeta: named("db-0")})
	require.Empty(t, w.drive())
	assertAllocated(w, "pod-db-0", w.published()["pod-db-0"])
}

// The export of that name, though there is none, is looked at, too.
func TestWhatAPodWasProposedIsNotGivenToAnother(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.exportHeadless("db", db)
	w.pod("db-0", "10.1.0.1", true, db)
	w.adopt()
	require.NoError(t, w.r.reconcileExport(w.ctx, queue.ExportKey(testNamespace, "db")))
	require.NoError(t, w.r.reconcileExport(w.ctx, queue.ExportKey(testNamespace, "pod-db-0")))

	addr, ok := w.r.pool.Held("shop/pod-db-0")
	assert.True(t, ok)
	assert.Equal(t, "242.0.0.6", addr.String())
}

func TestWhatWasProposedForNothingIsFreeAgain(t *testing.T) {
	w := newWorld(t, "242.0.0.0/30")
	w.export("web")
	w.before = failing("create GlobalIngressIP")
	require.ErrorIs(t, errors.Join(w.drive()...), errUnwell)
	require.Equal(t, 1, w.r.pool.Usage()[0].Free)

	next := queue.IngressKey(testNamespace, "next")
	w.r.waiting.Join(next)
	w.remove(&corev1.Service{ObjectMeta: named("web")})
	w.before = nil
	require.NoError(t, w.r.reconcileExport(w.ctx, queue.ExportKey(testNamespace, "web")))
	assert.Equal(t, 2, w.r.pool.Usage()[0].Free)
	assert.Zero(t, w.r.waiting.Count(), "whoever waits is told")

	_, began := w.r.started.End(queue.IngressKey(testNamespace, "web"))
	assert.False(t, began, "it will begin anew")

	w.r.waiting.Join(next)
	require.NoError(t, w.r.reconcileExport(w.ctx, queue.ExportKey(testNamespace, "web")))
	assert.Equal(t, 1, w.r.waiting.Count(), "nothing became free")
}

func TestTheWaitForAnAddressBeginsWithItsExport(t *testing.T) {
	w := newWorld(t, "242.0.0.0/30")
	w.export("web")
	w.adopt()
	require.NoError(t, w.r.reconcileExport(w.ctx, queue.ExportKey(testNamespace, "web")))

	_, began := w.r.started.End(queue.IngressKey(testNamespace, "web"))
	assert.True(t, began)
}

func TestWhatIsStillClaimedIsProposed(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	owner := types.NamespacedName{Namespace: testNamespace, Name: "web"}
	require.NoError(t, w.Client.Create(w.ctx, newClaim(former("web"), netip.MustParseAddr("242.0.0.3"))))
	w.feed()

	addr, err := w.r.proposeFor(w.ctx, owner, "another")
	require.NoError(t, err)
	assert.Equal(t, "242.0.0.6", addr.String())

	addr, err = w.r.proposeFor(w.ctx, owner, "former")
	require.NoError(t, err)
	assert.Equal(t, "242.0.0.3", addr.String())

	held, _ := w.r.pool.Held(owner.String())
	assert.Equal(t, addr, held)
}

func TestATypeThatIsNotSupportedIsToldOncePerExport(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	service := newService("web")
	service.Spec.Type = corev1.ServiceTypeLoadBalancer
	require.NoError(t, w.Client.Create(w.ctx, service))

	for range 2 {
		export := &mcsv1alpha1.ServiceExport{ObjectMeta: named("web")}
		require.NoError(t, w.Client.Create(w.ctx, export))
		require.Empty(t, w.drive())
		require.Empty(t, w.drive())
		assert.Equal(t, []string{"Warning ServiceTypeNotSupported Service of type LoadBalancer gets no global IP: " +
			"only type ClusterIP is supported"}, w.told())
		w.remove(export)
		require.Empty(t, w.drive())
	}

	w.lookedUp = func() error { return errUnwell }
	e := &exported{name: client.ObjectKeyFromObject(service), service: service}
	_, err := w.r.suitable(w.ctx, e)
	assert.ErrorIs(t, err, errUnwell)
}
