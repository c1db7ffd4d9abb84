package globalnet

import (
	corev1 "k8s.io/api/core/v1"
)

// A Service or an export that goes, or comes back as another, while the controller is
// at work on what it saw before: late is not wrong.
var raceCases = []safetyCase{
	{
		name:        "lost race",
		explanation: "a claim may be given back as long as its IP was not published",
		exported:    []string{"ns/a"},
		tell: func(s *story) {
			s.controller().createIngressIP("ns/a", testFinalizer)
			s.controller().claim(first, "ns/a")
			s.controller().claim(second, "ns/a")
			s.controller().status("ns/a", first)
			s.controller().unclaim(second)
		},
	},
	{
		name:        "re-created, then released late",
		explanation: "another UID is proof, and a slow controller may act on it minutes later",
		exported:    []string{"ns/a"},
		tell: func(s *story) {
			s.controller().serve("ns/a", first)
			s.user().DeleteService("ns/a")
			s.user().CreateService("ns/a")
			s.Wait(1 << 36)
			s.controller().retire("ns/a", first)
		},
	},
	{
		name:        "published after the export was gone",
		explanation: "a slow controller publishes for a service that is exported no more, and may take that back even after a new export",
		exported:    []string{"ns/a"},
		tell: func(s *story) {
			s.controller().createIngressIP("ns/a", testFinalizer)
			s.user().unexport("ns/a")
			s.controller().status("ns/a", first)
			s.user().export("ns/a")
			s.controller().status("ns/a", "")
		},
	},
	{
		name:        "re-created on the way",
		explanation: "claimed and published for a service that was re-created meanwhile, then taken back: slow, not wrong",
		exported:    []string{"ns/a"},
		tell: func(s *story) {
			s.controller().createIngressIP("ns/a", testFinalizer)
			s.controller().claim(first, "ns/a")
			s.user().DeleteService("ns/a")
			s.user().CreateService("ns/a")
			s.controller().route("ns/a", first)
			s.controller().status("ns/a", first)
			s.controller().retire("ns/a", first)
		},
	},
	{
		name:        "re-created while asking",
		explanation: "the creation of the GlobalIngressIP was asked for before the service was re-created, and granted after",
		exported:    []string{"ns/a"},
		tell: func(s *story) {
			s.user().DeleteService("ns/a")
			asked := s.Seq
			s.Seq++
			s.user().CreateService("ns/a")
			s.controller().createIngressIP("ns/a", testFinalizer)
			s.Calls[len(s.Calls)-1].CallSeq = asked
			s.controller().status("ns/a", first)
			s.controller().status("ns/a", "")
		},
	},
	{
		name:        "freed in its second life",
		explanation: "a re-created service is protected like any other",
		exported:    []string{"ns/a"},
		tell: func(s *story) {
			s.controller().serve("ns/a", first)
			s.user().DeleteService("ns/a")
			s.controller().retire("ns/a", first)
			s.user().CreateService("ns/a")
			s.controller().serve("ns/a", second)
			s.controller().status("ns/a", "")
		},
		broken: []string{"allocation", "no-free-while-exported"},
	},
	{
		name:        "type changed",
		explanation: "a service that is no longer of type ClusterIP is not entitled to an IP",
		exported:    []string{"ns/a"},
		tell: func(s *story) {
			s.controller().serve("ns/a", first)
			s.user().EditService("ns/a", func(service *corev1.Service) { service.Spec.Type = corev1.ServiceTypeExternalName })
			s.controller().retire("ns/a", first)
		},
	},
}
