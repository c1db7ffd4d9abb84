package model

import (
	"testing"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Headless targets have a title of their own: a pod, or an address among the
// Endpoints. Each story ends with the subject removing the GlobalIngressIP.

func headless() *story {
	s := exported("ns/db")
	s.user().createPod("ns/db-0", "db")
	s.controller().createHeadless("ns/pod-db-0", "db", "db-0", "")
	s.controller().status("ns/pod-db-0", first)
	return s
}

func TestHeadless(t *testing.T) {
	editPod := func(s *story, edit func(*corev1.Pod)) {
		s.user().do(call{verb: "update", resource: pods, key: "ns/db-0"}, func(old runtime.Object) runtime.Object {
			edit(old.(*corev1.Pod))
			return old
		})
	}
	for _, c := range []struct {
		name, explanation string
		change            func(*story)
		want              Status
	}{
		{"nothing changed", "catalogue 4104: somebody else's service was unexported", func(s *story) {
			s.user().createService("other/db")
			s.user().export("other/db")
			s.user().unexport("other/db")
		}, Violated},
		{"unrelated edit", "a label that the selector does not ask for", func(s *story) {
			editPod(s, func(p *corev1.Pod) { p.Labels["more"] = "yes" })
		}, Violated},
		{"unexported", "no title left", func(s *story) { s.user().unexport("ns/db") }, Held},
		{"service deleted", "no title left", func(s *story) { s.user().deleteService("ns/db") }, Held},
		{"pod deleted", "no title left", func(s *story) { s.user().remove(pods, "ns/db-0") }, Held},
		{"pod re-created", "another UID", func(s *story) {
			s.user().remove(pods, "ns/db-0")
			s.user().createPod("ns/db-0", "db")
		}, Held},
		{"pod finished", "it serves no more", func(s *story) {
			editPod(s, func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded })
		}, Held},
		{"pod moved", "another address", func(s *story) { editPod(s, func(p *corev1.Pod) { p.Status.PodIP = "10.244.0.10" }) }, Held},
		{"pod not selected", "it left the service", func(s *story) { editPod(s, func(p *corev1.Pod) { p.Labels["app"] = "old" }) }, Held},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := headless()
			c.change(s)
			s.controller().remove(gips, "ns/pod-db-0")
			result := noFreeWhileExported().Check(s.end())
			assert.Equal(t, c.want, result.Status, "%s: %s", c.explanation, result.Message)
		})
	}
}

func TestHeadlessEndpoints(t *testing.T) {
	tell := func(addresses ...string) *story {
		s := exported("ns/db")
		s.user().setEndpoints("ns/db", "192.0.2.7", "192.0.2.8")
		s.controller().createHeadless("ns/ep-db-192.0.2.7", "db", "", "192.0.2.7")
		s.controller().status("ns/ep-db-192.0.2.7", first)
		s.user().remove(endpoints, "ns/db")
		if len(addresses) > 0 {
			s = exported("ns/db")
			s.user().setEndpoints("ns/db", addresses...)
			s.controller().createHeadless("ns/ep-db-192.0.2.7", "db", "", "192.0.2.7")
			s.controller().status("ns/ep-db-192.0.2.7", first)
		}
		return s
	}
	for name, c := range map[string]struct {
		s    *story
		free Status // after the GlobalIngressIP is removed
		leak Status // if it is not
	}{
		"address listed":  {tell("192.0.2.8", "192.0.2.7"), Violated, Held},
		"address gone":    {tell("192.0.2.8"), Held, Violated},
		"endpoints gone":  {tell(), Held, Violated},
		"pod there":       {headless(), Violated, Held},
		"pod of the past": {headlessWithoutPod(), Held, Violated},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.leak, noLeaks().Check(c.s.end()).Status)
			for key := range c.s.stored {
				if len(key) > len(ingressIPResource) && key[:len(ingressIPResource)] == ingressIPResource {
					c.s.controller().remove(gips, key[len(ingressIPResource)+1:])
				}
			}
			assert.Equal(t, c.free, noFreeWhileExported().Check(c.s.end()).Status)
		})
	}
}

func headlessWithoutPod() *story {
	s := headless()
	s.user().remove(pods, "ns/db-0")
	return s
}
