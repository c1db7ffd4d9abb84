package globalnet

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/internal/modeltest"
)

// What the stories of safety_test.go cannot tell: calls that overlap,
// bodies of every shape, and searches that grow.

// overlap stretches a call so that it was under way from one moment to another.
func overlap(c *model.Call, callSeq, returnSeq uint64) { c.CallSeq, c.ReturnSeq = callSeq, returnSeq }

// A release that overlaps the deletion of the export may have come after it; one
// that ended before it was asked for may not.
func TestAllocationConcurrency(t *testing.T) {
	for _, c := range []struct {
		name     string
		released func(unexport, release *model.Call)
		want     model.Status
	}{
		{"release during the deletion", func(unexport, release *model.Call) {
			overlap(unexport, 100, 110)
			overlap(release, 101, 105)
		}, model.Held},
		{"release before the deletion", func(unexport, release *model.Call) {
			overlap(release, 101, 105)
			overlap(unexport, 106, 110)
		}, model.Violated},
		{"release touches the deletion", func(unexport, release *model.Call) {
			overlap(release, 101, 105)
			overlap(unexport, 105, 110)
		}, model.Held},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := exported("ns/a")
			s.controller().serve("ns/a", first)
			s.controller().status("ns/a", "")
			s.user().unexport("ns/a")
			calls := s.Calls
			c.released(&calls[len(calls)-1], &calls[len(calls)-2])
			assert.Equal(t, c.want, modeltest.Check(allocation(testOptions), s.Done()).Status)
		})
	}
}

// The culprit is the answer that no order explains, not one that came while
// the guilty call was still under way.
func TestAllocationCulpritUnderWay(t *testing.T) {
	s := exported("ns/a")
	s.controller().serve("ns/a", first)
	guilty := s.controller().status("ns/a", "").ID
	innocent := s.process("other").status("ns/a", first).ID
	overlap(&s.Calls[guilty-1], 100, 300)
	overlap(&s.Calls[innocent-1], 110, 120)
	result := modeltest.Check(allocation(testOptions), s.Done())
	require.Equal(t, model.Violated, result.Status)
	assert.Equal(t, guilty, result.Culprit.CallID)
}

// A history is only as good as its worst client: many calls whose outcome is
// not known, by several processes, about one IP, must cost little, and must
// not hide the one release that nothing excuses.
func TestAllocationManyUnknown(t *testing.T) {
	s := exported("ns/a", "ns/b")
	s.controller().serve("ns/a", first)
	for i := range 200 {
		c := s.process(fmt.Sprintf("controller-%d", i%3))
		c.dropped().status("ns/a", "")
		c.dropped().status("ns/a", second)
		c.dropped().status("ns/a", first)
		c.dropped().Remove(claims, first)
	}
	require.Equal(t, model.Held, modeltest.Check(allocation(testOptions), s.Done()).Status)
	s.controller().status("ns/a", second)
	assert.Equal(t, model.Violated, modeltest.Check(allocation(testOptions), s.Done()).Status)
}

// A search that is too long is no answer.
func TestAllocationBudget(t *testing.T) {
	var steps []*step
	p := &partition{ip: first}
	for i := range 65 {
		who := owner(fmt.Sprintf("ns/s%d", i))
		p.owners = append(p.owners, who)
		f := &effect{kind: effectPublish, owner: who, ips: []string{first}, unknown: true, call: &model.Call{CallSeq: uint64(i + 1)}}
		steps = append(steps, &step{effect: f, who: i, takes: true, pending: true})
	}
	assert.EqualValues(t, "Unknown", p.check(steps))
	assert.EqualValues(t, "Ok", p.check(steps[:64]))
}

// An answer that cannot be read leaves the question open.
func TestAllocationUnreadable(t *testing.T) {
	s := exported("ns/a")
	s.controller().serve("ns/a", first)
	s.Calls[len(s.Calls)-1].Response = []byte{0xd9, 0xd9, 0xf7}
	result := modeltest.Check(allocation(testOptions), s.Done())
	assert.Equal(t, model.Undecided, result.Status)
	assert.Contains(t, result.Message, "globalingressips/status ns/a")
}

func TestAllocationVisualize(t *testing.T) {
	s := exported("ns/a")
	s.controller().serve("ns/a", first)
	s.controller().status("ns/a", second)
	result := modeltest.Check(allocation(testOptions), s.Done())
	require.Equal(t, model.Violated, result.Status)
	assert.Equal(t, "no legal order explains: ns/a gives up 10.1.0.6 (status) for 10.1.0.5, by controller-1, while its service exists and is exported", result.Message)
	var page strings.Builder
	require.NoError(t, result.Visualize(&page))
	assert.Contains(t, page.String(), "ns/a takes 10.1.0.6 (status), by controller-1")
	assert.Contains(t, page.String(), "ns/a: service, export, claim, internal Service, status")
}

// What a status write of each form asks for, when only the request is known.
func TestRequestedIP(t *testing.T) {
	const merge, jsonPatch, apply = "application/merge-patch+json", "application/json-patch+json", "application/apply-patch+yaml"
	for _, c := range []struct {
		mediaType, body, ip string
		touched             bool
		explanation         string
	}{
		{"application/json", `{"status":{"allocatedIP":"10.1.0.6"}}`, first, true, "PUT"},
		{"application/json", `{"status":{}}`, "", true, "PUT without an IP clears it"},
		{"application/json", `{"metadata":{}}`, "", true, "PUT without a status clears it"},
		{merge, `{"status":{"allocatedIP":"10.1.0.6"}}`, first, true, "set"},
		{merge, `{"status":{"allocatedIP":null}}`, "", true, "null removes"},
		{merge, `{"status":null}`, "", true, "null removes the whole status"},
		{merge, `{"status":{"conditions":[]}}`, "", false, "what a merge patch does not name stays"},
		{merge, `{"metadata":{}}`, "", false, "no status at all"},
		{apply, `{"status":{"allocatedIP":"10.1.0.6"}}`, first, true, "applied"},
		{apply, `{"status":{"conditions":[]}}`, "", true, "apply removes what its manager owned and no longer names"},
		{apply, "status:\n  allocatedIP: 10.1.0.6\n", "", true, "not JSON: it may do anything"},
		{jsonPatch, `[{"op":"replace","path":"/status/allocatedIP","value":"10.1.0.6"}]`, first, true, "replace"},
		{jsonPatch, `[{"op":"remove","path":"/status/allocatedIP"}]`, "", true, "remove"},
		{jsonPatch, `[{"op":"test","path":"/status/allocatedIP","value":"10.1.0.5"}]`, "", false, "a test changes nothing"},
		{jsonPatch, `[{"op":"add","path":"/status","value":{"allocatedIP":"10.1.0.6"}}]`, first, true, "the whole status"},
		{jsonPatch, `[{"op":"add","path":"/status/conditions","value":[]}]`, "", false, "something else"},
	} {
		t.Run(c.mediaType+" "+c.body, func(t *testing.T) {
			request := model.Call{RequestType: c.mediaType, Request: []byte(c.body)}
			ip, touched := requestedIP(&request)
			assert.Equal(t, c.ip, ip, c.explanation)
			assert.Equal(t, c.touched, touched, c.explanation)
		})
	}
}

// Removing a namespace, or a collection, removes what is in it; the client
// that asked for it is not told when.
func TestAllocationEmptiedNamespace(t *testing.T) {
	for name, ask := range map[string]func(teller){
		"namespace": func(u teller) {
			u.Create(modeltest.Resource{Version: "v1", Name: namespaceResource, Kind: "Namespace"}, "ns", &networkingv1.IPAddress{})
			u.Remove(modeltest.Resource{Version: "v1", Name: namespaceResource, Kind: "Namespace"}, "ns")
		},
		"collection": func(u teller) {
			u.Stored["serviceexports ns/"] = modeltest.Custom(exports, "ns/", nil)
			u.Do(modeltest.Write{Verb: "deletecollection", Resource: exports, Key: "ns/"}, func(runtime.Object) runtime.Object { return nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := exported("ns/a", "other/b")
			s.controller().serve("ns/a", first)
			ask(s.user())
			s.controller().retire("ns/a", first)
			s.controller().serve("other/b", first)
			assert.Equal(t, model.Held, modeltest.Check(allocation(testOptions), s.Done()).Status)
			s.controller().status("other/b", "")
			assert.Equal(t, model.Violated, modeltest.Check(allocation(testOptions), s.Done()).Status, "the other namespace is not concerned")
		})
	}
}

// A patch tells little of the object it leaves behind: one that was lost and
// spoke of finalizers may have removed the last.
func TestAllocationLostFinalizerPatch(t *testing.T) {
	for patch, want := range map[string]model.Status{
		`{"metadata":{"finalizers":null}}`:       model.Held,
		`{"metadata":{"labels":{"some":"one"}}}`: model.Violated,
	} {
		s := exported("ns/a", "ns/b")
		s.controller().createIngressIP("ns/a", testFinalizer)
		s.controller().status("ns/a", first)
		s.user().unexport("ns/a")
		s.controller().deleteIngressIP("ns/a")
		s.controller().lost().Finalize(gips, "ns/a")
		lost := &s.Calls[len(s.Calls)-1]
		lost.Verb, lost.RequestType, lost.Request = "patch", "application/merge-patch+json", []byte(patch)
		s.controller().createIngressIP("ns/b")
		s.controller().status("ns/b", first)
		assert.Equal(t, want, modeltest.Check(allocation(testOptions), s.Done()).Status, patch)
	}
}

// The answer to a lost claim is a time-out; the same call answered is a hold.
func TestAllocationForeignClaim(t *testing.T) {
	s := exported("ns/a")
	s.user().Create(claims, first, &networkingv1.IPAddress{
		ObjectMeta: metav1.ObjectMeta{Name: first},
		Spec:       networkingv1.IPAddressSpec{ParentRef: &networkingv1.ParentReference{Resource: "services", Namespace: "ns", Name: "other"}},
	})
	s.Wait(time.Second)
	s.controller().createIngressIP("ns/a")
	s.controller().status("ns/a", first)
	for _, property := range []model.Property{allocation(testOptions), noDoubleAssignment()} {
		assert.Equal(t, model.Violated, modeltest.Check(property, s.Done()).Status, property.Name)
	}
}
