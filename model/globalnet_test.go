package model

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// The safety properties are judged on the same stories. Each story says what
// happened and which properties it breaks; all others must hold, so that every
// story is also a test against false alarm.

var testOptions = GlobalnetOptions{CIDRs: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/29")}}

const (
	first  = "10.1.0.6"
	second = "10.1.0.5"
)

type safetyCase struct {
	name, explanation string
	tell              func() *story
	broken            []string // names of properties
}

var safetyCases = []safetyCase{
	{
		name:        "life and death",
		explanation: "an IP may be given to the next owner once it was given back",
		tell: func() *story {
			s := exported("ns/a", "ns/b")
			c := s.controller()
			c.serve("ns/a", first)
			c.serve("ns/b", second)
			s.user().unexport("ns/a")
			c.retire("ns/a", first)
			s.user().export("ns/a")
			s.user().deleteService("ns/b")
			c.retire("ns/b", second)
			c.serve("ns/a", second)
			return s
		},
	},
	{
		name:        "protobuf bodies",
		explanation: "controller-runtime speaks protobuf for built-in kinds",
		tell: func() *story {
			s := exported("ns/a", "ns/b")
			c := s.controller()
			c.protobuf = true
			c.serve("ns/a", first)
			s.user().unexport("ns/a")
			c.retire("ns/a", first)
			c.serve("ns/b", first)
			return s
		},
	},
	{
		name:        "incident 3336: status cleared",
		explanation: "a failed look-up at restart is no reason to free the IP",
		tell: func() *story {
			s := exported("ns/a")
			s.controller().serve("ns/a", first)
			s.controller().report("ns/a", "", "False", "ReserveAllocatedIPsFailed")
			s.controller().status("ns/a", second)
			return s
		},
		broken: []string{"allocation", "no-free-while-exported"},
	},
	{
		name:        "incident 3336: status changed",
		explanation: "another IP in place of a published one frees the published one",
		tell: func() *story {
			s := exported("ns/a")
			s.controller().serve("ns/a", first)
			s.controller().status("ns/a", second)
			return s
		},
		broken: []string{"allocation", "no-free-while-exported"},
	},
	{
		name:        "two owners by status",
		explanation: "no claims, both in memory",
		tell: func() *story {
			s := exported("ns/a", "ns/b")
			for _, key := range []string{"ns/a", "ns/b"} {
				s.controller().createIngressIP(key)
				s.controller().status(key, first)
			}
			return s
		},
		broken: []string{"allocation", "no-double-assignment"},
	},
	{
		name:        "delete-down",
		explanation: "a user deletes a GlobalIngressIP without finalizer; its internal Service lives on when the IP is given to another",
		tell: func() *story {
			s := exported("ns/a", "ns/b")
			c := s.controller()
			c.createIngressIP("ns/a")
			c.route("ns/a", first)
			c.status("ns/a", first)
			s.user().deleteIngressIP("ns/a")
			c.createIngressIP("ns/b")
			c.route("ns/b", first)
			return s
		},
		broken: []string{"allocation", "no-double-assignment"},
	},
	{
		name:        "claimed by one, published by another",
		explanation: "a claim is a hold like any other",
		tell: func() *story {
			s := exported("ns/a", "ns/b")
			s.controller().createIngressIP("ns/a")
			s.controller().claim(first, "ns/a")
			s.controller().createIngressIP("ns/b")
			s.controller().status("ns/b", first)
			return s
		},
		broken: []string{"allocation", "no-double-assignment"},
	},
	{
		name:        "un-claimed while published",
		explanation: "the next one to claim it would be a second owner",
		tell: func() *story {
			s := exported("ns/a")
			s.controller().serve("ns/a", first)
			s.controller().unclaim(first)
			return s
		},
		broken: []string{"allocation", "no-free-while-exported"},
	},
	{
		name:        "GlobalIngressIP deleted while exported",
		explanation: "catalogue 4104: the request alone cannot be taken back",
		tell: func() *story {
			s := exported("ns/a")
			s.controller().serve("ns/a", first)
			s.controller().deleteIngressIP("ns/a")
			return s
		},
		broken: []string{"allocation", "no-free-while-exported"},
	},
	{
		name:        "lost race",
		explanation: "a claim may be given back as long as its IP was not published",
		tell: func() *story {
			s := exported("ns/a")
			s.controller().createIngressIP("ns/a", testFinalizer)
			s.controller().claim(first, "ns/a")
			s.controller().claim(second, "ns/a")
			s.controller().status("ns/a", first)
			s.controller().unclaim(second)
			return s
		},
	},
	{
		name:        "re-created, then released late",
		explanation: "another UID is proof, and a slow controller may act on it minutes later",
		tell: func() *story {
			s := exported("ns/a")
			s.controller().serve("ns/a", first)
			s.user().deleteService("ns/a")
			s.user().createService("ns/a")
			s.wait(1 << 36)
			s.controller().retire("ns/a", first)
			return s
		},
	},
	{
		name:        "published after the export was gone",
		explanation: "a slow controller publishes for a service that is exported no more, and may take that back even after a new export",
		tell: func() *story {
			s := exported("ns/a")
			s.controller().createIngressIP("ns/a", testFinalizer)
			s.user().unexport("ns/a")
			s.controller().status("ns/a", first)
			s.user().export("ns/a")
			s.controller().status("ns/a", "")
			return s
		},
	},
	{
		name:        "re-created on the way",
		explanation: "claimed and published for a service that was re-created meanwhile, then taken back: slow, not wrong",
		tell: func() *story {
			s := exported("ns/a")
			s.controller().createIngressIP("ns/a", testFinalizer)
			s.controller().claim(first, "ns/a")
			s.user().deleteService("ns/a")
			s.user().createService("ns/a")
			s.controller().route("ns/a", first)
			s.controller().status("ns/a", first)
			s.controller().retire("ns/a", first)
			return s
		},
	},
	{
		name:        "re-created while asking",
		explanation: "the creation of the GlobalIngressIP was asked for before the service was re-created, and granted after",
		tell: func() *story {
			s := exported("ns/a")
			s.user().deleteService("ns/a")
			asked := s.seq
			s.seq++
			s.user().createService("ns/a")
			s.controller().createIngressIP("ns/a", testFinalizer)
			s.Calls[len(s.Calls)-1].CallSeq = asked
			s.controller().status("ns/a", first)
			s.controller().status("ns/a", "")
			return s
		},
	},
	{
		name:        "freed in its second life",
		explanation: "a re-created service is protected like any other",
		tell: func() *story {
			s := exported("ns/a")
			s.controller().serve("ns/a", first)
			s.user().deleteService("ns/a")
			s.controller().retire("ns/a", first)
			s.user().createService("ns/a")
			s.controller().serve("ns/a", second)
			s.controller().status("ns/a", "")
			return s
		},
		broken: []string{"allocation", "no-free-while-exported"},
	},
	{
		name:        "type changed",
		explanation: "a service that is no longer of type ClusterIP is not entitled to an IP",
		tell: func() *story {
			s := exported("ns/a")
			s.controller().serve("ns/a", first)
			s.user().editService("ns/a", func(service *corev1.Service) { service.Spec.Type = corev1.ServiceTypeExternalName })
			s.controller().retire("ns/a", first)
			return s
		},
	},
	{
		name:        "user deletes the GlobalIngressIP",
		explanation: "what follows is the user's doing",
		tell: func() *story {
			s := exported("ns/a")
			s.controller().serve("ns/a", first)
			s.user().deleteIngressIP("ns/a")
			s.controller().status("ns/a", "")
			s.controller().unroute("ns/a")
			s.controller().unclaim(first)
			s.controller().finalize("ns/a")
			s.controller().serve("ns/a", second)
			return s
		},
	},
	{
		name:        "user deletes the claim",
		explanation: "the controller cannot know; the next to claim the address is not to blame, nor who gives way",
		tell: func() *story {
			s := exported("ns/a", "ns/b")
			s.controller().serve("ns/a", first)
			s.user().unclaim(first)
			s.controller().serve("ns/b", first)
			s.controller().unroute("ns/a")
			s.controller().route("ns/a", first)
			s.controller().claim(second, "ns/a")
			s.controller().status("ns/a", second)
			return s
		},
	},
	{
		name:        "user clears the status",
		explanation: "the controller may publish again, even another IP",
		tell: func() *story {
			s := exported("ns/a")
			s.controller().serve("ns/a", first)
			s.user().status("ns/a", "")
			s.controller().status("ns/a", second)
			return s
		},
	},
	{
		name:        "user gives an IP to two",
		explanation: "the subject has no part in it",
		tell: func() *story {
			s := exported("ns/a", "ns/b")
			s.controller().serve("ns/a", first)
			s.controller().createIngressIP("ns/b", testFinalizer)
			s.user().status("ns/b", first)
			return s
		},
	},
	{
		name:        "user changes the status",
		explanation: "the subject may change it back",
		tell: func() *story {
			s := exported("ns/a")
			s.controller().serve("ns/a", first)
			s.user().status("ns/a", second)
			s.controller().status("ns/a", first)
			return s
		},
	},
	{
		name:        "user publishes before the controller does",
		explanation: "what the subject never wrote down is no publication: another may have it, and the subject publishes its own",
		tell: func() *story {
			s := exported("ns/a", "ns/b")
			s.controller().createIngressIP("ns/a", testFinalizer)
			s.user().status("ns/a", first)
			s.controller().serve("ns/b", first)
			s.controller().claim(second, "ns/a")
			s.controller().route("ns/a", second)
			s.controller().status("ns/a", second)
			return s
		},
	},
	{
		name:        "user routes an IP to another",
		explanation: "an address forged onto an internal Service does not keep its owner from getting it",
		tell: func() *story {
			s := exported("ns/a", "ns/b")
			s.controller().serve("ns/a", first)
			s.user().editService(internalName("ns/a"), func(service *corev1.Service) { service.Spec.ExternalIPs = []string{second} })
			s.controller().serve("ns/b", second)
			s.controller().editService(internalName("ns/a"), func(service *corev1.Service) { service.Spec.ExternalIPs = []string{first} })
			return s
		},
	},
	{
		name:        "forged, then really given away",
		explanation: "a user's edit of the second owner excuses nothing that is done to the first",
		tell: func() *story {
			s := exported("ns/a", "ns/b", "ns/c")
			s.controller().serve("ns/a", first)
			s.controller().createIngressIP("ns/b", testFinalizer)
			s.user().status("ns/b", first)
			s.controller().createIngressIP("ns/c", testFinalizer)
			s.controller().route("ns/c", first)
			return s
		},
		broken: []string{"allocation", "no-double-assignment"},
	},
	{
		name:        "user strips the finalizer",
		explanation: "the internal Service that is left is the user's doing, unlike that of delete-down",
		tell: func() *story {
			s := exported("ns/a", "ns/b")
			s.controller().createIngressIP("ns/a", testFinalizer)
			s.controller().route("ns/a", first)
			s.controller().status("ns/a", first)
			s.user().deleteIngressIP("ns/a")
			s.user().finalize("ns/a")
			s.controller().createIngressIP("ns/b")
			s.controller().route("ns/b", first)
			return s
		},
	},
	{
		name:        "claim re-parented",
		explanation: "another owner has it then; no API server allows it, so clients' histories are not searched for it",
		tell: func() *story {
			s := exported("ns/a", "ns/b")
			s.controller().serve("ns/a", first)
			s.controller().do(call{verb: "update", resource: claims, key: first}, func(old runtime.Object) runtime.Object {
				old.(*networkingv1.IPAddress).Spec.ParentRef.Name = "b"
				return old
			})
			return s
		},
		broken: []string{"no-double-assignment", "no-free-while-exported"},
	},
	{
		name:        "internal Service replaced",
		explanation: "that is not the IP",
		tell: func() *story {
			s := exported("ns/a")
			s.controller().serve("ns/a", first)
			s.controller().unroute("ns/a")
			s.controller().route("ns/a", first)
			return s
		},
	},
	{
		name:        "refused",
		explanation: "a call that certainly failed did nothing",
		tell: func() *story {
			s := exported("ns/a")
			s.controller().serve("ns/a", first)
			s.controller().refused().status("ns/a", "")
			s.controller().refused().unclaim(first)
			s.controller().refused().deleteIngressIP("ns/a")
			return s
		},
	},
	{
		name:        "unknown: last finalizer",
		explanation: "the GlobalIngressIP may be gone, with the IP still in its status",
		tell: func() *story {
			s := exported("ns/a", "ns/b")
			s.controller().createIngressIP("ns/a", testFinalizer)
			s.controller().status("ns/a", first)
			s.user().unexport("ns/a")
			s.controller().deleteIngressIP("ns/a")
			s.controller().lost().finalize("ns/a")
			s.controller().createIngressIP("ns/b")
			s.controller().status("ns/b", first)
			return s
		},
	},
	{
		name:        "server removes with the namespace",
		explanation: "the namespace's end marks the GlobalIngressIP before it reaches the export",
		tell: func() *story {
			s := exported("ns/a")
			s.controller().serve("ns/a", first)
			space := resource{"", "v1", namespaceResource, "Namespace"}
			s.user().create(space, "ns", &corev1.Namespace{})
			s.user().remove(space, "ns")
			marked := s.stored["globalingressips ns/a"].DeepCopyObject()
			now := metav1.Now()
			objectMeta(marked).SetDeletionTimestamp(&now)
			s.serverWrites(gips, "ns/a", marked)
			s.controller().status("ns/a", "")
			s.controller().unroute("ns/a")
			s.controller().unclaim(first)
			s.controller().finalize("ns/a")
			return s
		},
	},
	{
		name:        "server removes what belongs to a GlobalIngressIP",
		explanation: "its internal Service goes with it, which clients do not see",
		tell: func() *story {
			s := exported("ns/a", "ns/b")
			c := s.controller()
			c.createIngressIP("ns/a")
			c.route("ns/a", first)
			c.editService(internalName("ns/a"), func(service *corev1.Service) {
				service.OwnerReferences = ownedBy("ns/a")
				service.Finalizers = nil
			})
			c.status("ns/a", first)
			s.user().deleteIngressIP("ns/a")
			s.collect(services, internalName("ns/a"))
			c.createIngressIP("ns/b")
			c.route("ns/b", first)
			return s
		},
	},
	{
		name:        "adopted, then freed",
		explanation: "the log knows that a user published it for an exported service; clients cannot tell that from an edit",
		tell: func() *story {
			s := exported("ns/a")
			s.user().createIngressIP("ns/a")
			s.user().status("ns/a", first)
			s.controller().status("ns/a", "")
			return s
		},
		broken: []string{"no-free-while-exported"},
	},
	{
		name:        "adopted installation",
		explanation: "a status written before the controller came is a hold: giving the IP to another is double assignment",
		tell: func() *story {
			s := exported("ns/a", "ns/b")
			s.user().createIngressIP("ns/a")
			s.user().status("ns/a", first)
			s.controller().createIngressIP("ns/b")
			s.controller().claim(first, "ns/b")
			return s
		},
		broken: []string{"allocation", "no-double-assignment"},
	},
	{
		name:        "unknown: export deleted",
		explanation: "the deletion may have happened although nobody was told",
		tell: func() *story {
			s := exported("ns/a", "ns/b")
			s.controller().serve("ns/a", first)
			s.user().lost().unexport("ns/a")
			s.controller().retire("ns/a", first)
			s.controller().serve("ns/b", first)
			return s
		},
	},
	{
		name:        "unknown: every step of a release",
		explanation: "lost answers are repaired by looking, which calls do not show",
		tell: func() *story {
			s := exported("ns/a", "ns/b")
			s.controller().serve("ns/a", first)
			s.user().unexport("ns/a")
			s.controller().lost().retire("ns/a", first)
			s.controller().serve("ns/b", first)
			return s
		},
	},
	{
		name:        "unknown: every step of an allocation",
		explanation: "each step is done twice, the first time without an answer",
		tell: func() *story {
			s := exported("ns/a")
			c := s.controller()
			c.lost().createIngressIP("ns/a", testFinalizer)
			c.lost().claim(first, "ns/a")
			c.lost().route("ns/a", first)
			c.lost().status("ns/a", first)
			c.status("ns/a", first)
			s.user().unexport("ns/a")
			c.retire("ns/a", first)
			return s
		},
	},
	{
		name:        "unknown: status cleared, without effect",
		explanation: "a request that did nothing broke nothing",
		tell: func() *story {
			s := exported("ns/a")
			s.controller().serve("ns/a", first)
			s.controller().dropped().status("ns/a", "")
			s.controller().status("ns/a", first)
			return s
		},
	},
	{
		name:        "unknown: status cleared, with effect",
		explanation: "clients cannot tell, but the log can",
		tell: func() *story {
			s := exported("ns/a")
			s.controller().serve("ns/a", first)
			s.controller().lost().status("ns/a", "")
			return s
		},
		broken: []string{"no-free-while-exported"},
	},
	{
		name:        "unknown: status cleared, then another IP",
		explanation: "the second write leaves no order in which the first IP was kept",
		tell: func() *story {
			s := exported("ns/a")
			s.controller().serve("ns/a", first)
			s.controller().lost().status("ns/a", "")
			s.controller().status("ns/a", second)
			return s
		},
		broken: []string{"allocation", "no-free-while-exported"},
	},
	{
		name:        "server removes",
		explanation: "garbage collection is not the subject's doing, and clients do not see it",
		tell: func() *story {
			s := exported("ns/a", "ns/b")
			c := s.controller()
			c.createIngressIP("ns/a")
			c.do(call{verb: "update", resource: gips, key: "ns/a"}, func(old runtime.Object) runtime.Object {
				objectMeta(old).SetOwnerReferences(ownedBy("ns/a"))
				return old
			})
			c.status("ns/a", first)
			s.user().deleteService("ns/a")
			s.collect(gips, "ns/a")
			c.createIngressIP("ns/b")
			c.status("ns/b", first)
			return s
		},
	},
}

func safetyProperties() []Property {
	return []Property{allocation(), noDoubleAssignment(), noFreeWhileExported()}
}

func TestSafetyProperties(t *testing.T) {
	for _, c := range safetyCases {
		t.Run(c.name, func(t *testing.T) {
			h := c.tell().end()
			for _, property := range safetyProperties() {
				result := check(property, h)
				want := Held
				for _, broken := range c.broken {
					if broken == property.Name {
						want = Violated
					}
				}
				assert.Equal(t, want, result.Status, "%s: %s\n%s", property.Name, c.explanation, result.Message)
				if result.Status == Violated {
					assert.NotZero(t, result.Culprit.Seq, property.Name)
					assert.NotZero(t, result.Culprit.CallID, property.Name)
				}
			}
		})
	}
}

// The judge names the very event, whichever property finds it.
func TestSafetyCulprit(t *testing.T) {
	s := exported("ns/a")
	s.controller().serve("ns/a", first)
	guilty := s.controller().report("ns/a", "", "False", "ReserveAllocatedIPsFailed").ID
	s.controller().status("ns/a", second)
	h := s.end()
	for _, property := range []Property{allocation(), noFreeWhileExported()} {
		result := check(property, h)
		require.Equal(t, Violated, result.Status)
		assert.Equal(t, guilty, result.Culprit.CallID, property.Name)
	}
	verdict := Judge(h, safetyProperties())
	assert.Equal(t, VerdictSafety, verdict.Kind)
	assert.Equal(t, "no-free-while-exported", verdict.Property, "the commit comes before its answer")
	assert.Equal(t, "10.1.0.6 was freed: the status of ns/a was cleared while the service exists and is exported", verdict.Message)
}
