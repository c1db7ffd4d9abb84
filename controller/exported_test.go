package controller

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

// Goal: what was given an address is gone only if the API server says so, and for
// exactly one reason. Method: prove is asked about a headless Service, a pod and an
// address behind it, after one change each.
func TestWhatIsProvenGone(t *testing.T) {
	whole, pod := served{}, served{pod: "db-0"}
	endpoint, notReady := served{endpoint: "192.0.2.7"}, served{endpoint: "192.0.2.8"}
	orphan := func(s served) served { s.orphan = true; return s }

	service := func(change func(s *corev1.Service)) func(w *world) {
		return func(w *world) { edit(w, newService("db"), change) }
	}
	clusterIP := service(func(s *corev1.Service) { s.Spec.ClusterIP = "10.96.0.1" })
	unselect := service(func(s *corev1.Service) { s.Spec.Selector = nil })
	status := func(change func(p *corev1.Pod)) func(w *world) {
		return func(w *world) { editStatus(w, &corev1.Pod{ObjectMeta: named("db-0")}, change) }
	}
	unready := status(func(p *corev1.Pod) { p.Status.Conditions[0].Status = corev1.ConditionFalse })
	cannot := func(call string) func(w *world) { return func(w *world) { w.before = failing(call) } }
	nothing := func(*world) {}

	for _, c := range []struct {
		name   string
		what   served
		change func(w *world)
		gone   string
		err    error
	}{
		{"whole, headless", whole, nothing, "the Service became headless", nil},
		{"whole, with a cluster IP", whole, clusterIP, "", nil},
		{"whole, not to be read", whole, cannot("get Service shop/db"), "", errUnwell},
		{"whole, export not to be read", whole, cannot("get *v1alpha1.ServiceExport"), "", errUnwell},

		{"pod", pod, nothing, "", nil},
		{"pod, orphaned", orphan(pod), nothing, "", nil},
		{"pod, not ready", pod, unready, "", nil},
		{"pod, not ready and orphaned", orphan(pod), unready, "the pod is not ready for another one", nil},
		{"pod, finished", pod, status(func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }), "the pod has finished", nil},
		{"pod, deleted", pod, func(w *world) { w.remove(&corev1.Pod{ObjectMeta: named("db-0")}) }, "the pod is deleted", nil},
		{"pod, not to be read", pod, cannot("get Pod"), "", errUnwell},
		{"pod, of other labels", pod, func(w *world) {
			edit(w, &corev1.Pod{ObjectMeta: named("db-0")}, func(p *corev1.Pod) { p.Labels = nil })
		}, "the Service does not select the pod any more", nil},
		{"pod, of a Service with a cluster IP", pod, clusterIP, "the Service is no longer headless", nil},
		{"pod, of a Service without a selector", pod, unselect, "the Service came or ceased to select pods", nil},

		{"endpoint, of a Service with a selector", endpoint, nothing, "the Service came or ceased to select pods", nil},
		{"endpoint", endpoint, unselect, "", nil},
		{"endpoint, not ready", notReady, unselect, "", nil},
		{"endpoint, not ready and orphaned", orphan(notReady), unselect, "192.0.2.8 is no longer among the Endpoints", nil},
		{"endpoint, not ready and published all the same", orphan(notReady), service(func(s *corev1.Service) {
			s.Spec.Selector, s.Spec.PublishNotReadyAddresses = nil, true
		}), "", nil},
		{"endpoint, another", served{endpoint: "192.0.2.9"}, unselect, "192.0.2.9 is no longer among the Endpoints", nil},
		{"endpoint, not to be read", endpoint, func(w *world) {
			unselect(w)
			w.before = failing("get Endpoints")
		}, "", errUnwell},
		{"endpoint, of deleted Endpoints", endpoint, func(w *world) {
			unselect(w)
			w.remove(&endpoints{ObjectMeta: named("db")})
		}, "the Endpoints are deleted", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, "242.0.0.0/28")
			w.exportHeadless("db", db)
			w.pod("db-0", "10.1.0.1", true, db)

			list := &endpoints{ObjectMeta: named("db")}
			//lint:ignore SA1019 as endpoints
			list.Subsets = []corev1.EndpointSubset{{
				Addresses:         []corev1.EndpointAddress{{IP: "192.0.2.7"}},
				NotReadyAddresses: []corev1.EndpointAddress{{IP: "192.0.2.8"}},
			}}
			require.NoError(t, w.Client.Create(w.ctx, list))
			c.change(w)

			c.what.Namespace, c.what.Name = testNamespace, "db"
			fate, err := w.r.prove(w.ctx, c.what)
			require.ErrorIs(t, err, c.err)
			assert.Equal(t, c.gone, fate.gone)
		})
	}
}

func TestWhatRefersToNoServiceIsGone(t *testing.T) {
	w := newWorld(t, "242.0.0.0/28")
	fate, err := w.r.prove(w.ctx, served{})
	require.NoError(t, err)
	assert.Equal(t, "it refers to no Service", fate.gone)
}
