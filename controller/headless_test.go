// Headless Services, step by step on controller-runtime's fake client: who gets
// an address, what keeps it and what ends it, and which rule stands at each
// moment. The data path is a map that outlives the reconciler, as a node's packet
// filter outlives a process.
package controller

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	mcsv1alpha1 "sigs.k8s.io/mcs-api/pkg/apis/v1alpha1"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/queue"
)

// rules is a data path in memory.
type rules map[netip.Addr]Rule

func (r rules) Rules(context.Context) ([]Rule, error) {
	return slices.SortedFunc(maps.Values(r), func(a, b Rule) int { return a.Global.Compare(b.Global) }), nil
}

func (r rules) Put(_ context.Context, rule Rule) error {
	r[rule.Global] = rule

	return nil
}

func (r rules) Remove(_ context.Context, global netip.Addr) error {
	delete(r, global)

	return nil
}

// leads returns which owner's global IPs lead where.
func (r rules) leads() map[string]string {
	leads := map[string]string{}
	for _, rule := range r {
		leads[strings.TrimPrefix(rule.Owner, testNamespace+"/")] = rule.Target.String()
	}

	return leads
}

func (w *world) exportHeadless(name string, selector map[string]string) {
	w.Helper()

	service := newService(name)
	service.Spec.ClusterIP, service.Spec.Selector = corev1.ClusterIPNone, selector
	require.NoError(w, w.Client.Create(w.ctx, service))
	require.NoError(w, w.Client.Create(w.ctx, &mcsv1alpha1.ServiceExport{ObjectMeta: named(name)}))
}

func (w *world) pod(name, ip string, ready bool, labels map[string]string) *corev1.Pod {
	w.Helper()

	status := corev1.ConditionFalse
	if ready {
		status = corev1.ConditionTrue
	}

	pod := &corev1.Pod{ObjectMeta: named(name), Status: corev1.PodStatus{
		Phase: corev1.PodRunning, PodIP: ip, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: status}},
	}}
	pod.Labels = labels
	require.NoError(w, w.Client.Create(w.ctx, pod))

	return pod
}

// edit changes an object as somebody else would.
func edit[object client.Object](w *world, obj object, change func(obj object)) {
	w.Helper()
	require.NoError(w, w.Client.Get(w.ctx, client.ObjectKeyFromObject(obj), obj))
	change(obj)
	require.NoError(w, w.Client.Update(w.ctx, obj))
}

func editStatus(w *world, pod *corev1.Pod, change func(pod *corev1.Pod)) {
	w.Helper()
	require.NoError(w, w.Client.Get(w.ctx, client.ObjectKeyFromObject(pod), pod))
	change(pod)
	require.NoError(w, w.Client.Status().Update(w.ctx, pod))
}

// published returns the addresses in the statuses, by GlobalIngressIP.
func (w *world) published() map[string]string {
	w.Helper()

	var gips v1.GlobalIngressIPList
	require.NoError(w, w.Client.List(w.ctx, &gips))

	addresses := map[string]string{}
	for _, gip := range gips.Items {
		addresses[gip.Name] = gip.Status.AllocatedIP
	}

	return addresses
}

var db = map[string]string{"app": "db"}

func newHeadlessWorld(t *testing.T) (*world, rules) {
	t.Helper()

	w, r := newWorld(t, "242.0.0.0/28"), rules{}
	w.path = r
	w.restart()
	w.exportHeadless("db", db)
	w.pod("db-0", "10.1.0.1", true, db)
	w.pod("db-1", "10.1.0.2", true, db)
	w.pod("web-0", "10.1.0.3", true, map[string]string{"app": "web"})
	w.pod("db-2", "", true, db)
	w.pod("db-3", "10.1.0.4", false, db)
	require.Empty(t, w.drive())

	return w, r
}

func TestEveryReadyPodHasAnAddress(t *testing.T) {
	w, r := newHeadlessWorld(t)
	assert.Equal(t, map[string]string{"pod-db-0": "242.0.0.14", "pod-db-1": "242.0.0.13"}, w.published())
	assert.Equal(t, map[string]string{"pod-db-0": "10.1.0.1", "pod-db-1": "10.1.0.2"}, r.leads())
	assert.Equal(t, map[string]string{"242.0.0.14": "pod-db-0", "242.0.0.13": "pod-db-1"}, w.claimed())

	gip := w.gip("pod-db-0")
	assert.Equal(t, v1.HeadlessServicePod, gip.Spec.Target)
	assert.Equal(t, "db", gip.Labels[v1.ServiceRefLabel])
	assert.Equal(t, "10.1.0.1", gip.Annotations[v1.HeadlessServicePodIPAnnotation])

	w.writes = nil
	w.restart()
	require.Empty(t, w.drive())
	assert.Empty(t, w.writes, "a restart with everything in order writes nothing")
}

func TestWhatEndsAPodsAddress(t *testing.T) {
	pod := func() *corev1.Pod { return &corev1.Pod{ObjectMeta: named("db-0")} }

	for name, c := range map[string]struct {
		change func(w *world)
		keeps  bool
	}{
		"not ready any more": {func(w *world) {
			editStatus(w, pod(), func(p *corev1.Pod) { p.Status.Conditions[0].Status = corev1.ConditionFalse })
		}, true},
		"moved": {func(w *world) { editStatus(w, pod(), func(p *corev1.Pod) { p.Status.PodIP = "10.1.0.9" }) }, true},
		"without an address for now": {func(w *world) {
			editStatus(w, pod(), func(p *corev1.Pod) { p.Status.PodIP = "" })
		}, true},
		"created anew": {func(w *world) { w.remove(pod()); w.pod("db-0", "10.1.0.9", true, db) }, true},
		"another Service of the name unexported": {func(w *world) {
			other := &mcsv1alpha1.ServiceExport{ObjectMeta: metav1.ObjectMeta{Namespace: "bank", Name: "db"}}
			require.NoError(w, w.Client.Create(w.ctx, other))
			require.Empty(w, w.drive())
			w.remove(other)
		}, true},
		"GlobalIngressIP deleted": {func(w *world) { w.remove(w.gip("pod-db-0")) }, true},
		"reference edited": {func(w *world) {
			edit(w, w.gip("pod-db-0"), func(g *v1.GlobalIngressIP) { g.Spec.PodRef.Name = "db-1" })
		}, true},
		"deleted":      {func(w *world) { w.remove(pod()) }, false},
		"finished":     {func(w *world) { editStatus(w, pod(), func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }) }, false},
		"not selected": {func(w *world) { edit(w, pod(), func(p *corev1.Pod) { p.Labels["app"] = "old" }) }, false},
		"unexported":   {func(w *world) { w.remove(&mcsv1alpha1.ServiceExport{ObjectMeta: named("db")}) }, false},
		"service deleted": {func(w *world) {
			w.remove(&corev1.Service{ObjectMeta: named("db")})
		}, false},
		"service not headless any more": {func(w *world) {
			edit(w, newService("db"), func(s *corev1.Service) { s.Spec.ClusterIP = "10.96.0.9" })
		}, false},
	} {
		for _, restart := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				w, r := newHeadlessWorld(t)
				c.change(w)

				if restart {
					w.restart()
				}

				require.Empty(t, w.drive())

				if !c.keeps {
					assert.NotContains(t, w.published(), "pod-db-0")
					assert.NotContains(t, r.leads(), "pod-db-0")
					assert.NotEqual(t, "pod-db-0", w.claimed()["242.0.0.14"])

					return
				}

				assert.Equal(t, "242.0.0.14", w.published()["pod-db-0"])
				assert.Equal(t, "pod-db-0", w.claimed()["242.0.0.14"])
				assert.Equal(t, "db-0", w.gip("pod-db-0").Spec.PodRef.Name)

				p := pod()
				require.NoError(t, w.Client.Get(w.ctx, client.ObjectKeyFromObject(p), p))
				assert.Equal(t, p.Status.PodIP, r.leads()["pod-db-0"], "the rule follows")
			})
		}
	}
}

func TestPublishNotReadyAddresses(t *testing.T) {
	w, r := newHeadlessWorld(t)
	edit(w, newService("db"), func(s *corev1.Service) { s.Spec.PublishNotReadyAddresses = true })
	require.Empty(t, w.drive())
	assert.Equal(t, "10.1.0.4", r.leads()["pod-db-3"])
	assert.NotContains(t, w.published(), "pod-db-2", "without an address there is nothing to lead to")
}

func TestLongAndSharedPodsHaveTheirOwn(t *testing.T) {
	w, r := newWorld(t, "242.0.0.0/28"), rules{}
	w.path = r
	w.restart()

	stem := strings.Repeat("x", 60)
	for i, name := range []string{stem + "-a", stem + "-b", "both-0"} {
		w.pod(name, "10.1.0."+string(rune('1'+i)), true, db)
	}

	w.exportHeadless("db", db)
	w.exportHeadless("replica", db)
	// A Service that bears the name of a pod's GlobalIngressIP.
	w.export("pod-both-0")
	require.Empty(t, w.drive())

	assert.Len(t, w.published(), 7)
	assert.Len(t, w.claimed(), 7)
	assert.Len(t, r, 6)
	assertAllocated(w, "pod-both-0", w.published()["pod-both-0"])

	for name, leads := range r.leads() {
		gip := w.gip(name)
		assert.Equal(t, gip.Annotations[v1.HeadlessServicePodIPAnnotation], leads)
	}
}

// The claim of a GlobalIngressIP that goes while its pod stays is kept for the next one:
// whatever has become of the plain name meanwhile, that one is to be of the same name.
func TestTheNextGlobalIngressIPOfAPodIsWhereItsClaimIs(t *testing.T) {
	plain, fallback := v1.HeadlessPodName("db", "db-0")

	for name, c := range map[string]struct {
		before, meanwhile func(w *world)
		want              string
	}{
		"the plain name has become free": {
			func(w *world) { require.NoError(w, w.Client.Create(w.ctx, newService(plain))) },
			func(w *world) { w.remove(newService(plain)) },
			fallback,
		},
		"the plain name has been taken": {
			func(*world) {},
			func(w *world) { require.NoError(w, w.Client.Create(w.ctx, newService(plain))) },
			plain,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, r := newWorld(t, "242.0.0.0/28"), rules{}
			w.path = r
			w.restart()
			c.before(w)
			w.exportHeadless("db", db)
			w.pod("db-0", "10.1.0.1", true, db)
			require.Empty(t, w.drive())
			require.Equal(t, map[string]string{c.want: "242.0.0.14"}, w.published())

			c.meanwhile(w)
			w.remove(w.gip(c.want))
			require.Empty(t, w.drive())
			assert.Equal(t, map[string]string{c.want: "242.0.0.14"}, w.published())
			assert.Equal(t, map[string]string{"242.0.0.14": c.want}, w.claimed())

			w.remove(&corev1.Pod{ObjectMeta: named("db-0")})
			require.Empty(t, w.drive())
			assertNothingLeft(w)
			assert.Empty(t, r)
		})
	}
}

func TestEndpointsWithoutPods(t *testing.T) {
	w, r := newWorld(t, "242.0.0.0/28"), rules{}
	w.path = r
	w.restart()
	w.exportHeadless("ext", nil)

	list := &endpoints{ObjectMeta: named("ext")}
	//lint:ignore SA1019 as endpoints
	list.Subsets = []corev1.EndpointSubset{{
		Addresses:         []corev1.EndpointAddress{{IP: "192.0.2.7"}, {IP: "2001:db8::7"}},
		NotReadyAddresses: []corev1.EndpointAddress{{IP: "192.0.2.8"}},
	}}
	require.NoError(t, w.Client.Create(w.ctx, list))
	require.Empty(t, w.drive())
	assert.Equal(t, map[string]string{"ep-ext-192.0.2.7": "192.0.2.7"}, r.leads())
	assert.Equal(t, "192.0.2.7", w.gip("ep-ext-192.0.2.7").Annotations[v1.HeadlessServiceEndpointsIP])

	edit(w, list, func(e *endpoints) {
		e.Subsets[0].Addresses, e.Subsets[0].NotReadyAddresses = e.Subsets[0].NotReadyAddresses, e.Subsets[0].Addresses
	})
	require.Empty(t, w.drive())
	assert.Len(t, r, 2, "one not ready any more keeps its address")

	edit(w, list, func(e *endpoints) { e.Subsets[0].NotReadyAddresses = nil })
	require.Empty(t, w.drive())
	assert.Equal(t, map[string]string{"ep-ext-192.0.2.8": "192.0.2.8"}, r.leads())

	w.remove(list)
	require.Empty(t, w.drive())
	assert.Empty(t, r)
	assertNothingLeft(w)
}

func TestEndpointsOfAServiceWithoutSelectorAreCloned(t *testing.T) {
	w := newWorld(t, "242.0.0.0/28")
	service := newService("ext")
	service.Spec.Selector = nil
	require.NoError(t, w.Client.Create(w.ctx, service))
	require.NoError(t, w.Client.Create(w.ctx, &mcsv1alpha1.ServiceExport{ObjectMeta: named("ext")}))

	list := &endpoints{ObjectMeta: named("ext")}
	//lint:ignore SA1019 as endpoints
	list.Subsets = []corev1.EndpointSubset{{
		Addresses: []corev1.EndpointAddress{{IP: "192.0.2.7"}}, Ports: []corev1.EndpointPort{{Port: 5432}},
	}}
	require.NoError(t, w.Client.Create(w.ctx, list))
	require.Empty(t, w.drive())

	clone := &endpoints{}
	clone.Namespace, clone.Name = testNamespace, v1.InternalServiceName("ext")
	require.NoError(t, w.Client.Get(w.ctx, client.ObjectKeyFromObject(clone), clone))
	assert.Equal(t, list.Subsets, clone.Subsets)

	edit(w, list, func(e *endpoints) { e.Subsets[0].Addresses[0].IP = "192.0.2.9" })
	require.Empty(t, w.drive())
	require.NoError(t, w.Client.Get(w.ctx, client.ObjectKeyFromObject(clone), clone))
	assert.Equal(t, list.Subsets, clone.Subsets)

	w.remove(&mcsv1alpha1.ServiceExport{ObjectMeta: named("ext")})
	require.Empty(t, w.drive())
	assertNothingLeft(w)
	assert.Error(t, w.Client.Get(w.ctx, client.ObjectKeyFromObject(clone), clone))
}

func TestClusterIPServiceThatBecomesHeadless(t *testing.T) {
	w, r := newWorld(t, "242.0.0.0/28"), rules{}
	w.path = r
	w.restart()
	w.export("db")
	w.pod("db-0", "10.1.0.1", true, db)
	require.Empty(t, w.drive())
	assertAllocated(w, "db", "242.0.0.14")

	edit(w, newService("db"), func(s *corev1.Service) { s.Spec.ClusterIP = corev1.ClusterIPNone })
	require.Empty(t, w.drive())
	assert.Equal(t, map[string]string{"pod-db-0": "242.0.0.13"}, w.published())

	edit(w, newService("db"), func(s *corev1.Service) { s.Spec.ClusterIP = "10.96.0.1" })
	w.writes = nil
	require.Empty(t, w.drive())
	assert.Empty(t, r)
	assert.NotContains(t, w.writes, "delete Service shop/"+v1.InternalServiceName("db"))
	assertAllocated(w, "db", w.published()["db"])
	assert.Len(t, w.published(), 1)
}

// What an earlier life left behind: a rule whose claim is gone, one whose address
// is another's by now, and one that leads where its pod no longer is.
func TestStaleRulesGoAtStart(t *testing.T) {
	w, r := newHeadlessWorld(t)
	r[netip.MustParseAddr("242.0.0.1")] = Rule{netip.MustParseAddr("242.0.0.1"), netip.MustParseAddr("10.1.0.77"), "shop/gone"}
	r[netip.MustParseAddr("242.0.0.13")] = Rule{netip.MustParseAddr("242.0.0.13"), netip.MustParseAddr("10.1.0.78"), "shop/former"}
	r[netip.MustParseAddr("242.0.0.14")] = Rule{netip.MustParseAddr("242.0.0.14"), netip.MustParseAddr("10.1.0.79"), "shop/pod-db-0"}

	w.restart()
	_, err := w.r.Reconcile(w.ctx, queue.Key{Kind: queue.Adoption})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"pod-db-0": "10.1.0.79"}, r.leads(), "before anything else")

	require.Empty(t, w.drive())
	assert.Equal(t, map[string]string{"pod-db-0": "10.1.0.1", "pod-db-1": "10.1.0.2"}, r.leads())
}

// A crash after each write in turn: whatever was done is carried on from, and no
// address is claimed twice or left with a rule and without a claim.
func TestHeadlessResumesFromEveryCrash(t *testing.T) {
	for stop := 1; stop < 12; stop++ {
		w, r := newWorld(t, "242.0.0.0/28"), rules{}
		w.path = r
		w.restart()
		w.exportHeadless("db", db)
		w.pod("db-0", "10.1.0.1", true, db)

		crashed := false
		w.written = func() {
			if len(w.writes) == stop && !crashed {
				crashed = true

				panic("crash")
			}
		}
		sail := func() { defer func() { _ = recover() }(); w.drive() }
		sail()
		w.restart()
		require.Empty(t, w.drive())
		require.Len(t, w.claimed(), 1)
		assert.Len(t, r, 1)

		w.remove(&corev1.Pod{ObjectMeta: named("db-0")})
		sail()
		w.restart()
		require.Empty(t, w.drive())
		assertNothingLeft(w)
		assert.Empty(t, r)
	}
}
