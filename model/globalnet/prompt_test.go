package globalnet

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/internal/modeltest"
)

// Goal: what is undone although nobody is at work and nothing stood in the way is
// found, and nothing else is. Method: stories that begin with the start of the
// controller and one calm minute; then something happens, and time passes.

var promising = Options{Pools: testOptions.Pools, Claims: true, Headless: true}

// calm is a story of a world at rest.
func calm(keys ...string) *story {
	s := exported(keys...)
	s.Disturbances = []model.Disturbance{{}}
	for i, key := range keys {
		s.controller().serveOurs(key, "10.1.0."+string(rune('6'-i)))
	}
	s.Wait(time.Minute)
	return s
}

func TestServedSoon(t *testing.T) {
	editPorts := func(s *story) {
		s.user().EditService("ns/a", func(service *corev1.Service) { service.Spec.Ports[0].Port = 81 })
	}
	withoutSelector := func() *story {
		s := newStory()
		s.Disturbances = []model.Disturbance{{}}
		s.user().CreateService("ns/a")
		s.user().EditService("ns/a", func(service *corev1.Service) { service.Spec.Selector = nil })
		s.user().SetEndpoints("ns/a", "192.0.2.7")
		s.user().export("ns/a")
		s.controller().serveOurs("ns/a", first)
		s.controller().SetEndpoints(internalName("ns/a"), "192.0.2.7")
		s.Wait(time.Minute)
		return s
	}
	full := func() *story {
		s := calm("ns/a", "ns/b", "ns/c", "ns/d", "ns/e", "ns/f")
		s.user().CreateService("ns/g")
		s.user().export("ns/g")
		s.controller().createOurs("ns/g")
		s.controller().report("ns/g", "", "False", reasonPoolAllocation)
		return s
	}
	for _, c := range []struct {
		name, explanation string
		tell              func() *story
		want              model.Status
	}{
		{"at rest", "everything is served", func() *story { return calm("ns/a") }, model.Held},
		{"forgotten", "exported, and nothing follows", func() *story {
			s := calm("ns/a")
			s.user().CreateService("ns/b")
			s.user().export("ns/b")
			return s
		}, model.Violated},
		{"in time", "nine seconds are no breach", func() *story {
			s := calm("ns/a")
			s.user().CreateService("ns/b")
			s.user().export("ns/b")
			s.Wait(9 * time.Second)
			s.controller().serveOurs("ns/b", second)
			return s
		}, model.Held},
		{"too late", "half a minute is, though it is served in the end", func() *story {
			s := calm("ns/a")
			s.user().CreateService("ns/b")
			s.user().export("ns/b")
			s.Wait(30 * time.Second)
			s.controller().serveOurs("ns/b", second)
			return s
		}, model.Violated},
		{"late in a storm", "a fault excuses, and what follows on it for 45 s", func() *story {
			s := calm("ns/a")
			s.user().CreateService("ns/b")
			s.user().export("ns/b")
			s.Disturbances = append(s.Disturbances, model.Disturbance{From: s.Now, Until: s.Now + time.Second})
			s.Wait(50 * time.Second)
			s.controller().serveOurs("ns/b", second)
			return s
		}, model.Held},
		{"late long after a storm", "a fault does not excuse for ever", func() *story {
			s := calm("ns/a")
			s.user().CreateService("ns/b")
			s.user().export("ns/b")
			s.Disturbances = append(s.Disturbances, model.Disturbance{From: s.Now, Until: s.Now + time.Second})
			s.Wait(60 * time.Second)
			s.controller().serveOurs("ns/b", second)
			return s
		}, model.Violated},
		{"ports followed", "", func() *story {
			s := calm("ns/a")
			editPorts(s)
			s.controller().EditService(internalName("ns/a"), func(service *corev1.Service) { service.Spec.Ports[0].Port = 81 })
			return s
		}, model.Held},
		{"ports not followed", "the data path leads to the former port", func() *story { s := calm("ns/a"); editPorts(s); return s }, model.Violated},
		{"Endpoints copied", "", withoutSelector, model.Held},
		{"Endpoints not followed", "the copy names an address that has gone", func() *story {
			s := withoutSelector()
			s.user().Remove(endpoints, "ns/a")
			s.user().SetEndpoints("ns/a", "192.0.2.8")
			return s
		}, model.Violated},
		{"copy left", "the Endpoints are gone", func() *story {
			s := withoutSelector()
			s.user().Remove(endpoints, "ns/a")
			return s
		}, model.Violated},
		{"a namesake repaired", "who shares an IP with a forged status is served again when that is mended, though nothing of its own changes", func() *story {
			s := calm("ns/a", "ns/b")
			s.user().status("ns/b", first)
			editPorts(s)
			s.controller().EditService(internalName("ns/a"), func(service *corev1.Service) { service.Spec.Ports[0].Port = 81 })
			s.controller().status("ns/b", second)
			return s
		}, model.Held},
		{"a namesake not repaired", "two have one IP for good", func() *story {
			s := calm("ns/a", "ns/b")
			s.user().status("ns/b", first)
			return s
		}, model.Violated},
		{"pool full", "who waits for what is not there lacks nothing", full, model.Held},
		{"woken", "the one freed address goes to the one who waits", func() *story {
			s := full()
			s.user().unexport("ns/a")
			s.controller().retire("ns/a", first)
			s.controller().claim(first, "ns/g")
			s.controller().route("ns/g", first)
			s.controller().status("ns/g", first)
			return s
		}, model.Held},
		{"not woken", "an address is free, and one waits", func() *story {
			s := full()
			s.user().unexport("ns/a")
			s.controller().retire("ns/a", first)
			return s
		}, model.Violated},
		{"kept by somebody else", "nobody can serve what somebody else's finalizer keeps", func() *story {
			s := calm("ns/a")
			s.user().EditService(internalName("ns/a"), func(service *corev1.Service) {
				service.Finalizers = append(service.Finalizers, "example.com/keep")
			})
			s.user().Remove(services, internalName("ns/a"))
			return s
		}, model.Held},
		{"internal Service deleted", "its own finalizer is no excuse", func() *story {
			s := calm("ns/a")
			s.user().Remove(services, internalName("ns/a"))
			return s
		}, model.Violated},
	} {
		t.Run(c.name, func(t *testing.T) {
			result := modeltest.Check(modeltest.ByName(t, Promptness(promising), "served-soon"), c.tell().Done())
			assert.Equal(t, c.want, result.Status, "%s: %s", c.explanation, result.Message)
		})
	}
}

func TestPublishedRouted(t *testing.T) {
	for _, c := range []struct {
		name, explanation string
		tell              func(*story)
		want              model.Status
	}{
		{"routed, then published", "", func(s *story) { s.controller().route("ns/b", second); s.controller().status("ns/b", second) }, model.Held},
		{"published, then routed", "for a moment the address leads nowhere", func(s *story) { s.controller().status("ns/b", second); s.controller().route("ns/b", second) }, model.Violated},
		{"the route was taken", "the subject cannot have known it yet", func(s *story) {
			s.controller().route("ns/b", second)
			s.user().unroute("ns/b")
			s.controller().status("ns/b", second)
		}, model.Held},
		{"the route was taken long ago", "by now it must know", func(s *story) {
			s.controller().route("ns/b", second)
			s.user().unroute("ns/b")
			s.Wait(20 * time.Second)
			s.controller().status("ns/b", second)
		}, model.Violated},
		{"in a storm", "a cache may have shown what was gone", func(s *story) {
			s.Disturbances = append(s.Disturbances, model.Disturbance{From: s.Now, Until: s.Now})
			s.controller().status("ns/b", second)
		}, model.Held},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := calm("ns/a")
			s.user().CreateService("ns/b")
			s.user().export("ns/b")
			s.controller().createOurs("ns/b")
			s.controller().claim(second, "ns/b")
			c.tell(s)
			result := modeltest.Check(modeltest.ByName(t, Promptness(promising), "published-routed"), s.Done())
			assert.Equal(t, c.want, result.Status, "%s: %s", c.explanation, result.Message)
		})
	}
}

// What is behind a headless service is owed a rule as long as it is one of its targets.
func TestPublishedRoutedBehindAHeadlessService(t *testing.T) {
	const key, podIP = "ns/pod-db-0", "10.244.0.9"
	for _, c := range []struct {
		name string
		tell func(*story)
		want model.Status
	}{
		{"led, then published", func(s *story) { s.controller().leads(first, key, podIP) }, model.Held},
		{"published alone", func(*story) {}, model.Violated},
		{"not selected any more", func(s *story) {
			s.user().editPod("ns/db-0", func(pod *corev1.Pod) { pod.Labels = map[string]string{"app": "quarantine"} })
		}, model.Held},
		{"another pod is not selected any more", func(s *story) {
			s.user().CreatePod("ns/db-1", "db")
			s.user().editPod("ns/db-1", func(pod *corev1.Pod) { pod.Labels = map[string]string{"app": "quarantine"} })
		}, model.Violated},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStory()
			s.Disturbances = []model.Disturbance{{}}
			s.user().exportHeadless("ns/db", map[string]string{"app": "db"})
			s.user().CreatePod("ns/db-0", "db")
			s.controller().createOursBehind(key, "db", "db-0")
			s.controller().claim(first, key)
			s.controller().leads(second, "ns/pod-db-9", podIP) // somebody leads packets here
			s.Wait(time.Minute)
			c.tell(s)
			s.controller().status(key, first)
			result := modeltest.Check(modeltest.ByName(t, Promptness(promising), "published-routed"), s.Done())
			assert.Equal(t, c.want, result.Status, result.Message)
		})
	}
}

func TestRulesFollow(t *testing.T) {
	const key, podIP = "ns/pod-db-0", "10.244.0.9"
	move := func(s *story, ip string) {
		s.user().editPod("ns/db-0", func(pod *corev1.Pod) { pod.Status.PodIP = ip })
	}
	for _, c := range []struct {
		name, explanation string
		tell              func(*story)
		want              model.Status
	}{
		{"led there", "", func(s *story) {}, model.Held},
		{"followed", "", func(s *story) { move(s, "10.244.0.10"); s.controller().leads(first, key, "10.244.0.10") }, model.Held},
		{"not followed", "packets arrive where the pod was", func(s *story) { move(s, "10.244.0.10") }, model.Violated},
		{"taken down", "a pod without an address has no rule", func(s *story) { move(s, ""); s.controller().leads(first, key, "") }, model.Held},
		{"left", "its former address may be another pod's", func(s *story) { move(s, "") }, model.Violated},
		{"nobody leads", "it is published, and nobody leads packets there", func(s *story) { s.controller().leads(first, key, "") }, model.Violated},
		{"on another machine", "what a standby has leads elsewhere", func(s *story) { s.process("other").leads(first, key, "10.244.0.77") }, model.Violated},
		{"in a storm", "a fault excuses while it lasts", func(s *story) {
			s.Disturbances = append(s.Disturbances, model.Disturbance{From: s.Now, Until: s.Now + 2*time.Minute})
			move(s, "10.244.0.10")
		}, model.Held},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStory()
			s.Disturbances = []model.Disturbance{{}}
			s.user().exportHeadless("ns/db", map[string]string{"app": "db"})
			s.user().CreatePod("ns/db-0", "db")
			s.controller().createOursBehind(key, "db", "db-0")
			s.controller().claim(first, key)
			s.controller().leads(first, key, podIP)
			s.controller().status(key, first)
			s.Wait(time.Minute)
			c.tell(s)
			result := modeltest.Check(modeltest.ByName(t, Promptness(promising), "rules-follow"), s.Done())
			assert.Equal(t, c.want, result.Status, "%s: %s", c.explanation, result.Message)
		})
	}
}

// Without knowing what stood in the way nothing is decided.
func TestPromptnessNeedsDisturbances(t *testing.T) {
	for _, property := range Promptness(promising) {
		assert.Equal(t, model.Undecided, modeltest.Check(property, exported("ns/a").Done()).Status, property.Name)
	}
}
