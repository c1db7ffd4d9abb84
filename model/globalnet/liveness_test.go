package globalnet

import (
	"testing"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/internal/modeltest"
)

// Liveness is judged on what the last commit left behind. The pool of these
// stories has six addresses.

func served(keys ...string) *story {
	s := exported(keys...)
	for i, key := range keys {
		s.controller().serve(key, "10.1.0."+string(rune('6'-i)))
	}
	return s
}

func TestConverges(t *testing.T) {
	six := []string{"ns/a", "ns/b", "ns/c", "ns/d", "ns/e", "ns/f"}
	for _, c := range []struct {
		name, explanation string
		tell              func() *story
		message           string // empty: held
	}{
		{"nothing exported", "there is nothing to serve", newStory, ""},
		{"served", "all there is to it", func() *story { return served("ns/a", "ns/b") }, ""},
		{"export without service", "it cannot be served", func() *story {
			s := newStory()
			s.user().export("ns/a")
			return s
		}, ""},
		{"no GlobalIngressIP", "catalogue create-read-error", func() *story { return exported("ns/a") },
			"exported service ns/a has no GlobalIngressIP"},
		{"no IP", "never allocated", func() *story {
			s := exported("ns/a")
			s.controller().createIngressIP("ns/a")
			return s
		}, "exported service ns/a has no allocated IP"},
		{"foreign IP", "outside the CIDR", func() *story {
			s := exported("ns/a")
			s.controller().serve("ns/a", "10.2.0.6")
			return s
		}, "exported service ns/a has 10.2.0.6, which is not a usable address of [10.1.0.0/29]"},
		{"broadcast", "not usable", func() *story {
			s := exported("ns/a")
			s.controller().serve("ns/a", "10.1.0.7")
			return s
		}, "exported service ns/a has 10.1.0.7, which is not a usable address of [10.1.0.0/29]"},
		{"condition false", "conditions tell the truth", func() *story {
			s := served("ns/a")
			s.controller().report("ns/a", first, "False", "InternalServiceCreationFailed")
			return s
		}, "ns/a has condition Allocated=False (InternalServiceCreationFailed), want True"},
		{"condition outdated", "the condition is about an older generation", func() *story {
			s := served("ns/a")
			s.user().Do(modeltest.Write{Verb: "update", Resource: gips, Key: "ns/a"}, func(old runtime.Object) runtime.Object {
				old.(*unstructured.Unstructured).SetGeneration(2)
				return old
			})
			return s
		}, "ns/a has condition Allocated of generation 1, but its generation is 2"},
		{"conditions piled up", "catalogue 2463", func() *story {
			s := served("ns/a")
			s.controller().Do(modeltest.Write{Verb: "update", Resource: gips, Key: "ns/a", Subresource: "status"}, func(old runtime.Object) runtime.Object {
				status := old.(*unstructured.Unstructured).Object["status"].(map[string]any)
				list := status["conditions"].([]any)
				status["conditions"] = append(list, list[0])
				return old
			})
			return s
		}, "ns/a has 2 conditions of type Allocated"},
		{"no claim", "this subject claims, but not here", func() *story {
			s := served("ns/a", "ns/b")
			s.controller().unclaim(first)
			return s
		}, "ns/a publishes 10.1.0.6 without a claim to it"},
		{"subject without claims", "historical ones never claim", func() *story {
			s := exported("ns/a")
			s.controller().createIngressIP("ns/a")
			s.controller().route("ns/a", first)
			s.controller().status("ns/a", first)
			return s
		}, ""},
		{"not routed", "no data path", func() *story {
			s := served("ns/a")
			s.controller().unroute("ns/a")
			return s
		}, "exported service ns/a has 0 internal Services, want 1"},
		{"routed elsewhere", "status and data path differ", func() *story {
			s := served("ns/a")
			s.controller().EditService(internalName("ns/a"), func(service *corev1.Service) { service.Spec.ExternalIPs = []string{second} })
			return s
		}, "internal Service a-internal of ns/a has external IPs [10.1.0.5], want 10.1.0.6"},
		{"old port", "catalogue 1738", func() *story {
			s := served("ns/a")
			s.user().EditService("ns/a", func(service *corev1.Service) { service.Spec.Ports[0].Port = 8080 })
			return s
		}, "internal Service a-internal has not the ports of ns/a"},
		{"old selector", "catalogue 1738", func() *story {
			s := served("ns/a")
			s.user().EditService("ns/a", func(service *corev1.Service) { service.Spec.Selector = map[string]string{"app": "new"} })
			return s
		}, "internal Service a-internal has not the selector of ns/a"},
		{"route on its way out", "being deleted", func() *story {
			s := served("ns/a")
			s.user().Remove(services, internalName("ns/a"))
			return s
		}, "internal Service a-internal of ns/a is being deleted"},
		{"shared IP", "two publish it, one has claimed it", func() *story {
			s := served("ns/a", "ns/b")
			s.controller().status("ns/b", first)
			return s
		}, "ns/a and ns/b both have 10.1.0.6"},
		{"node port", "each Service has its own", func() *story {
			s := served("ns/a")
			s.user().EditService("ns/a", func(service *corev1.Service) { service.Spec.Ports[0].NodePort = 30080 })
			return s
		}, ""},
		{"pool full, all say so", "six are served, the seventh waits", func() *story {
			s := served(six...)
			s.user().CreateService("ns/g")
			s.user().export("ns/g")
			s.controller().createIngressIP("ns/g")
			s.controller().report("ns/g", "", "False", "IPPoolAllocationFailed")
			return s
		}, ""},
		{"pool full, in silence", "whoever waits must say why", func() *story {
			s := served(six...)
			s.user().CreateService("ns/g")
			s.user().export("ns/g")
			s.controller().createIngressIP("ns/g")
			return s
		}, "ns/g has 0 conditions of type Allocated"},
		{"pool full, an IP from elsewhere", "whoever waits publishes nothing", func() *story {
			s := served(six...)
			s.user().CreateService("ns/g")
			s.user().export("ns/g")
			s.controller().createIngressIP("ns/g")
			s.controller().report("ns/g", "10.2.0.9", "False", "IPPoolAllocationFailed")
			return s
		}, "ns/g reports that it has no address, but publishes 10.2.0.9"},
		{"pool not full", "catalogue 1415: one address is free, yet somebody waits", func() *story {
			s := served(six[:5]...)
			s.user().CreateService("ns/g")
			s.user().export("ns/g")
			s.controller().createIngressIP("ns/g")
			s.controller().report("ns/g", "", "False", "IPPoolAllocationFailed")
			return s
		}, "exported service ns/g has no allocated IP"},
		{"pool not full, two wait", "one of them could be served", func() *story {
			s := served(six[:5]...)
			for _, key := range []string{"ns/g", "ns/h"} {
				s.user().CreateService(key)
				s.user().export(key)
				s.controller().createIngressIP(key)
				s.controller().report(key, "", "False", "IPPoolAllocationFailed")
			}
			return s
		}, "5 of 7 targets are served, though the pool has 6 addresses; first: exported service ns/g has no allocated IP"},
		{"foreign claim", "an address that others claimed is not in the pool", func() *story {
			s := served(six[:5]...)
			s.user().Create(claims, "10.1.0.1", &networkingv1.IPAddress{ObjectMeta: metav1.ObjectMeta{Name: "10.1.0.1"}})
			s.user().CreateService("ns/g")
			s.user().export("ns/g")
			s.controller().createIngressIP("ns/g")
			s.controller().report("ns/g", "", "False", "IPPoolAllocationFailed")
			return s
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			modeltest.AssertLiveness(t, converges(testOptions), c.tell().Done(), c.message, c.explanation)
		})
	}
}

// Of two that wait for an address the one is named that does so in silence, and what
// happened to it last.
func TestWhoWaitsInSilenceIsTheCulprit(t *testing.T) {
	s := served("ns/a", "ns/b", "ns/c", "ns/d", "ns/e", "ns/f")
	for _, key := range []string{"ns/g", "ns/h"} {
		s.user().CreateService(key)
		s.user().export(key)
	}
	s.controller().createIngressIP("ns/h")
	silent := s.Commits[len(s.Commits)-1].Seq
	s.controller().createIngressIP("ns/g")
	s.controller().report("ns/g", "", "False", "IPPoolAllocationFailed")
	result := modeltest.Check(converges(testOptions), s.Done())
	assert.Equal(t, "ns/h has 0 conditions of type Allocated", result.Message)
	assert.Equal(t, silent, result.Culprit.Seq)
}

func TestNoLeaks(t *testing.T) {
	for _, c := range []struct {
		name, explanation string
		tell              func() *story
		message           string // empty: held
	}{
		{"nothing left", "the right order leaves nothing", func() *story {
			s := served("ns/a", "ns/b")
			s.user().unexport("ns/a")
			s.controller().retire("ns/a", first)
			return s
		}, ""},
		{"GlobalIngressIP of a deleted service", "catalogue 1457", func() *story {
			s := served("ns/a")
			s.user().DeleteService("ns/a")
			return s
		}, "GlobalIngressIP ns/a is left, but its service is gone"},
		{"GlobalIngressIP of an unexported service", "catalogue 1457", func() *story {
			s := served("ns/a")
			s.user().unexport("ns/a")
			return s
		}, "GlobalIngressIP ns/a is left, but its service is not exported"},
		{"finalizer", "deletion hangs", func() *story {
			s := served("ns/a")
			s.user().deleteIngressIP("ns/a")
			return s
		}, "GlobalIngressIP ns/a is being deleted, but submariner.io/globalnet is still on it"},
		{"claim without owner", "the address is lost", func() *story {
			s := served("ns/a")
			s.user().unexport("ns/a")
			c := s.controller()
			c.deleteIngressIP("ns/a")
			c.unroute("ns/a")
			c.Finalize(gips, "ns/a")
			return s
		}, "the claim to 10.1.0.6 is left, but its GlobalIngressIP ns/a is gone"},
		{"second claim", "catalogue status-write-lost", func() *story {
			s := served("ns/a")
			s.controller().claim(second, "ns/a")
			return s
		}, `the claim to 10.1.0.5 is left, but its GlobalIngressIP ns/a has "10.1.0.6"`},
		{"internal Service", "catalogue 2388", func() *story {
			s := served("ns/a")
			s.user().unexport("ns/a")
			c := s.controller()
			c.deleteIngressIP("ns/a")
			c.unclaim(first)
			c.Finalize(gips, "ns/a")
			return s
		}, "internal Service ns/a-internal is left, but its GlobalIngressIP ns/a is gone"},
		{"kept by others", "somebody else's finalizer keeps the export; what belongs to it may stay", func() *story {
			s := served("ns/a")
			s.user().Do(modeltest.Write{Verb: "update", Resource: exports, Key: "ns/a"}, func(old runtime.Object) runtime.Object {
				model.Metadata(old).SetFinalizers([]string{"example.com/keep"})
				return old
			})
			s.user().unexport("ns/a")
			return s
		}, ""},
		{"foreign claim", "not ours to clean up", func() *story {
			s := newStory()
			s.user().Create(claims, "10.1.0.1", &networkingv1.IPAddress{ObjectMeta: metav1.ObjectMeta{Name: "10.1.0.1"}})
			return s
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) { modeltest.AssertLiveness(t, noLeaks(), c.tell().Done(), c.message, c.explanation) })
	}
}
