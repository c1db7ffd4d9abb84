package model_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/internal/modeltest"
)

// A story is told by a store that is correct, so it always holds; each bad
// history is a good one with one answer falsified.

var widgets = modeltest.Resource{Group: "example.com", Version: "v1", Name: "widgets", Kind: "Widget"}

const finalizer = "example.com/keep"

func createWidget(c modeltest.Teller, key string) {
	widget := modeltest.Custom(widgets, key, nil)
	widget.SetFinalizers([]string{finalizer})
	c.Create(widgets, key, widget)
}

// report writes the status of a widget.
func report(c modeltest.Teller, key, phase string) {
	c.Do(modeltest.Write{Verb: "update", Resource: widgets, Key: key, Subresource: "status"}, func(old runtime.Object) runtime.Object {
		old.(*unstructured.Unstructured).Object["status"] = map[string]any{"phase": phase}
		return old
	})
}

// storeStory is of a service that users make and a controller that makes, reports
// and removes a widget for it; answers get lost, and so do requests.
func storeStory() *modeltest.Story {
	s := modeltest.New()
	s.User().CreateService("ns/a")
	c := s.Controller()
	c.Protobuf = true
	c.Get(widgets, "ns/a")
	createWidget(c, "ns/a")
	report(c, "ns/a", "Ready")
	c.Get(widgets, "ns/a")
	c.Get(modeltest.Services, "ns/a")
	s.User().Lost().EditService("ns/a", func(service *corev1.Service) { service.Spec.Ports[0].Port = 81 })
	c.Get(modeltest.Services, "ns/a")
	s.User().Dropped().DeleteService("ns/a")
	c.Get(modeltest.Services, "ns/a")
	s.User().DeleteService("ns/a")
	c.Remove(widgets, "ns/a")
	report(c, "ns/a", "Leaving")
	c.Finalize(widgets, "ns/a")
	c.Get(widgets, "ns/a")
	s.User().CreateService("ns/a")
	c.Get(modeltest.Services, "ns/a")
	return s
}

func TestStoreLinearizable(t *testing.T) {
	assert.Equal(t, model.Held, modeltest.Check(generic(t, "store-linearizable"), storeStory().Done()).Status)

	version := func(body []byte, v int) []byte {
		before, rest, _ := strings.Cut(string(body), `"resourceVersion":"`)
		_, after, _ := strings.Cut(rest, `"`)
		return []byte(fmt.Sprintf(`%s"resourceVersion":"%d"%s`, before, v, after))
	}
	for _, c := range []struct {
		name, explanation string
		falsify           func(*modeltest.Story)
	}{
		{"stale read", "a quorum read must not see an older version", func(s *modeltest.Story) {
			c := called(t, s, "get", widgets, "ns/a", 1)
			c.Response = version(c.Response, 2)
		}},
		{"read of the future", "no write has made that version yet", func(s *modeltest.Story) {
			c := called(t, s, "get", widgets, "ns/a", 1)
			c.Response = version(c.Response, 999)
		}},
		{"lost object", "a 404 for what is there", func(s *modeltest.Story) {
			c := called(t, s, "get", widgets, "ns/a", 1)
			c.Outcome, c.Code, c.Response = model.Failed, 404, []byte(`{"kind":"Status","reason":"NotFound"}`)
		}},
		{"resurrected", "a read of what was removed", func(s *modeltest.Story) {
			c := called(t, s, "get", widgets, "ns/a", 2)
			c.Outcome, c.Code, c.Response = model.OK, 200, []byte(`{"metadata":{"resourceVersion":"6"}}`)
		}},
		{"lost update", "the precondition was not met, yet the write was accepted", func(s *modeltest.Story) {
			c := called(t, s, "update", widgets, "ns/a", 0)
			c.Request = version(c.Request, 1)
		}},
		{"false conflict", "the precondition was met, yet the write was refused", func(s *modeltest.Story) {
			read := called(t, s, "get", widgets, "ns/a", 1)
			refused := *read
			refused.Verb, refused.Outcome, refused.Code, refused.Request = "update", model.Failed, 409, read.Response
			refused.Response = []byte(`{"reason":"Conflict","message":"the object has been modified; please apply your changes"}`)
			*read = refused
		}},
		{"false AlreadyExists", "nothing was there", func(s *modeltest.Story) {
			c := called(t, s, "get", widgets, "ns/a", 0)
			c.Verb, c.Code, c.Response = "create", 409, []byte(`{"reason":"AlreadyExists"}`)
		}},
		{"created twice", "the first was never removed", func(s *modeltest.Story) {
			called(t, s, "get", widgets, "ns/a", 1).Verb = "create"
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := storeStory()
			c.falsify(s)
			result := modeltest.Check(generic(t, "store-linearizable"), s.Done())
			require.Equal(t, model.Violated, result.Status, c.explanation)
			assert.NotZero(t, result.Culprit.CallID)
			var page strings.Builder
			require.NoError(t, result.Visualize(&page))
			assert.Contains(t, page.String(), "widgets")
		})
	}
}

// What is refused for a good reason is explained by it; a write that changes nothing
// makes no commit.
func TestStoreExplainsRefusals(t *testing.T) {
	s := modeltest.New()
	s.User().CreateService("ns/a")
	old := s.Controller().Get(modeltest.Services, "ns/a").Response
	s.User().EditService("ns/a", func(service *corev1.Service) { service.Spec.Ports[0].Port = 81 })
	present := s.Controller().Get(modeltest.Services, "ns/a").Response

	stale := s.Controller().Get(modeltest.Services, "ns/a")
	stale.Verb, stale.Outcome, stale.Code, stale.Request = "update", model.Failed, 409, old
	stale.Response = []byte(`{"reason":"Conflict","message":"the object has been modified; please apply your changes"}`)
	exists := s.Controller().Get(modeltest.Services, "ns/a")
	exists.Verb, exists.Outcome, exists.Code, exists.Response = "create", model.Failed, 409, []byte(`{"reason":"AlreadyExists"}`)
	idle := s.Controller().Get(modeltest.Services, "ns/a")
	idle.Verb, idle.Request = "update", present
	assert.Equal(t, model.Held, modeltest.Check(generic(t, "store-linearizable"), s.Done()).Status)

	idle.Request = old
	assert.Equal(t, model.Violated, modeltest.Check(generic(t, "store-linearizable"), s.Done()).Status, "accepted though the precondition was not met")
}

// A search that runs out of its budget is no pass.
func TestStoreSearchThatIsTooLongIsUndecided(t *testing.T) {
	s := modeltest.New()
	s.User().CreateService("ns/a")
	for range 30 { // each may come before or after each other, and leaves another version
		s.User().EditService("ns/a", func(service *corev1.Service) { service.Spec.Ports[0].Port++ })
		write := &s.Calls[len(s.Calls)-1]
		write.CallSeq, write.ReturnSeq = 100, 200
		write.Request = nil // it demands nothing
	}
	read := s.Controller().Get(modeltest.Services, "ns/a")
	read.CallSeq, read.ReturnSeq = 300, 301
	read.Response = []byte(`{"metadata":{"resourceVersion":"999"}}`)
	result := modeltest.Check(generic(t, "store-linearizable"), s.Done())
	assert.Equal(t, model.Undecided, result.Status)
	assert.Contains(t, result.Message, "too many orders to search")
}

// called finds the n-th call of a verb to an object.
func called(t *testing.T, s *modeltest.Story, verb string, r modeltest.Resource, key string, n int) *model.Call {
	for i := range s.Calls {
		c := &s.Calls[i]
		if c.Verb == verb && c.Resource == r.Name && c.Namespace+"/"+c.Name == key {
			if n == 0 {
				return c
			}
			n--
		}
	}
	require.FailNow(t, "no such call", "%s %s %s", verb, r.Name, key)
	return nil
}

// A read that overlaps a write may see either version; the culprit of two
// reads in the wrong order is the second one.
func TestStoreConcurrency(t *testing.T) {
	tell := func(older, newer [2]uint64) *modeltest.Story {
		s := modeltest.New()
		s.User().CreateService("ns/a")
		c := s.Controller()
		sawNew, sawOld := c.Get(modeltest.Services, "ns/a").ID, c.Get(modeltest.Services, "ns/a").ID
		s.User().EditService("ns/a", func(service *corev1.Service) { service.Spec.Ports[0].Port = 81 })
		write := &s.Calls[len(s.Calls)-1]
		write.CallSeq, write.ReturnSeq = 100, 200
		s.Calls[sawNew-1].Response = write.Response
		s.Calls[sawNew-1].CallSeq, s.Calls[sawNew-1].ReturnSeq = newer[0], newer[1]
		s.Calls[sawOld-1].CallSeq, s.Calls[sawOld-1].ReturnSeq = older[0], older[1]
		return s
	}
	assert.Equal(t, model.Held, modeltest.Check(generic(t, "store-linearizable"), tell([2]uint64{110, 115}, [2]uint64{120, 125}).Done()).Status, "old, then new")
	assert.Equal(t, model.Held, modeltest.Check(generic(t, "store-linearizable"), tell([2]uint64{110, 125}, [2]uint64{115, 120}).Done()).Status, "at the same time")
	assert.Equal(t, model.Held, modeltest.Check(generic(t, "store-linearizable"), tell([2]uint64{60, 70}, [2]uint64{90, 125}).Done()).Status, "begun before the write, ended after it")
	result := modeltest.Check(generic(t, "store-linearizable"), tell([2]uint64{120, 125}, [2]uint64{110, 115}).Done())
	require.Equal(t, model.Violated, result.Status, "new, then old")
	assert.EqualValues(t, 125, result.Culprit.Seq)
	assert.EqualValues(t, 3, result.Culprit.CallID)
}

// A get at a given resourceVersion may be stale.
func TestStoreStaleRead(t *testing.T) {
	s := modeltest.New()
	s.User().CreateService("ns/a")
	stale := s.Controller().Get(modeltest.Services, "ns/a").Response
	s.User().EditService("ns/a", func(service *corev1.Service) { service.Spec.Ports[0].Port = 81 })
	read := s.Controller().Get(modeltest.Services, "ns/a")
	read.Response, read.Query = stale, "resourceVersion=0"
	assert.Equal(t, model.Held, modeltest.Check(generic(t, "store-linearizable"), s.Done()).Status)
	read.Query = ""
	assert.Equal(t, model.Violated, modeltest.Check(generic(t, "store-linearizable"), s.Done()).Status)
}

// What the server does of its own accord is in the log alone.
func TestStoreServerWrites(t *testing.T) {
	s := modeltest.New()
	createWidget(s.Controller(), "ns/a")
	s.Collect(widgets, "ns/a")
	s.Controller().Get(widgets, "ns/a")
	require.Equal(t, model.Held, modeltest.Check(generic(t, "store-linearizable"), s.Done()).Status)
	s.Commits = s.Commits[:len(s.Commits)-1]
	assert.Equal(t, model.Violated, modeltest.Check(generic(t, "store-linearizable"), s.Done()).Status, "without that commit the 404 is a lie")
}

// The first resourceVersion of a body is the object's.
func TestResourceVersion(t *testing.T) {
	s := modeltest.New()
	s.User().CreateService("ns/a")
	service := s.Stored["services ns/a"].(*corev1.Service)
	service.Annotations = map[string]string{"last-applied": `{"metadata":{"resourceVersion":"77"}}`}
	service.ResourceVersion = "42"
	for _, protobuf := range []bool{false, true} {
		teller := s.User()
		teller.Protobuf = protobuf
		raw, mediaType := teller.Encode(service, modeltest.Services)
		assert.EqualValues(t, 42, model.ResourceVersion(raw), mediaType)
	}
	assert.Zero(t, model.ResourceVersion([]byte(`{"kind":"Status","metadata":{}}`)))
	assert.Zero(t, model.ResourceVersion(nil))
}
