package globalnet

import (
	"testing"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/internal/modeltest"
)

// Goal: an IP in use without its claim is seen at once, without a second owner.
// Method: the life of two services told with one step in the wrong place; and for
// each excuse a story of what it must not excuse.

func TestRouteClaimed(t *testing.T) {
	for _, c := range []struct {
		name, explanation string
		tell              func(*story)
		want              model.Status
	}{
		{"served and retired", "the right order", func(s *story) {
			s.controller().serve("ns/a", first)
			s.user().unexport("ns/a")
			s.controller().retire("ns/a", first)
		}, model.Held},
		{"routed before it is claimed", "", func(s *story) {
			s.controller().createIngressIP("ns/a", testFinalizer)
			s.controller().route("ns/a", first)
			s.controller().claim(first, "ns/a")
		}, model.Violated},
		{"published before it is claimed", "", func(s *story) {
			s.controller().createIngressIP("ns/a", testFinalizer)
			s.controller().status("ns/a", first)
			s.controller().claim(first, "ns/a")
		}, model.Violated},
		{"given back while routed", "the internal Service still carries it", func(s *story) {
			s.controller().serve("ns/a", first)
			s.user().unexport("ns/a")
			s.controller().status("ns/a", "")
			s.controller().unclaim(first)
			s.controller().unroute("ns/a")
		}, model.Violated},
		{"given back while published", "consumers still read it", func(s *story) {
			s.controller().serve("ns/a", first)
			s.user().unexport("ns/a")
			s.controller().unroute("ns/a")
			s.controller().unclaim(first)
			s.controller().status("ns/a", "")
		}, model.Violated},
		{"a user took the claim", "the status that is written before it is noticed", func(s *story) {
			s.controller().serve("ns/a", first)
			s.user().unclaim(first)
			s.controller().status("ns/a", "")
			s.controller().status("ns/a", first)
		}, model.Held},
		{"a user took the claim, and it was made anew", "from then on the law holds again", func(s *story) {
			s.controller().serve("ns/a", first)
			s.user().unclaim(first)
			s.controller().claim(first, "ns/a")
			s.controller().unclaim(first)
			s.controller().status("ns/a", "")
			s.controller().status("ns/a", first)
		}, model.Violated},
		{"a user took another's claim", "that excuses the other, nobody else", func(s *story) {
			s.controller().serve("ns/a", first)
			s.user().unclaim(first)
			s.controller().createIngressIP("ns/b", testFinalizer)
			s.controller().status("ns/b", first)
		}, model.Violated},
		{"a user wrote the status", "what a user put to use is no matter of the claim", func(s *story) {
			s.controller().serve("ns/a", first)
			s.user().status("ns/a", second)
			s.controller().claim(second, "ns/a")
			s.controller().unclaim(second)
		}, model.Held},
		{"a user wrote the status, and the subject the Service", "what the subject puts to use is", func(s *story) {
			s.controller().serve("ns/a", first)
			s.user().status("ns/a", second)
			s.controller().EditService(internalName("ns/a"), func(service *corev1.Service) { service.Spec.ExternalIPs = []string{second} })
		}, model.Violated},
		{"carried by what was there before", "claimed late, as when Submariner's objects are adopted", func(s *story) {
			s.user().createIngressIP("ns/a")
			s.user().route("ns/a", first)
			s.user().status("ns/a", first)
			s.controller().claim(first, "ns/a")
			s.controller().status("ns/a", first)
		}, model.Held},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := exported("ns/a", "ns/b")
			c.tell(s)
			result := modeltest.Check(routeClaimed(promising), s.Done())
			assert.Equal(t, c.want, result.Status, "%s: %s", c.explanation, result.Message)
			assert.Equal(t, model.Held, modeltest.Check(routeClaimed(Options{}), s.Done()).Status, "asked only of those who promise it")
		})
	}
}

// A user who deletes a GlobalIngressIP takes no IP away, nor does a change of the type.
func TestKept(t *testing.T) {
	remake := func(s *story, ip string) {
		s.controller().Finalize(gips, "ns/a")
		s.controller().createOurs("ns/a")
		if ip != first {
			s.controller().claim(ip, "ns/a")
		}
		s.controller().status("ns/a", ip)
	}
	ofType := func(s *story, kind corev1.ServiceType) {
		s.user().EditService("ns/a", func(service *corev1.Service) { service.Spec.Type = kind })
	}
	for _, c := range []struct {
		name, explanation string
		tell              func(*story)
		want              model.Status
	}{
		{"kept for the next", "", func(s *story) { s.user().deleteIngressIP("ns/a"); remake(s, first) }, model.Held},
		{"another for the next", "the service was exported all the time", func(s *story) { s.user().deleteIngressIP("ns/a"); remake(s, second) }, model.Violated},
		{"un-claimed", "nobody asked for that", func(s *story) { s.user().deleteIngressIP("ns/a"); s.controller().unclaim(first) }, model.Violated},
		{"un-claimed after the finalizer", "nor for that", func(s *story) {
			s.user().deleteIngressIP("ns/a")
			s.controller().Finalize(gips, "ns/a")
			s.controller().unclaim(first)
		}, model.Violated},
		{"unexported, too", "then it goes", func(s *story) {
			s.user().deleteIngressIP("ns/a")
			s.user().unexport("ns/a")
			s.controller().unclaim(first)
		}, model.Held},
		{"unexported for a moment", "a title once lost is lost for ever", func(s *story) {
			s.user().deleteIngressIP("ns/a")
			s.user().unexport("ns/a")
			s.user().export("ns/a")
			remake(s, second)
		}, model.Held},
		{"a user took the claim, too", "somebody else may have got it", func(s *story) {
			s.user().deleteIngressIP("ns/a")
			s.user().unclaim(first)
			remake(s, second)
		}, model.Held},
		{"a user made the next one", "as from a backup", func(s *story) {
			s.user().deleteIngressIP("ns/a")
			s.controller().Finalize(gips, "ns/a")
			s.user().createIngressIP("ns/a")
			s.controller().status("ns/a", second)
		}, model.Held},
		{"changed later", "the promise ends when it is kept, the protection does not", func(s *story) {
			s.user().deleteIngressIP("ns/a")
			remake(s, first)
			s.controller().status("ns/a", second)
		}, model.Violated},
		{"became a NodePort", "the address is kept", func(s *story) { ofType(s, corev1.ServiceTypeNodePort); s.controller().status("ns/a", "") }, model.Violated},
		{"became an ExternalName", "so it is then", func(s *story) { ofType(s, corev1.ServiceTypeExternalName); s.controller().unclaim(first) }, model.Violated},
		{"became headless", "what the address leads to is another thing", func(s *story) {
			s.user().EditService("ns/a", func(service *corev1.Service) { service.Spec.ClusterIP = corev1.ClusterIPNone })
			s.controller().status("ns/a", "")
		}, model.Held},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := exported("ns/a")
			s.controller().serveOurs("ns/a", first)
			c.tell(s)
			result := modeltest.Check(noFreeWhileExported(promising), s.Done())
			assert.Equal(t, c.want, result.Status, "%s: %s", c.explanation, result.Message)
		})
	}
}
