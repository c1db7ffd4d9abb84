package controller

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

// Goal: what was published before this controller came stays where it is, and
// nothing begins before that is seen to. Method: GlobalIngressIPs as Submariner leaves
// them, and starts at which something fails.

// submariners is a GlobalIngressIP as Submariner leaves it.
func (w *world) submariners(name, ip string, spec v1.GlobalIngressIPSpec) *v1.GlobalIngressIP {
	w.Helper()

	gip := &v1.GlobalIngressIP{ObjectMeta: named(name), Spec: spec}
	require.NoError(w, w.Client.Create(w.ctx, gip))
	gip.Status.AllocatedIP = ip
	require.NoError(w, w.Client.Status().Update(w.ctx, gip))

	return gip
}

func TestAStatusIsEnoughWithinTheCIDRs(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	w.submariners("web", "242.0.0.2", ingressSpec("web"))
	require.Empty(t, w.drive())
	assertAllocated(w, "web", "242.0.0.2")
}

func TestAPodsAddressOfSubmarinerIsKeptOutsideTheCIDRs(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.exportHeadless("db", db)
	w.pod("db-0", "10.1.0.1", true, db)
	w.submariners("pod-db-0", "242.9.0.1", v1.GlobalIngressIPSpec{
		Target:     v1.HeadlessServicePod,
		ServiceRef: &corev1.LocalObjectReference{Name: "db"},
		PodRef:     &corev1.LocalObjectReference{Name: "db-0"},
	})
	require.Empty(t, w.drive())
	assert.Equal(t, map[string]string{"pod-db-0": "242.9.0.1"}, w.published())
}

func TestAnAddressOutsideIsNotGivenUpUnread(t *testing.T) {
	w := newWorld(t, "242.7.0.0/29")
	w.export("web")
	gip := w.submariners("web", "242.0.0.1", ingressSpec("web"))
	w.before = failing("get Service shop/" + v1.InternalServiceName("web"))
	_, err := w.r.ensureOwnership(w.ctx, gip)
	require.ErrorIs(t, err, errUnwell)
	assert.Empty(t, w.writes)
}

func TestWhatIsPublishedIsHeldThoughItCannotBeClaimedYet(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	w.submariners("web", "242.0.0.6", ingressSpec("web"))
	w.before = failing("create IPAddress")
	w.adopt()
	require.True(t, w.r.adopted.Load())

	addr, ok := w.r.pool.Propose("shop/next")
	require.True(t, ok)
	assert.Equal(t, "242.0.0.5", addr.String())
}

func TestWhatIsPublishedIsClaimedBeforeAnythingElse(t *testing.T) {
	const own, create = "update GlobalIngressIP shop/web", "create IPAddress 242.0.0.2"

	for name, c := range map[string]struct {
		setUp  func(w *world)
		writes []string
	}{
		"of an exported Service": {func(w *world) {
			w.export("web")
			w.submariners("web", "242.0.0.2", ingressSpec("web"))
		}, []string{own, create}},
		"of no Service": {func(w *world) {
			w.submariners("web", "242.0.0.2", ingressSpec("web"))
		}, nil},
		"of a Service that is gone": {func(w *world) {
			gip := w.submariners("web", "242.0.0.2", ingressSpec("web"))
			gip.Finalizers = []string{v1.Finalizer}
			gip.Annotations = map[string]string{v1.ServiceUIDAnnotation: "former", v1.AddressAnnotation: "242.0.0.2"}
			require.NoError(w, w.Client.Update(w.ctx, gip))
		}, nil},
		"by one that is refused": {func(w *world) {
			w.export("web")
			w.submariners("alias", "242.0.0.2", ingressSpec("web"))
		}, nil},
		"outside, by a status alone": {func(w *world) {
			w.export("web")
			w.submariners("web", "203.0.113.7", ingressSpec("web"))
		}, []string{own}},
		"but cannot be owned": {func(w *world) {
			w.export("web")
			w.submariners("web", "242.0.0.2", ingressSpec("web"))
			w.before = failing("update GlobalIngressIP")
		}, nil},
		"by one that has a claim": {func(w *world) {
			w.export("web")
			gip := w.submariners("web", "242.0.0.2", ingressSpec("web"))
			require.NoError(w, w.Client.Create(w.ctx, newClaim(gip, netip.MustParseAddr("242.0.0.3"))))
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "242.0.0.0/29")
			c.setUp(w)
			w.adopt()
			assert.Equal(t, c.writes, w.writes)
		})
	}
}

// blind is a data path that cannot tell which rules are in place.
type blind struct{ rules }

func (blind) Rules(context.Context) ([]Rule, error) { return nil, errUnwell }

func TestNothingBeginsBeforeAdoption(t *testing.T) {
	for name, c := range map[string]struct{ fail, heal func(w *world) }{
		"rules unknown": {func(w *world) { w.r.path = blind{} }, func(w *world) { w.r.path = nil }},
		"list fails":    {func(w *world) { w.before = failing("list") }, func(w *world) { w.before = nil }},
		"cache fails":   {func(w *world) { w.lookedUp = func() error { return errUnwell } }, func(w *world) { w.lookedUp = nil }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "242.0.0.0/29")
			w.export("web")
			c.fail(w)
			require.ErrorIs(t, errors.Join(w.drive()...), errUnwell)
			assert.Empty(t, w.writes)
			assert.Equal(t, 2, w.r.waiting.Count(), "export and GlobalIngressIP")

			c.heal(w)
			w.adopt()
			assert.Zero(t, w.r.waiting.Count())
			require.Empty(t, w.drive())
			assertAllocated(w, "web", "242.0.0.6")
		})
	}
}

func TestWhatIsPublishedComesOldestFirst(t *testing.T) {
	gip := func(namespace, name, ip string, hour int) v1.GlobalIngressIP {
		gip := v1.GlobalIngressIP{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
		gip.CreationTimestamp.Time = time.Date(2000, 1, 1, hour, 0, 0, 0, time.UTC)
		gip.Status.AllocatedIP = ip

		return gip
	}
	going := gip("a", "going", "242.0.0.1", 0)
	going.DeletionTimestamp = &metav1.Time{}

	var names []string
	for _, p := range publishedOldestFirst([]v1.GlobalIngressIP{
		gip("a", "young", "242.0.0.1", 3), gip("b", "one", "242.0.0.1", 2), gip("a", "two", "242.0.0.1", 2),
		gip("a", "one", "242.0.0.1", 2), going, gip("z", "old", "242.0.0.1", 1), gip("a", "none", "", 0),
		gip("a", "nonsense", "x", 0),
	}) {
		names = append(names, p.gip.Namespace+"/"+p.gip.Name)
	}

	assert.Equal(t, []string{"z/old", "a/one", "a/two", "b/one", "a/young"}, names)
}
