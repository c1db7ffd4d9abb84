package controller

import (
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	mcsv1alpha1 "sigs.k8s.io/mcs-api/pkg/apis/v1alpha1"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/queue"
)

// Goal: a GlobalIngressIP gets an address for what it refers to, and for nothing else.
// Method: GlobalIngressIPs made by hand or by Submariner, and exports that change
// before anything was claimed.

func TestWhatIsWrongWithAReference(t *testing.T) {
	service := &corev1.LocalObjectReference{Name: "web"}

	for _, c := range []struct {
		name   string
		spec   v1.GlobalIngressIPSpec
		notes  map[string]string
		labels map[string]string
		fault  string
	}{
		{"a Service", ingressSpec("web"), nil, nil, ""},
		{"a Service of another name", ingressSpec("other"), nil, nil, "the GlobalIngressIP of Service other must bear its name"},
		{"no Service", v1.GlobalIngressIPSpec{Target: v1.ClusterIPService}, nil, nil, "serviceRef names no Service"},
		{"no target", v1.GlobalIngressIPSpec{ServiceRef: service}, nil, nil, `target "" is none that is known`},
		{"a pod", v1.GlobalIngressIPSpec{Target: v1.HeadlessServicePod, PodRef: service}, nil,
			map[string]string{v1.ServiceRefLabel: "db"}, ""},
		{"no pod", v1.GlobalIngressIPSpec{Target: v1.HeadlessServicePod, ServiceRef: service}, nil, nil, "podRef names no pod"},
		{"an endpoint", v1.GlobalIngressIPSpec{Target: v1.HeadlessServiceEndpoints, ServiceRef: service},
			map[string]string{v1.HeadlessServiceEndpointsIP: "192.0.2.7"}, nil, ""},
		{"no endpoint", v1.GlobalIngressIPSpec{Target: v1.HeadlessServiceEndpoints, ServiceRef: service},
			map[string]string{v1.HeadlessServiceEndpointsIP: "2001:db8::7"}, nil,
			"annotation " + v1.HeadlessServiceEndpointsIP + " holds no IPv4 address"},
	} {
		gip := &v1.GlobalIngressIP{ObjectMeta: named("web"), Spec: c.spec}
		gip.Annotations, gip.Labels = c.notes, c.labels
		assert.Equal(t, c.fault, invalidReference(gip), c.name)
	}
}

func TestAServiceThatDoesNotExistIsSaidSo(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	require.NoError(t, w.Client.Create(w.ctx, &v1.GlobalIngressIP{ObjectMeta: named("web"), Spec: ingressSpec("web")}))
	w.adopt()
	require.NoError(t, w.r.reconcileIngress(w.ctx, queue.IngressKey(testNamespace, "web")))
	assert.Equal(t, v1.ReasonServiceNotFound, w.gip("web").Status.Conditions[0].Reason)

	w.export("web")
	require.Empty(t, w.drive())
	w.remove(newService("web"))

	w.writes = nil // of one that has an address it has to be proven first
	require.NoError(t, w.r.reconcileIngress(w.ctx, queue.IngressKey(testNamespace, "web")))
	assert.Empty(t, w.writes)
}

func TestNothingIsClaimedForWhatIsNotExportedAsItWas(t *testing.T) {
	for name, change := range map[string]func(w *world){
		"not exported": func(w *world) { w.remove(&mcsv1alpha1.ServiceExport{ObjectMeta: named("web")}) },
		"created anew": func(w *world) {
			w.remove(newService("web"))
			require.NoError(w, w.Client.Create(w.ctx, newService("web")))
		},
		"headless": func(w *world) {
			edit(w, newService("web"), func(s *corev1.Service) { s.Spec.ClusterIP = corev1.ClusterIPNone })
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "242.0.0.0/29")
			w.export("web")
			w.adopt()
			require.NoError(t, w.r.reconcileExport(w.ctx, queue.ExportKey(testNamespace, "web")))
			change(w)

			w.writes, w.reads = nil, 0
			require.NoError(t, w.r.reconcileIngress(w.ctx, queue.IngressKey(testNamespace, "web")))
			assert.Empty(t, w.writes)
			assert.Zero(t, w.reads)
		})
	}
}

func TestAnAllocationIsCountedOnce(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	counted := func() (float64, uint64) {
		var allocated, duration dto.Metric
		require.NoError(t, w.r.metrics.allocated.Write(&allocated))
		require.NoError(t, w.r.metrics.duration.Write(&duration))

		return allocated.GetCounter().GetValue(), duration.GetHistogram().GetSampleCount()
	}

	// Nobody saw this one's export first.
	require.NoError(t, w.Client.Create(w.ctx, &v1.GlobalIngressIP{ObjectMeta: named("web"), Spec: ingressSpec("web")}))
	w.export("web")
	require.Empty(t, w.drive())

	gip := w.gip("web")
	gip.Status.AllocatedIP = "242.0.0.3"
	require.NoError(t, w.Client.Status().Update(w.ctx, gip))
	require.Empty(t, w.drive())
	assertAllocated(w, "web", "242.0.0.6")

	allocations, durations := counted()
	assert.InDelta(t, 1, allocations, 0)
	assert.Equal(t, uint64(1), durations)

	w.restart()
	require.Empty(t, w.drive())

	allocations, durations = counted()
	assert.Zero(t, allocations)
	assert.Zero(t, durations)
}

func TestAGlobalIngressIPThatGoesIsNotWaitedFor(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	w.adopt()
	require.NoError(t, w.r.reconcileExport(w.ctx, queue.ExportKey(testNamespace, "web")))
	w.remove(w.gip("web"))
	require.NoError(t, w.r.reconcileIngress(w.ctx, queue.IngressKey(testNamespace, "web")))

	_, began := w.r.started.End(queue.IngressKey(testNamespace, "web"))
	assert.False(t, began)
}

// Before anything needs cleaning up there is a finalizer, and before anything depends
// on which Service it is, its UID.
func TestOwnershipComesFirst(t *testing.T) {
	for name, has := range map[string]metav1.ObjectMeta{
		"nothing":        {},
		"finalizer only": {Finalizers: []string{v1.Finalizer}},
		"UID only":       {Annotations: map[string]string{v1.ServiceUIDAnnotation: "uid-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "242.0.0.0/29")
			w.export("web")

			gip := &v1.GlobalIngressIP{ObjectMeta: has, Spec: ingressSpec("web")}
			gip.Namespace, gip.Name = testNamespace, "web"
			require.NoError(t, w.Client.Create(w.ctx, gip))
			w.adopt()

			bound := has.Annotations != nil
			if !bound {
				w.before = failing("get Service shop/web")
				require.ErrorIs(t, w.r.reconcileIngress(w.ctx, queue.IngressKey(testNamespace, "web")), errUnwell)
			}

			w.before = failing("update GlobalIngressIP")
			w.reads = 0
			require.ErrorIs(t, w.r.reconcileIngress(w.ctx, queue.IngressKey(testNamespace, "web")), errUnwell)
			assert.Empty(t, w.writes)
			assert.Equal(t, bound, w.reads == 0, "which Service it is has been decided")

			w.before = nil
			require.Empty(t, w.drive())
			assertAllocated(w, "web", "242.0.0.6")
			assert.Equal(t, []string{v1.Finalizer}, w.gip("web").Finalizers)
			assert.Equal(t, "uid-1", w.gip("web").Annotations[v1.ServiceUIDAnnotation])
		})
	}
}

func TestAServiceThatCannotBeReadIsNotBehind(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.before = failing("get Service")
	_, err := w.r.readService(w.ctx, &v1.GlobalIngressIP{ObjectMeta: named("web"), Spec: ingressSpec("web")})
	assert.ErrorIs(t, err, errUnwell)
}
