package globalnet

import (
	"testing"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/internal/modeltest"
)

// Headless targets have a title of their own: a pod, or an address among the
// Endpoints. Each story ends with the subject removing the GlobalIngressIP.

func headlessStory() *story {
	s := newStory()
	s.user().exportHeadless("ns/db", map[string]string{"app": "db"})
	s.user().CreatePod("ns/db-0", "db")
	s.controller().createHeadless("ns/pod-db-0", "db", "db-0", "")
	s.controller().status("ns/pod-db-0", first)
	return s
}

func TestHeadless(t *testing.T) {
	editPod := func(s *story, edit func(*corev1.Pod)) {
		s.user().Do(modeltest.Write{Verb: "update", Resource: pods, Key: "ns/db-0"}, func(old runtime.Object) runtime.Object {
			edit(old.(*corev1.Pod))
			return old
		})
	}
	for _, c := range []struct {
		name, explanation string
		change            func(*story)
		want              model.Status
	}{
		{"nothing changed", "catalogue 4104: somebody else's service was unexported", func(s *story) {
			s.user().CreateService("other/db")
			s.user().export("other/db")
			s.user().unexport("other/db")
		}, model.Violated},
		{"unrelated edit", "a label that the selector does not ask for", func(s *story) {
			editPod(s, func(p *corev1.Pod) { p.Labels["more"] = "yes" })
		}, model.Violated},
		{"unexported", "no title left", func(s *story) { s.user().unexport("ns/db") }, model.Held},
		{"service deleted", "no title left", func(s *story) { s.user().DeleteService("ns/db") }, model.Held},
		{"pod deleted", "no title left", func(s *story) { s.user().Remove(pods, "ns/db-0") }, model.Held},
		{"pod re-created", "another UID", func(s *story) {
			s.user().Remove(pods, "ns/db-0")
			s.user().CreatePod("ns/db-0", "db")
		}, model.Held},
		{"pod finished", "it serves no more", func(s *story) {
			editPod(s, func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded })
		}, model.Held},
		{"pod moved", "another address", func(s *story) { editPod(s, func(p *corev1.Pod) { p.Status.PodIP = "10.244.0.10" }) }, model.Held},
		{"service not headless any more", "another kind of target", func(s *story) {
			s.user().Do(modeltest.Write{Verb: "update", Resource: services, Key: "ns/db"}, func(old runtime.Object) runtime.Object {
				old.(*corev1.Service).Spec.ClusterIP = "10.96.0.1"
				return old
			})
		}, model.Held},
		{"pod not selected", "it left the service", func(s *story) { editPod(s, func(p *corev1.Pod) { p.Labels["app"] = "old" }) }, model.Held},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := headlessStory()
			c.change(s)
			s.controller().Remove(gips, "ns/pod-db-0")
			result := modeltest.Check(noFreeWhileExported(testOptions), s.Done())
			assert.Equal(t, c.want, result.Status, "%s: %s", c.explanation, result.Message)
		})
	}
}

func TestHeadlessEndpoints(t *testing.T) {
	tell := func(addresses ...string) *story {
		s := newStory()
		s.user().exportHeadless("ns/db", nil)
		s.user().SetEndpoints("ns/db", "192.0.2.7", "192.0.2.8")
		s.controller().createHeadless("ns/ep-db-192.0.2.7", "db", "", "192.0.2.7")
		s.controller().status("ns/ep-db-192.0.2.7", first)
		s.user().Remove(endpoints, "ns/db")
		if len(addresses) > 0 {
			s = newStory()
			s.user().exportHeadless("ns/db", nil)
			s.user().SetEndpoints("ns/db", addresses...)
			s.controller().createHeadless("ns/ep-db-192.0.2.7", "db", "", "192.0.2.7")
			s.controller().status("ns/ep-db-192.0.2.7", first)
		}
		return s
	}
	for name, c := range map[string]struct {
		s    *story
		free model.Status // after the GlobalIngressIP is removed
		leak model.Status // if it is not
	}{
		"address listed":  {tell("192.0.2.8", "192.0.2.7"), model.Violated, model.Held},
		"address gone":    {tell("192.0.2.8"), model.Held, model.Violated},
		"endpoints gone":  {tell(), model.Held, model.Violated},
		"pod there":       {headlessStory(), model.Violated, model.Held},
		"pod of the past": {headlessWithoutPod(), model.Held, model.Violated},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.leak, modeltest.Check(noLeaks(), c.s.Done()).Status)
			for key := range c.s.Stored {
				if len(key) > len(ingressIPResource) && key[:len(ingressIPResource)] == ingressIPResource {
					c.s.controller().Remove(gips, key[len(ingressIPResource)+1:])
				}
			}
			assert.Equal(t, c.free, modeltest.Check(noFreeWhileExported(testOptions), c.s.Done()).Status)
		})
	}
}

func headlessWithoutPod() *story {
	s := headlessStory()
	s.user().Remove(pods, "ns/db-0")
	return s
}

// What is ready behind an exported headless service has its own IP, or waits for
// one when the pool is too small, which others' addresses make it.
func TestHeadlessConverges(t *testing.T) {
	editPod := func(s *story, edit func(*corev1.Pod)) {
		s.user().Do(modeltest.Write{Verb: "update", Resource: pods, Key: "ns/db-0"}, func(old runtime.Object) runtime.Object {
			edit(old.(*corev1.Pod))
			return old
		})
	}
	for name, c := range map[string]struct {
		change func(*story)
		want   model.Status
	}{
		"served":  {func(*story) {}, model.Held},
		"not yet": {func(s *story) { s.controller().report("ns/pod-db-0", "", "False", "ClaimFailed") }, model.Violated},
		"second pod without": {func(s *story) {
			s.user().CreatePod("ns/db-1", "db")
		}, model.Violated},
		"second pod that is not ready": {func(s *story) {
			s.user().CreatePod("ns/db-1", "db")
			s.user().Do(modeltest.Write{Verb: "update", Resource: pods, Key: "ns/db-1"}, func(old runtime.Object) runtime.Object {
				old.(*corev1.Pod).Status.Conditions = nil
				return old
			})
		}, model.Held},
		"pod without an address yet": {func(s *story) {
			s.controller().Remove(gips, "ns/pod-db-0")
			editPod(s, func(p *corev1.Pod) { p.Status.PodIP = "" })
		}, model.Held},
		"two for one pod": {func(s *story) {
			s.controller().createHeadless("ns/pod-db-0.again", "db", "db-0", "")
		}, model.Violated},
	} {
		t.Run(name, func(t *testing.T) {
			s := headlessStory()
			c.change(s)
			headless := testOptions
			headless.Headless = true
			result := modeltest.Check(converges(headless), s.Done())
			assert.Equal(t, c.want, result.Status, result.Message)
			result = modeltest.Check(converges(testOptions), s.Done())
			assert.Equal(t, model.Held, result.Status, "not asked of a subject that promises nothing: %s", result.Message)
		})
	}
}

// Without a selector it is each IPv4 address among the Endpoints that has its own IP.
func TestHeadlessEndpointsConverge(t *testing.T) {
	for name, c := range map[string]struct {
		ready, notReady []string
		all             bool // publishNotReadyAddresses
		message         string
	}{
		"served":                {ready: []string{"192.0.2.7"}},
		"listed twice":          {ready: []string{"192.0.2.7", "192.0.2.7"}},
		"a second one":          {ready: []string{"192.0.2.7", "192.0.2.8"}, message: "endpoint 192.0.2.8 of exported service ns/db has no GlobalIngressIP"},
		"IPv6":                  {ready: []string{"192.0.2.7", "2001:db8::1"}},
		"one that is not ready": {ready: []string{"192.0.2.7"}, notReady: []string{"192.0.2.8"}},
		"one that is published all the same": {ready: []string{"192.0.2.7"}, notReady: []string{"192.0.2.8"}, all: true,
			message: "endpoint 192.0.2.8 of exported service ns/db has no GlobalIngressIP"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory()
			s.user().exportHeadless("ns/db", nil)
			s.user().EditService("ns/db", func(service *corev1.Service) { service.Spec.PublishNotReadyAddresses = c.all })
			s.user().SetEndpoints("ns/db", c.ready...)
			s.user().Do(modeltest.Write{Verb: "update", Resource: endpoints, Key: "ns/db"}, func(old runtime.Object) runtime.Object {
				//lint:ignore SA1019 as for setEndpoints
				subset := &old.(*corev1.Endpoints).Subsets[0]
				for _, address := range c.notReady {
					subset.NotReadyAddresses = append(subset.NotReadyAddresses, corev1.EndpointAddress{IP: address})
				}
				return old
			})
			s.controller().createHeadless("ns/ep-db-192.0.2.7", "db", "", "192.0.2.7")
			s.controller().status("ns/ep-db-192.0.2.7", first)
			headless := testOptions
			headless.Headless = true
			modeltest.AssertLiveness(t, converges(headless), s.Done(), c.message, name)
		})
	}
}
