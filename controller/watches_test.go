package controller

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	mcsv1alpha1 "sigs.k8s.io/mcs-api/pkg/apis/v1alpha1"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

// Goal: whatever has to do with global IPs is looked at, at start and when it changes,
// and the pool hears of it first. Method: a queue that writes down what it is given.

type written struct {
	queue
	keys []string
}

func (w *written) AddAfter(k key, _ time.Duration) { w.keys = append(w.keys, k.String()) }

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

	queue := &written{}
	w.r.waiting.attach(queue)
	w.adopt()
	assert.Equal(t, []string{
		"ingress shop/claimed", "export shop/exported", "ingress shop/exported", "export shop/made", "ingress shop/made",
		"ingress shop/routed",
	}, queue.keys)
}

func TestThePoolHearsOfWhatIsWrittenDownAndGone(t *testing.T) {
	w := newWorld(t, "242.0.0.0/30")
	queue := &written{}
	w.r.waiting.attach(queue)

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

	w.r.waiting.join(ingressKey("a", "first"))
	w.r.waiting.join(ingressKey("a", "second"))
	w.r.observeIngress(gip, false)
	assert.Empty(t, queue.keys, "it is claimed still")

	w.r.observeClaim(claim, false)
	assert.Equal(t, []string{"ingress a/first"}, queue.keys, "one for one address")
	assert.Zero(t, w.r.usage()[0].own)

	w.r.observeIngress(gip, true)
	w.r.observeIngress(gip, false)
	assert.Equal(t, []string{"ingress a/first", "ingress a/second"}, queue.keys)
}
