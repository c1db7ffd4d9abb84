package globalnet

import (
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/seatrial/seatrial/model/internal/modeltest"
)

// What a controller does by itself, rightly and wrongly: each way to give an address
// to two, or to free one that is in use.
var controllerCases = []safetyCase{
	{
		name:        "life and death",
		explanation: "an IP may be given to the next owner once it was given back",
		exported:    []string{"ns/a", "ns/b"},
		tell: func(s *story) {
			c := s.controller()
			c.serve("ns/a", first)
			c.serve("ns/b", second)
			s.user().unexport("ns/a")
			c.retire("ns/a", first)
			s.user().export("ns/a")
			s.user().DeleteService("ns/b")
			c.retire("ns/b", second)
			c.serve("ns/a", second)
		},
	},
	{
		name:        "protobuf bodies",
		explanation: "controller-runtime speaks protobuf for built-in kinds",
		exported:    []string{"ns/a", "ns/b"},
		tell: func(s *story) {
			c := s.controller()
			c.Protobuf = true
			c.serve("ns/a", first)
			s.user().unexport("ns/a")
			c.retire("ns/a", first)
			c.serve("ns/b", first)
		},
	},
	{
		name:        "incident 3336: status cleared",
		explanation: "a failed look-up at restart is no reason to free the IP",
		exported:    []string{"ns/a"},
		tell: func(s *story) {
			s.controller().serve("ns/a", first)
			s.controller().report("ns/a", "", "False", "ReserveAllocatedIPsFailed")
			s.controller().status("ns/a", second)
		},
		broken: []string{"allocation", "no-free-while-exported"},
	},
	{
		name:        "incident 3336: status changed",
		explanation: "another IP in place of a published one frees the published one",
		exported:    []string{"ns/a"},
		tell: func(s *story) {
			s.controller().serve("ns/a", first)
			s.controller().status("ns/a", second)
		},
		broken: []string{"allocation", "no-free-while-exported"},
	},
	{
		name:        "two owners by status",
		explanation: "no claims, both in memory",
		exported:    []string{"ns/a", "ns/b"},
		tell: func(s *story) {
			for _, key := range []string{"ns/a", "ns/b"} {
				s.controller().createIngressIP(key)
				s.controller().status(key, first)
			}
		},
		broken: []string{"allocation", "no-double-assignment"},
	},
	{
		name:        "delete-down",
		explanation: "a user deletes a GlobalIngressIP without finalizer; its internal Service lives on when the IP is given to another",
		exported:    []string{"ns/a", "ns/b"},
		tell: func(s *story) {
			c := s.controller()
			c.createIngressIP("ns/a")
			c.route("ns/a", first)
			c.status("ns/a", first)
			s.user().deleteIngressIP("ns/a")
			c.createIngressIP("ns/b")
			c.route("ns/b", first)
		},
		broken: []string{"allocation", "no-double-assignment"},
	},
	{
		name:        "claimed by one, published by another",
		explanation: "a claim is a hold like any other",
		exported:    []string{"ns/a", "ns/b"},
		tell: func(s *story) {
			s.controller().createIngressIP("ns/a")
			s.controller().claim(first, "ns/a")
			s.controller().createIngressIP("ns/b")
			s.controller().status("ns/b", first)
		},
		broken: []string{"allocation", "no-double-assignment"},
	},
	{
		name:        "un-claimed while published",
		explanation: "the next one to claim it would be a second owner",
		exported:    []string{"ns/a"},
		tell: func(s *story) {
			s.controller().serve("ns/a", first)
			s.controller().unclaim(first)
		},
		broken: []string{"allocation", "no-free-while-exported"},
	},
	{
		name:        "GlobalIngressIP deleted while exported",
		explanation: "catalogue 4104: the request alone cannot be taken back",
		exported:    []string{"ns/a"},
		tell: func(s *story) {
			s.controller().serve("ns/a", first)
			s.controller().deleteIngressIP("ns/a")
		},
		broken: []string{"allocation", "no-free-while-exported"},
	},
	{
		name:        "claim re-parented",
		explanation: "another owner has it then; no API server allows it, so clients' histories are not searched for it",
		exported:    []string{"ns/a", "ns/b"},
		tell: func(s *story) {
			s.controller().serve("ns/a", first)
			s.controller().Do(modeltest.Write{Verb: "update", Resource: claims, Key: first}, func(old runtime.Object) runtime.Object {
				old.(*networkingv1.IPAddress).Spec.ParentRef.Name = "b"
				return old
			})
		},
		broken: []string{"no-double-assignment", "no-free-while-exported"},
	},
	{
		name:        "adopted, then freed",
		explanation: "the log knows that a user published it for an exported service; clients cannot tell that from an edit",
		exported:    []string{"ns/a"},
		tell: func(s *story) {
			s.user().createIngressIP("ns/a")
			s.user().status("ns/a", first)
			s.controller().status("ns/a", "")
		},
		broken: []string{"no-free-while-exported"},
	},
	{
		name:        "adopted installation",
		explanation: "a status written before the controller came is a hold: giving the IP to another is double assignment",
		exported:    []string{"ns/a", "ns/b"},
		tell: func(s *story) {
			s.user().createIngressIP("ns/a")
			s.user().status("ns/a", first)
			s.controller().createIngressIP("ns/b")
			s.controller().claim(first, "ns/b")
		},
		broken: []string{"allocation", "no-double-assignment"},
	},
}
