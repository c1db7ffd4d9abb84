package globalnet

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/internal/modeltest"
)

// Writes whose outcome the client does not know, and what the server removes by itself:
// what may have happened is held against nobody until something shows it.
var unknownCases = []safetyCase{
	{
		name:        "refused",
		explanation: "a call that certainly failed did nothing",
		exported:    []string{"ns/a"},
		tell: func(s *story) {
			s.controller().serve("ns/a", first)
			s.controller().refused().status("ns/a", "")
			s.controller().refused().unclaim(first)
			s.controller().refused().deleteIngressIP("ns/a")
		},
	},
	{
		name:        "unknown: last finalizer",
		explanation: "the GlobalIngressIP may be gone, with the IP still in its status",
		exported:    []string{"ns/a", "ns/b"},
		tell: func(s *story) {
			s.controller().createIngressIP("ns/a", testFinalizer)
			s.controller().status("ns/a", first)
			s.user().unexport("ns/a")
			s.controller().deleteIngressIP("ns/a")
			s.controller().lost().Finalize(gips, "ns/a")
			s.controller().createIngressIP("ns/b")
			s.controller().status("ns/b", first)
		},
	},
	{
		name:        "server removes with the namespace",
		explanation: "the namespace's end marks the GlobalIngressIP before it reaches the export",
		exported:    []string{"ns/a"},
		tell: func(s *story) {
			s.controller().serve("ns/a", first)
			space := modeltest.Resource{Version: "v1", Name: namespaceResource, Kind: "Namespace"}
			s.user().Create(space, "ns", &corev1.Namespace{})
			s.user().Remove(space, "ns")
			marked := s.Stored["globalingressips ns/a"].DeepCopyObject()
			now := metav1.Now()
			model.Metadata(marked).SetDeletionTimestamp(&now)
			s.ServerWrites(gips, "ns/a", marked)
			s.controller().status("ns/a", "")
			s.controller().unroute("ns/a")
			s.controller().unclaim(first)
			s.controller().Finalize(gips, "ns/a")
		},
	},
	{
		name:        "server removes what belongs to a GlobalIngressIP",
		explanation: "its internal Service goes with it, which clients do not see",
		exported:    []string{"ns/a", "ns/b"},
		tell: func(s *story) {
			c := s.controller()
			c.createIngressIP("ns/a")
			c.route("ns/a", first)
			c.EditService(internalName("ns/a"), func(service *corev1.Service) {
				service.OwnerReferences = ownedBy("ns/a")
				service.Finalizers = nil
			})
			c.status("ns/a", first)
			s.user().deleteIngressIP("ns/a")
			s.Collect(services, internalName("ns/a"))
			c.createIngressIP("ns/b")
			c.route("ns/b", first)
		},
	},
	{
		name:        "unknown: export deleted",
		explanation: "the deletion may have happened although nobody was told",
		exported:    []string{"ns/a", "ns/b"},
		tell: func(s *story) {
			s.controller().serve("ns/a", first)
			s.user().lost().unexport("ns/a")
			s.controller().retire("ns/a", first)
			s.controller().serve("ns/b", first)
		},
	},
	{
		name:        "unknown: every step of a release",
		explanation: "lost answers are repaired by looking, which calls do not show",
		exported:    []string{"ns/a", "ns/b"},
		tell: func(s *story) {
			s.controller().serve("ns/a", first)
			s.user().unexport("ns/a")
			s.controller().lost().retire("ns/a", first)
			s.controller().serve("ns/b", first)
		},
	},
	{
		name:        "unknown: every step of an allocation",
		explanation: "each step is done twice, the first time without an answer",
		exported:    []string{"ns/a"},
		tell: func(s *story) {
			c := s.controller()
			c.lost().createIngressIP("ns/a", testFinalizer)
			c.lost().claim(first, "ns/a")
			c.lost().route("ns/a", first)
			c.lost().status("ns/a", first)
			c.status("ns/a", first)
			s.user().unexport("ns/a")
			c.retire("ns/a", first)
		},
	},
	{
		name:        "unknown: status cleared, without effect",
		explanation: "a request that did nothing broke nothing",
		exported:    []string{"ns/a"},
		tell: func(s *story) {
			s.controller().serve("ns/a", first)
			s.controller().dropped().status("ns/a", "")
			s.controller().status("ns/a", first)
		},
	},
	{
		name:        "unknown: status cleared, with effect",
		explanation: "clients cannot tell, but the log can",
		exported:    []string{"ns/a"},
		tell: func(s *story) {
			s.controller().serve("ns/a", first)
			s.controller().lost().status("ns/a", "")
		},
		broken: []string{"no-free-while-exported"},
	},
	{
		name:        "unknown: status cleared, then another IP",
		explanation: "the second write leaves no order in which the first IP was kept",
		exported:    []string{"ns/a"},
		tell: func(s *story) {
			s.controller().serve("ns/a", first)
			s.controller().lost().status("ns/a", "")
			s.controller().status("ns/a", second)
		},
		broken: []string{"allocation", "no-free-while-exported"},
	},
	{
		name:        "server removes",
		explanation: "garbage collection is not the subject's doing, and clients do not see it",
		exported:    []string{"ns/a", "ns/b"},
		tell: func(s *story) {
			c := s.controller()
			c.createIngressIP("ns/a")
			c.Do(modeltest.Write{Verb: "update", Resource: gips, Key: "ns/a"}, func(old runtime.Object) runtime.Object {
				model.Metadata(old).SetOwnerReferences(ownedBy("ns/a"))
				return old
			})
			c.status("ns/a", first)
			s.user().DeleteService("ns/a")
			s.Collect(gips, "ns/a")
			c.createIngressIP("ns/b")
			c.status("ns/b", first)
		},
	},
}
