package globalnet

import (
	corev1 "k8s.io/api/core/v1"
)

// Users meddle with what is the controller's: what they break is not its doing, and
// does not excuse what it does next.
var userCases = []safetyCase{
	{
		name:        "user deletes the GlobalIngressIP",
		explanation: "what follows is the user's doing",
		exported:    []string{"ns/a"},
		tell: func(s *story) {
			s.controller().serve("ns/a", first)
			s.user().deleteIngressIP("ns/a")
			s.controller().status("ns/a", "")
			s.controller().unroute("ns/a")
			s.controller().unclaim(first)
			s.controller().Finalize(gips, "ns/a")
			s.controller().serve("ns/a", second)
		},
	},
	{
		name:        "user deletes the claim",
		explanation: "the controller cannot know; the next to claim the address is not to blame, nor who gives way",
		exported:    []string{"ns/a", "ns/b"},
		tell: func(s *story) {
			s.controller().serve("ns/a", first)
			s.user().unclaim(first)
			s.controller().serve("ns/b", first)
			s.controller().unroute("ns/a")
			s.controller().route("ns/a", first)
			s.controller().claim(second, "ns/a")
			s.controller().status("ns/a", second)
		},
	},
	{
		name:        "user clears the status",
		explanation: "the controller may publish again, even another IP",
		exported:    []string{"ns/a"},
		tell: func(s *story) {
			s.controller().serve("ns/a", first)
			s.user().status("ns/a", "")
			s.controller().status("ns/a", second)
		},
	},
	{
		name:        "user gives an IP to two",
		explanation: "the subject has no part in it",
		exported:    []string{"ns/a", "ns/b"},
		tell: func(s *story) {
			s.controller().serve("ns/a", first)
			s.controller().createIngressIP("ns/b", testFinalizer)
			s.user().status("ns/b", first)
		},
	},
	{
		name:        "user changes the status",
		explanation: "the subject may change it back",
		exported:    []string{"ns/a"},
		tell: func(s *story) {
			s.controller().serve("ns/a", first)
			s.user().status("ns/a", second)
			s.controller().status("ns/a", first)
		},
	},
	{
		name:        "user publishes before the controller does",
		explanation: "what the subject never wrote down is no publication: another may have it, and the subject publishes its own",
		exported:    []string{"ns/a", "ns/b"},
		tell: func(s *story) {
			s.controller().createIngressIP("ns/a", testFinalizer)
			s.user().status("ns/a", first)
			s.controller().serve("ns/b", first)
			s.controller().claim(second, "ns/a")
			s.controller().route("ns/a", second)
			s.controller().status("ns/a", second)
		},
	},
	{
		name:        "user routes an IP to another",
		explanation: "an address forged onto an internal Service does not keep its owner from getting it",
		exported:    []string{"ns/a", "ns/b"},
		tell: func(s *story) {
			s.controller().serve("ns/a", first)
			s.user().EditService(internalName("ns/a"), func(service *corev1.Service) { service.Spec.ExternalIPs = []string{second} })
			s.controller().serve("ns/b", second)
			s.controller().EditService(internalName("ns/a"), func(service *corev1.Service) { service.Spec.ExternalIPs = []string{first} })
		},
	},
	{
		name:        "forged, then really given away",
		explanation: "a user's edit of the second owner excuses nothing that is done to the first",
		exported:    []string{"ns/a", "ns/b", "ns/c"},
		tell: func(s *story) {
			s.controller().serve("ns/a", first)
			s.controller().createIngressIP("ns/b", testFinalizer)
			s.user().status("ns/b", first)
			s.controller().createIngressIP("ns/c", testFinalizer)
			s.controller().route("ns/c", first)
		},
		broken: []string{"allocation", "no-double-assignment"},
	},
	{
		name:        "user strips the finalizer",
		explanation: "the internal Service that is left is the user's doing, unlike that of delete-down",
		exported:    []string{"ns/a", "ns/b"},
		tell: func(s *story) {
			s.controller().createIngressIP("ns/a", testFinalizer)
			s.controller().route("ns/a", first)
			s.controller().status("ns/a", first)
			s.user().deleteIngressIP("ns/a")
			s.user().Finalize(gips, "ns/a")
			s.controller().createIngressIP("ns/b")
			s.controller().route("ns/b", first)
		},
	},
	{
		name:        "internal Service replaced",
		explanation: "that is not the IP",
		exported:    []string{"ns/a"},
		tell: func(s *story) {
			s.controller().serve("ns/a", first)
			s.controller().unroute("ns/a")
			s.controller().route("ns/a", first)
		},
	},
	{
		name:        "forged where the subject never was",
		explanation: "an IP of no CIDR that no internal Service carries was never Submariner's",
		exported:    []string{"ns/a"},
		tell: func(s *story) {
			s.user().createIngressIP("ns/a", "held")
			s.user().status("ns/a", "203.0.113.7")
			s.controller().Finalize(gips, "ns/a")
			s.controller().claim(first, "ns/a")
			s.controller().status("ns/a", first)
		},
	},
	{
		name:        "left where the subject never was",
		explanation: "an IP of no CIDR that an internal Service carries is Submariner's, of CIDRs that were others",
		exported:    []string{"ns/a"},
		tell: func(s *story) {
			s.user().createIngressIP("ns/a", "held")
			s.user().route("ns/a", "203.0.113.7")
			s.user().status("ns/a", "203.0.113.7")
			s.controller().Finalize(gips, "ns/a")
			s.controller().claim(first, "ns/a")
			s.controller().status("ns/a", first)
		},
		broken: []string{"no-free-while-exported"},
	},
	{
		name:        "written by a user into what the subject is at work on",
		explanation: "a user made the GlobalIngressIP, but the subject has taken it up and is about to publish another IP",
		exported:    []string{"ns/a"},
		tell: func(s *story) {
			s.user().createIngressIP("ns/a", "held")
			s.controller().Finalize(gips, "ns/a")
			s.user().status("ns/a", first)
			s.controller().claim(second, "ns/a")
			s.controller().status("ns/a", second)
		},
	},
}
