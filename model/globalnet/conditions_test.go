package globalnet

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/seatrial/seatrial/model/internal/modeltest"
)

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
			s.controller().Do(modeltest.Write{Verb: "update", Resource: gips, Key: "ns/a", Subresource: "status"}, func(old runtime.Object) runtime.Object {
				status := old.(*unstructured.Unstructured).Object["status"].(map[string]any)
				list := status["conditions"].([]any)
				status["conditions"] = append(list, list[0])
				return old
			})
			return s
		}, "ns/a has condition Allocated more than once"},
		{"outdated", "about an older generation", func() *story {
			s := served("ns/a")
			s.user().Do(modeltest.Write{Verb: "update", Resource: gips, Key: "ns/a"}, func(old runtime.Object) runtime.Object {
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
		t.Run(c.name, func(t *testing.T) {
			modeltest.AssertLiveness(t, conditionsTrue(), c.tell().Done(), c.message, c.explanation)
		})
	}
}
