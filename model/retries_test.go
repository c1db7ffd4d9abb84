package model

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// tries makes calls at a steady pace that all end alike.
func tries(n int, pace time.Duration, change func(i int, c *Call)) *History {
	h := &History{}
	for i := range n {
		c := Call{ID: uint64(i + 1), Process: "controller", Verb: "update", Resource: serviceResource, Name: "a", CallSeq: uint64(2*i + 1), ReturnSeq: uint64(2*i + 2), Called: time.Duration(i) * pace, Outcome: Failed}
		change(i, &c)
		h.Calls = append(h.Calls, c)
	}
	return h
}

func TestBoundedRetries(t *testing.T) {
	same := func(int, *Call) {}
	for _, c := range []struct {
		name, explanation string
		h                 *History
		want              Status
	}{
		{"storm", "301 tries in 60 s less a little", tries(301, 199*time.Millisecond, same), Violated},
		{"at the bound", "300 tries are allowed, however fast", tries(300, time.Millisecond, same), Held},
		{"just slow enough", "the 301st comes a minute after the first", tries(1000, 200*time.Millisecond, same), Held},
		{"unknown outcomes", "time-outs are no success", tries(301, time.Millisecond, func(_ int, c *Call) { c.Outcome = Unknown }), Violated},
		{"successes", "work is not a retry", tries(1000, time.Millisecond, func(_ int, c *Call) { c.Outcome = OK }), Held},
		{"many objects", "each object has its own count", tries(1000, time.Millisecond, func(i int, c *Call) { c.Name = string(rune('a' + i%10)) }), Held},
		{"users", "not under test", tries(1000, time.Millisecond, func(_ int, c *Call) { c.User = true }), Held},
		{"lease", "its retries have their own period", tries(1000, time.Millisecond, func(_ int, c *Call) { c.Group, c.Resource = "coordination.k8s.io", "leases" }), Held},
	} {
		t.Run(c.name, func(t *testing.T) {
			result := check(boundedRetries(), c.h)
			assert.Equal(t, c.want, result.Status, c.explanation)
			if c.want == Violated {
				assert.EqualValues(t, 301, result.Culprit.CallID)
			}
		})
	}
}

func TestConditionsTrue(t *testing.T) {
	for _, c := range []struct {
		name, explanation string
		tell              func() *story
		message           string
	}{
		{"served", "True with an IP", func() *story { return served("ns/a") }, ""},
		{"silent", "neither IP nor condition", func() *story {
			s := exported("ns/a")
			s.controller().createIngressIP("ns/a")
			return s
		}, ""},
		{"waiting", "False without an IP", func() *story {
			s := exported("ns/a")
			s.controller().createIngressIP("ns/a")
			s.controller().report("ns/a", "", "False", "IPPoolAllocationFailed")
			return s
		}, ""},
		{"boasting", "True without an IP", func() *story {
			s := exported("ns/a")
			s.controller().createIngressIP("ns/a")
			s.controller().status("ns/a", "")
			return s
		}, `ns/a has allocatedIP "", but condition Allocated=True (Success)`},
		{"repetitive", "catalogue 2463", func() *story {
			s := served("ns/a")
			s.controller().do(call{verb: "update", resource: gips, key: "ns/a", subresource: "status"}, func(old runtime.Object) runtime.Object {
				status := old.(*unstructured.Unstructured).Object["status"].(map[string]any)
				list := status["conditions"].([]any)
				status["conditions"] = append(list, list[0])
				return old
			})
			return s
		}, "ns/a has condition Allocated more than once"},
		{"outdated", "about an older generation", func() *story {
			s := served("ns/a")
			s.user().do(call{verb: "update", resource: gips, key: "ns/a"}, func(old runtime.Object) runtime.Object {
				old.(*unstructured.Unstructured).SetGeneration(2)
				return old
			})
			return s
		}, "ns/a has condition Allocated of generation 1, but its generation is 2"},
		{"modest", "False with an IP", func() *story {
			s := served("ns/a")
			s.controller().report("ns/a", first, "False", "ReserveAllocatedIPsFailed")
			return s
		}, `ns/a has allocatedIP "10.1.0.6", but condition Allocated=False (ReserveAllocatedIPsFailed)`},
	} {
		t.Run(c.name, func(t *testing.T) { assertLiveness(t, conditionsTrue(), c.tell().end(), c.message, c.explanation) })
	}
}
