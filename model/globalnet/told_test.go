package globalnet

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/internal/modeltest"
)

// Goal: a controller that says nothing, something false, or everything again and
// again is found. Method: stories in which the allocation itself is as it should be.

var events = modeltest.Resource{Version: "v1", Name: "events", Kind: "Event"}

// tells records an Event about a GlobalIngressIP.
func (t teller) tells(key, reason, message string) {
	object := t.Stored["globalingressips "+key]
	t.tellsOf(key, model.Metadata(object).GetUID(), reason, message)
}

func (t teller) tellsOf(key string, uid types.UID, reason, message string) {
	namespace, name := modeltest.Split(key)
	full := fmt.Sprintf("%s.%d", key, t.Seq)
	t.Create(events, full, &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: namespace, Name: full},
		InvolvedObject: corev1.ObjectReference{Kind: "GlobalIngressIP", Namespace: namespace, Name: name, UID: uid},
		Reason:         reason, Message: message, Count: 1,
	})
}

func told(t *testing.T, name string) model.Property { return modeltest.ByName(t, Told(), name) }

type toldCase struct {
	name, explanation string
	tell              func(*story)
	want              model.Status
}

func checkTold(t *testing.T, property model.Property, begin func() *story, cases []toldCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := begin()
			c.tell(s)
			result := modeltest.Check(property, s.Done())
			assert.Equal(t, c.want, result.Status, "%s: %s", c.explanation, result.Message)
		})
	}
}

func TestStatusCoherent(t *testing.T) {
	writes := func(s *story, c teller, edit func(condition map[string]any) []any) {
		c.Do(modeltest.Write{Verb: "update", Resource: gips, Key: "ns/a", Subresource: "status"}, func(old runtime.Object) runtime.Object {
			status := old.(*unstructured.Unstructured).Object["status"].(map[string]any)
			status["conditions"] = edit(status["conditions"].([]any)[0].(map[string]any))
			return old
		})
	}
	checkTold(t, told(t, "status-coherent"), func() *story { return calm("ns/a") }, []toldCase{
		{"well", "", func(s *story) { s.controller().report("ns/a", first, "Unknown", "VerificationFailed") }, model.Held},
		{"twice", "one type, two conditions", func(s *story) {
			writes(s, s.controller(), func(c map[string]any) []any { return []any{c, c} })
		}, model.Violated},
		{"by a user", "users may write what they like", func(s *story) {
			writes(s, s.user(), func(c map[string]any) []any { return []any{c, c} })
		}, model.Held},
		{"of no generation", "", func(s *story) {
			writes(s, s.controller(), func(c map[string]any) []any { delete(c, "observedGeneration"); return []any{c} })
		}, model.Violated},
		{"true of nothing", "Allocated without an IP", func(s *story) { s.controller().status("ns/a", "") }, model.Violated},
	})
}

func TestTroubleTold(t *testing.T) {
	fails := func(s *story, c teller, n int, pause time.Duration) {
		for range n {
			s.Wait(pause)
			call := c.Get(services, "ns/a")
			call.Called, call.Outcome, call.Code = s.Now, model.Failed, 503
		}
	}
	checkTold(t, told(t, "trouble-told"), func() *story { return calm("ns/a") }, []toldCase{
		{"told", "in time", func(s *story) {
			fails(s, s.controller(), 3, time.Second)
			s.controller().report("ns/a", first, "Unknown", "VerificationFailed")
			fails(s, s.controller(), 20, 10*time.Second)
		}, model.Held},
		{"never told", "the condition says that all is well", func(s *story) { fails(s, s.controller(), 20, 10*time.Second) }, model.Violated},
		{"over soon", "fewer than eight failures", func(s *story) { fails(s, s.controller(), 8, 10*time.Second) }, model.Held},
		{"all at once", "less than 20 s", func(s *story) { fails(s, s.controller(), 20, time.Second/2) }, model.Held},
		{"now and then", "a success ends the row", func(s *story) {
			for range 5 {
				fails(s, s.controller(), 6, 10*time.Second)
				s.controller().Get(services, "ns/a")
			}
		}, model.Held},
		{"absent", "that it is not there is an answer", func(s *story) {
			for range 20 {
				s.Wait(10 * time.Second)
				call := s.controller().Get(services, "ns/a")
				call.Called, call.Outcome, call.Code = s.Now, model.Failed, 404
			}
		}, model.Held},
		{"asked to wait", "a 429 is what the client keeps to itself: the program has been told nothing", func(s *story) {
			for range 20 {
				s.Wait(4 * time.Second)
				call := s.controller().Get(services, "ns/a")
				call.Called, call.Outcome, call.Code = s.Now, model.Failed, 429
			}
		}, model.Held},
		{"mute", "the status cannot be written either", func(s *story) {
			fails(s, s.controller(), 3, 10*time.Second)
			call := s.controller().refused().status("ns/a", first)
			call.Code = 503
			fails(s, s.controller(), 20, 10*time.Second)
		}, model.Held},
		{"mute before", "what could not be written before the row is no excuse", func(s *story) {
			call := s.controller().refused().status("ns/a", first)
			call.Code = 503
			s.Wait(time.Second)
			fails(s, s.controller(), 20, 10*time.Second)
		}, model.Violated},
		{"on its way out", "there is nothing to be told with", func(s *story) {
			s.user().deleteIngressIP("ns/a")
			fails(s, s.controller(), 20, 10*time.Second)
		}, model.Held},
		{"a user", "is not under test", func(s *story) {
			c := s.user()
			fails(s, c, 20, 10*time.Second)
			for i := range s.Calls {
				s.Calls[i].User = true
			}
		}, model.Held},
	})
}

func TestEventsBounded(t *testing.T) {
	say := func(c teller, n int) {
		for range n {
			c.tells("ns/a", "ServiceTypeNotSupported", "only type ClusterIP is supported")
		}
	}
	checkTold(t, told(t, "events-bounded"), func() *story { return calm("ns/a") }, []toldCase{
		{"once", "", func(s *story) { say(s.controller(), 1) }, model.Held},
		{"with every attempt", "nothing has changed in between", func(s *story) { say(s.controller(), 20) }, model.Violated},
		{"after edits that are no news", "ports are none of what it is about", func(s *story) {
			for i := range 20 {
				s.user().EditService("ns/a", func(service *corev1.Service) { service.Spec.Ports[0].Port = int32(100 + i) })
				say(s.controller(), 1)
			}
		}, model.Violated},
		{"after changes of the type", "each is news", func(s *story) {
			for i := range 20 {
				s.user().EditService("ns/a", func(service *corev1.Service) {
					service.Spec.Type = []corev1.ServiceType{corev1.ServiceTypeNodePort, corev1.ServiceTypeClusterIP}[i%2]
				})
				say(s.controller(), 1)
			}
		}, model.Held},
		{"by a user", "users may tell what they like", func(s *story) { say(s.user(), 20) }, model.Held},
	})
}

func TestEventsTold(t *testing.T) {
	begin := func() *story {
		s := calm("ns/a")
		s.user().CreateService("ns/b")
		s.user().export("ns/b")
		return s
	}
	checkTold(t, told(t, "events-told"), begin, []toldCase{
		{"told", "", func(s *story) {
			s.controller().serveOurs("ns/b", second)
			s.controller().tells("ns/b", reasonAllocated, "Allocated global IP")
		}, model.Held},
		{"not told", "", func(s *story) { s.controller().serveOurs("ns/b", second) }, model.Violated},
		{"told of another", "", func(s *story) {
			s.controller().serveOurs("ns/b", second)
			s.controller().tells("ns/a", reasonAllocated, "Allocated global IP")
		}, model.Violated},
		{"in a storm", "Events may be lost then", func(s *story) {
			s.Disturbances = append(s.Disturbances, model.Disturbance{From: s.Now, Until: s.Now})
			s.controller().serveOurs("ns/b", second)
		}, model.Held},
		{"release told", "", func(s *story) {
			uid := model.Metadata(s.Stored["globalingressips ns/a"]).GetUID()
			s.user().unexport("ns/a")
			s.controller().retire("ns/a", first)
			s.controller().tellsOf("ns/a", uid, reasonReleased, "Released global IP")
		}, model.Held},
		{"release not told", "", func(s *story) {
			s.user().unexport("ns/a")
			s.controller().retire("ns/a", first)
		}, model.Violated},
		{"namespace on its way out", "it takes no Events", func(s *story) {
			space := modeltest.Resource{Version: "v1", Name: namespaceResource, Kind: "Namespace"}
			s.user().Create(space, "ns", &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "ns", Finalizers: []string{"kubernetes"}}})
			s.user().Remove(space, "ns")
			s.controller().retire("ns/a", first)
		}, model.Held},
	})
	assert.Equal(t, model.Undecided, modeltest.Check(told(t, "events-told"), exported("ns/a").Done()).Status)
}

func TestAnnotationsTrue(t *testing.T) {
	const key = "ns/pod-db-0"
	note := func(s *story, c teller, ip string) {
		c.Do(modeltest.Write{Verb: "update", Resource: gips, Key: key}, func(old runtime.Object) runtime.Object {
			notes := model.Metadata(old).GetAnnotations()
			notes[podIPNote] = ip
			model.Metadata(old).SetAnnotations(notes)
			return old
		})
	}
	begin := func() *story {
		s := newStory()
		s.user().exportHeadless("ns/db", map[string]string{"app": "db"})
		s.user().CreatePod("ns/db-0", "db")
		s.controller().createOursBehind(key, "db", "db-0")
		note(s, s.controller(), "10.244.0.9")
		return s
	}
	move := func(s *story, ip string) {
		s.user().editPod("ns/db-0", func(pod *corev1.Pod) { pod.Status.PodIP = ip })
	}
	checkTold(t, told(t, "annotations-true"), begin, []toldCase{
		{"there", "", func(s *story) {}, model.Held},
		{"followed", "", func(s *story) { move(s, "10.244.0.10"); note(s, s.controller(), "10.244.0.10") }, model.Held},
		{"not followed", "", func(s *story) { move(s, "10.244.0.10") }, model.Violated},
		{"edited by a user", "that is to be undone", func(s *story) { note(s, s.user(), "10.244.0.66") }, model.Violated},
		{"without an address", "nothing is known that would be true", func(s *story) { move(s, "") }, model.Held},
	})
}

func TestBacksOff(t *testing.T) {
	at := func(pace time.Duration, n int) *story {
		s := newStory()
		for i := range n {
			call := s.controller().Get(claims, first)
			call.Called, call.Outcome, call.Code = time.Duration(i)*pace, model.Failed, 503
		}
		return s
	}
	for _, c := range []struct {
		name string
		s    *story
		want model.Status
	}{
		{"every second", at(time.Second, 60), model.Violated},
		{"every second, for a short time", at(time.Second, 20), model.Held},
		{"every two seconds for minutes", at(2*time.Second, 100), model.Violated},
		{"every five seconds", at(5*time.Second, 100), model.Held},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, modeltest.Check(told(t, "backs-off"), c.s.Done()).Status)
		})
	}
}

func TestCountsTrue(t *testing.T) {
	counts := func(allocations, releases, errors, retries, waiting float64) []model.Metric {
		return []model.Metric{
			{Process: "controller", Name: metricAllocations, Value: allocations}, {Process: "controller", Name: metricReleases, Value: releases},
			{Process: "controller", Name: metricErrors, Value: errors}, {Process: "controller", Name: metricRetries, Value: retries},
			{Process: "controller", Name: metricWaiting, Value: waiting},
		}
	}
	tell := func() *story {
		s := exported("ns/a", "ns/b")
		c := s.controller()
		c.serveOurs("ns/a", first)
		s.user().unexport("ns/a")
		c.retire("ns/a", first)
		c.serveOurs("ns/b", second)
		for range 6 {
			call := c.Get(services, "ns/b")
			call.Outcome, call.Code = model.Failed, 0
		}
		refused := c.Get(services, "ns/b")
		refused.Outcome, refused.Code = model.Failed, 403
		return s
	}
	for _, c := range []struct {
		name    string
		metrics []model.Metric
		message string
	}{
		{"the truth", counts(2, 1, 7, 3, 0), ""},
		{"what client-go has tried again by itself", counts(2, 1, 1, 3, 0), ""},
		{"allocations", counts(1, 1, 7, 3, 0), "controller says globalingressip_allocations_total=1, but it was between 2 and 2"},
		{"releases", counts(2, 0, 7, 3, 0), "controller says globalingressip_releases_total=0, but it was between 1 and 1"},
		{"errors", counts(2, 1, 0, 3, 0), "controller says globalingressip_api_errors_total=0, but it was between 1 and 7"},
		{"absence counted as an error", counts(2, 1, 9, 3, 0), "controller says globalingressip_api_errors_total=9, but it was between 1 and 7"},
		{"retries", counts(2, 1, 7, 0, 0), "controller says globalingressip_retries_total=0, but 6 calls went without an answer"},
		{"who waits", counts(2, 1, 7, 3, 1), "controller says that 1 GlobalIngressIPs wait for an IP, but 0 say so of themselves"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := tell().Done()
			h.Metrics = c.metrics
			modeltest.AssertLiveness(t, countsTrue(), h, c.message, c.name)
		})
	}
}

func TestSpecKept(t *testing.T) {
	edit := func(s *story, c teller, field string, value any) {
		c.Do(modeltest.Write{Verb: "update", Resource: gips, Key: "ns/a"}, func(old runtime.Object) runtime.Object {
			old.(*unstructured.Unstructured).Object["spec"].(map[string]any)[field] = value
			return old
		})
	}
	checkTold(t, told(t, "spec-kept"), func() *story { return calm("ns/a") }, []toldCase{
		{"as it was made", "", func(s *story) {}, model.Held},
		{"another service", "an edit that stays", func(s *story) { edit(s, s.user(), "serviceRef", map[string]any{"name": "b"}) }, model.Violated},
		{"another target", "an edit that stays", func(s *story) { edit(s, s.user(), "target", targetPod) }, model.Violated},
		{"undone", "", func(s *story) {
			edit(s, s.user(), "serviceRef", map[string]any{"name": "b"})
			edit(s, s.controller(), "serviceRef", map[string]any{"name": "a"})
		}, model.Held},
		{"unexported since", "it is about to go", func(s *story) {
			edit(s, s.user(), "target", targetPod)
			s.user().unexport("ns/a")
		}, model.Held},
	})
}

func TestCallsLimited(t *testing.T) {
	waits := func(s *story, c teller, long time.Duration) *model.Call {
		call := c.Get(services, "ns/a")
		call.Returned = call.Called + long
		return call
	}
	checkTold(t, told(t, "calls-limited"), func() *story { return calm("ns/a") }, []toldCase{
		{"in time", "", func(s *story) { waits(s, s.controller(), 12*time.Second) }, model.Held},
		{"waited for", "until the connection is declared dead", func(s *story) { waits(s, s.controller(), 45*time.Second).Outcome = model.Unknown }, model.Violated},
		{"an answer in the end", "", func(s *story) { waits(s, s.controller(), 20*time.Second) }, model.Violated},
		{"given up", "nothing comes back", func(s *story) { waits(s, s.controller(), 45*time.Second).ReturnSeq = 0 }, model.Held},
		{"a list", "which may take long", func(s *story) {
			call := waits(s, s.controller(), 45*time.Second)
			call.Verb, call.Name = "list", ""
		}, model.Held},
		{"a user's", "", func(s *story) { waits(s, s.user(), 45*time.Second).User = true }, model.Held},
	})
}
