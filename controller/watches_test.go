package controller

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	mcsv1alpha1 "sigs.k8s.io/mcs-api/pkg/apis/v1alpha1"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/queue"
)

// Goal: whatever has to do with global IPs is looked at, at start and when it changes,
// and the pool hears of it first. Method: a queue that writes down what it is given.

type written struct {
	queue.Interface
	keys []string
}

func (w *written) AddAfter(k queue.Key, _ time.Duration) { w.keys = append(w.keys, k.String()) }

// Each of these is all that is left of something.
func TestWhatIsThereAtStartIsLookedAtInOrder(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	internal := newService(v1.InternalServiceName("routed"))
	internal.Labels = map[string]string{v1.InternalServiceLabel: "routed"}
	require.NoError(t, w.Client.Create(w.ctx, internal))
	require.NoError(t, w.Client.Create(w.ctx, newService("not-exported")))
	require.NoError(t, w.Client.Create(w.ctx, &mcsv1alpha1.ServiceExport{ObjectMeta: named("exported")}))
	require.NoError(t, w.Client.Create(w.ctx, &v1.GlobalIngressIP{ObjectMeta: named("made"), Spec: ingressSpec("made")}))
	require.NoError(t, w.Client.Create(w.ctx, newClaim(former("claimed"), netip.MustParseAddr("242.0.0.6"))))
	require.NoError(t, w.Client.Create(w.ctx, &networkingv1.IPAddress{ObjectMeta: metav1.ObjectMeta{Name: "10.96.0.1"}}))

	q := &written{}
	w.r.waiting.Attach(q)
	w.adopt()
	assert.Equal(t, []string{
		"ingress shop/claimed", "export shop/exported", "ingress shop/exported", "export shop/made", "ingress shop/made",
		"ingress shop/routed",
	}, q.keys)
}

func TestThePoolHearsOfWhatIsWrittenDownAndGone(t *testing.T) {
	w := newWorld(t, "242.0.0.0/30")
	q := &written{}
	w.r.waiting.Attach(q)

	gip := &v1.GlobalIngressIP{ObjectMeta: named("web")}
	annotate(gip, v1.AddressAnnotation, "242.0.0.2")
	w.r.observeIngress(gip, true)

	gip.Status.AllocatedIP = "242.0.0.1" // Submariner's: what is published counts for more
	w.r.observeIngress(gip, true)
	held, _ := w.r.pool.Held("shop/web")
	assert.Equal(t, "242.0.0.1", held.String())

	claim := newClaim(gip, held)
	w.r.observeClaim(claim, true)
	w.r.observeClaim(&networkingv1.IPAddress{ObjectMeta: metav1.ObjectMeta{Name: "nonsense"}}, true)
	assert.Equal(t, 1, w.r.usage()[0].own)

	w.r.waiting.Join(queue.IngressKey("a", "first"))
	w.r.waiting.Join(queue.IngressKey("a", "second"))
	w.r.observeIngress(gip, false)
	assert.Empty(t, q.keys, "it is claimed still")

	w.r.observeClaim(claim, false)
	assert.Equal(t, []string{"ingress a/first"}, q.keys, "one for one address")
	assert.Zero(t, w.r.usage()[0].own)

	w.r.observeIngress(gip, true)
	w.r.observeIngress(gip, false)
	assert.Equal(t, []string{"ingress a/first", "ingress a/second"}, q.keys)
}

func TestWhatAnObjectBringsUp(t *testing.T) {
	texts := func(keys []queue.Key) []string {
		var names []string
		for _, k := range keys {
			names = append(names, k.String())
		}

		return names
	}

	exported, internal := newService("web"), newService("submariner-x")
	internal.Labels = map[string]string{v1.InternalServiceLabel: "web"}
	assert.Equal(t, []string{"export shop/web", "ingress shop/web"}, texts(serviceKeys(exported)))
	assert.Equal(t, []string{"ingress shop/web"}, texts(serviceKeys(internal)))
	assert.Equal(t, []string{"export shop/web", "ingress shop/web"}, texts(endpointsKeys(&endpoints{ObjectMeta: named("web")})))
	assert.Equal(t, []string{"ingress shop/web"}, texts(endpointsKeys(&endpoints{ObjectMeta: internal.ObjectMeta})))

	gip := &v1.GlobalIngressIP{ObjectMeta: named("web"), Spec: ingressSpec("web")}
	assert.Equal(t, []string{"ingress shop/web", "export shop/web"}, texts(ingressKeys(gip)))
	gip.Spec.ServiceRef.Name = "db"
	assert.Equal(t, []string{"ingress shop/web", "export shop/web", "export shop/db"}, texts(ingressKeys(gip)))
	gip.Spec.ServiceRef.Name = ""
	assert.Equal(t, []string{"ingress shop/web", "export shop/web"}, texts(ingressKeys(gip)))

	w := newWorld(t, "242.0.0.0/29")
	w.exportHeadless("replica", db)
	w.exportHeadless("db", db)
	w.exportHeadless("other", map[string]string{"app": "other"})
	w.export("whole")
	edit(w, newService("whole"), func(s *corev1.Service) { s.Spec.Selector = db })

	pod := w.pod("db-0", "10.1.0.1", true, db)
	assert.Empty(t, w.r.podKeys(pod), "not before adoption")

	w.adopt()

	name, ofDB := v1.HeadlessPodName("db", "db-0")
	_, ofReplica := v1.HeadlessPodName("replica", "db-0")
	assert.ElementsMatch(t, []string{
		"export shop/db", "export shop/replica", "ingress shop/" + name, "ingress shop/" + ofDB, "ingress shop/" + ofReplica,
	}, texts(w.r.podKeys(pod)))
	assert.True(t, slices.IsSortedFunc(w.r.podKeys(pod), queue.Compare))
}

// As the watches bring it: nothing but the keys of what has changed is worked on.
func TestWhatIsBehindIsLookedAtWhenWhatItIsBehindComesBack(t *testing.T) {
	workOn := func(w *world, keys []queue.Key) (failed error) {
		for _, k := range keys {
			_, err := w.r.Reconcile(w.ctx, k)
			failed = errors.Join(failed, err)
		}

		return failed
	}

	t.Run("an address among Endpoints", func(t *testing.T) {
		w, r := newWorld(t, "242.0.0.0/28"), rules{}
		w.path = r
		w.restart()
		w.exportHeadless("ext", nil)

		list := &endpoints{ObjectMeta: named("ext")}
		//lint:ignore SA1019 as endpoints
		list.Subsets = []corev1.EndpointSubset{{Addresses: []corev1.EndpointAddress{{IP: "192.0.2.7"}}}}
		require.NoError(t, w.Client.Create(w.ctx, list))
		require.Empty(t, w.drive())

		keys := withBehind(w.r, endpointsKeys)
		served := map[string]string{"ep-ext-192.0.2.7": "192.0.2.7"}
		require.Equal(t, served, r.leads())

		// It goes, and that it has gone cannot be proven.
		edit(w, list, func(e *endpoints) { e.Subsets[0].Addresses[0].IP = "192.0.2.8" })
		w.before = failing("get Endpoints")
		require.Error(t, workOn(w, keys(list)))
		require.NotContains(t, r.leads(), "ep-ext-192.0.2.7")

		w.before = nil
		edit(w, list, func(e *endpoints) { e.Subsets[0].Addresses[0].IP = "192.0.2.7" })
		require.NoError(t, workOn(w, keys(list)))
		assert.Equal(t, "192.0.2.7", r.leads()["ep-ext-192.0.2.7"])
		assert.False(t, troubled(w.gip("ep-ext-192.0.2.7")))
	})

	t.Run("an export, and a Service", func(t *testing.T) {
		w, _ := newHeadlessWorld(t)
		export := &mcsv1alpha1.ServiceExport{ObjectMeta: named("db")}
		exportKeys, serviceKeys := withBehind(w.r, exportKeys), withBehind(w.r, serviceKeys)
		assert.Contains(t, serviceKeys(newService("db")), queue.IngressKey(testNamespace, "pod-db-1"))

		w.remove(export)
		w.before = failing("get Service shop/db")

		for range patience {
			require.Error(t, workOn(w, []queue.Key{queue.ExportKey(testNamespace, "db")})) // as it is tried again
		}

		require.True(t, troubled(w.gip("pod-db-0")))

		w.before = nil
		export.ResourceVersion = ""
		require.NoError(t, w.Client.Create(w.ctx, export))
		require.NoError(t, workOn(w, exportKeys(export)))
		assert.False(t, troubled(w.gip("pod-db-0")))
	})

	w, _ := newHeadlessWorld(t)
	w.restart()
	assert.Equal(t, serviceKeys(newService("db")), withBehind(w.r, serviceKeys)(newService("db")), "not before adoption")
}
