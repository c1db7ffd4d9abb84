package globalnet

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/internal/modeltest"
)

// Goal: steps in the wrong order are found though the end is as it should be. Method:
// the life of a service and of a pod, told in the right order and in wrong ones; and for
// each excuse a story of what it must not excuse.

// writesDown notes an address on a GlobalIngressIP.
func (t teller) writesDown(key, ip string) {
	t.Do(modeltest.Write{Verb: "update", Resource: gips, Key: key}, func(old runtime.Object) runtime.Object {
		u := old.(*unstructured.Unstructured)
		notes := u.GetAnnotations()
		if notes == nil {
			notes = map[string]string{}
		}
		notes[addressNote] = ip
		u.SetAnnotations(notes)
		return u
	})
}

func order(t *testing.T, name string) model.Property {
	return modeltest.ByName(t, Order(promising), name)
}

func TestWrittenFirst(t *testing.T) {
	checkTold(t, order(t, "written-first"), func() *story { return exported("ns/a", "ns/b") }, []toldCase{
		{"written down", "", func(s *story) {
			s.controller().createOurs("ns/a")
			s.controller().writesDown("ns/a", first)
			s.controller().claim(first, "ns/a")
		}, model.Held},
		{"not written down", "a claim whose creation is not known is never found again", func(s *story) {
			s.controller().createOurs("ns/a")
			s.controller().claim(first, "ns/a")
		}, model.Violated},
		{"written down afterwards", "", func(s *story) {
			s.controller().createOurs("ns/a")
			s.controller().claim(first, "ns/a")
			s.controller().writesDown("ns/a", first)
		}, model.Violated},
		{"written down elsewhere", "on that of another service", func(s *story) {
			s.controller().createOurs("ns/a")
			s.controller().createOurs("ns/b")
			s.controller().writesDown("ns/b", first)
			s.controller().claim(first, "ns/a")
		}, model.Violated},
		{"another one since", "the creation was late", func(s *story) {
			s.controller().createOurs("ns/a")
			s.controller().writesDown("ns/a", first)
			s.controller().writesDown("ns/a", second)
			s.controller().claim(first, "ns/a")
		}, model.Held},
		{"by a user", "users may claim what they like", func(s *story) { s.user().claim(first, "ns/a") }, model.Held},
	})
}

func TestReleasedInOrder(t *testing.T) {
	checkTold(t, order(t, "released-in-order"), func() *story {
		s := exported("ns/a")
		s.controller().serve("ns/a", first)
		s.user().unexport("ns/a")
		s.controller().deleteIngressIP("ns/a")
		return s
	}, []toldCase{
		{"in order", "", func(s *story) {
			s.controller().status("ns/a", "")
			s.controller().unroute("ns/a")
			s.controller().unclaim(first)
			s.controller().Finalize(gips, "ns/a")
		}, model.Held},
		{"the claim last", "", func(s *story) {
			s.controller().status("ns/a", "")
			s.controller().unroute("ns/a")
			s.controller().Finalize(gips, "ns/a")
			s.controller().unclaim(first)
		}, model.Violated},
		{"exported again", "the claim is kept for the next one", func(s *story) {
			s.controller().status("ns/a", "")
			s.user().export("ns/a")
			s.controller().Finalize(gips, "ns/a")
		}, model.Held},
		{"exported again, and noticed late", "what is withdrawn was proven gone before", func(s *story) {
			s.user().export("ns/a")
			s.controller().status("ns/a", "")
			s.controller().Finalize(gips, "ns/a")
		}, model.Held},
		{"another service exported", "in another namespace, which is no excuse", func(s *story) {
			s.controller().status("ns/a", "")
			s.user().CreateService("other/b")
			s.user().export("other/b")
			s.controller().Finalize(gips, "ns/a")
		}, model.Violated},
		{"kept", "its IP was never withdrawn", func(s *story) { s.controller().Finalize(gips, "ns/a") }, model.Held},
		{"a claim that came late", "it is another one", func(s *story) {
			s.controller().status("ns/a", "")
			s.controller().unclaim(first)
			s.controller().claim(first, "ns/a")
			s.controller().Finalize(gips, "ns/a")
		}, model.Held},
		{"by a user", "who takes finalizers away", func(s *story) {
			s.controller().status("ns/a", "")
			s.user().Finalize(gips, "ns/a")
		}, model.Held},
	})
}

func TestReadyFirst(t *testing.T) {
	unready := func(s *story) {
		s.user().Create(pods, "ns/db-0", &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "db-0", Labels: map[string]string{"app": "db"}},
			Status:     corev1.PodStatus{Phase: corev1.PodRunning, PodIP: "10.244.0.9"},
		})
	}
	made := func(s *story) { s.controller().createHeadless("ns/pod-db-0", "db", "db-0", "") }
	checkTold(t, order(t, "ready-first"), func() *story {
		s := newStory()
		s.user().exportHeadless("ns/db", map[string]string{"app": "db"})
		return s
	}, []toldCase{
		{"ready", "", func(s *story) { s.user().CreatePod("ns/db-0", "db"); made(s) }, model.Held},
		{"not ready", "", func(s *story) { unready(s); made(s) }, model.Violated},
		{"not ready any more", "a cache may not know", func(s *story) {
			s.user().CreatePod("ns/db-0", "db")
			s.user().Remove(pods, "ns/db-0")
			unready(s)
			made(s)
		}, model.Held},
		{"another pod is ready", "", func(s *story) { s.user().CreatePod("ns/db-1", "db"); unready(s); made(s) }, model.Violated},
		{"published all the same", "", func(s *story) {
			s.user().EditService("ns/db", func(service *corev1.Service) { service.Spec.PublishNotReadyAddresses = true })
			unready(s)
			made(s)
		}, model.Held},
		{"by a user", "", func(s *story) { unready(s); s.user().createHeadless("ns/pod-db-0", "db", "db-0", "") }, model.Held},
		{"an endpoint that is listed", "", func(s *story) {
			s.user().SetEndpoints("ns/db", "10.2.0.1")
			s.controller().createHeadless("ns/ep-db", "db", "", "10.2.0.1")
		}, model.Held},
		{"an endpoint that is not", "", func(s *story) {
			s.user().SetEndpoints("ns/db", "10.2.0.1")
			s.controller().createHeadless("ns/ep-db", "db", "", "10.2.0.2")
		}, model.Violated},
	})
}
