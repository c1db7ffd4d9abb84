package model

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// A story is told by a store that is correct, so it always holds; each bad
// history is a good one with one answer falsified.

// get reads an object, or is told that there is none.
func (t teller) get(r resource, key string) *Call {
	namespace, name := split(key)
	t.seq += 2
	made := Call{
		ID: uint64(len(t.Calls) + 1), Process: t.process, Incarnation: 1, Verb: "get", Group: r.group, Version: r.version, Resource: r.name,
		Namespace: namespace, Name: name, CallSeq: t.seq - 1, ReturnSeq: t.seq, Outcome: Failed, Code: 404,
		Response: []byte(`{"kind":"Status","reason":"NotFound"}`),
	}
	if object := t.stored[r.name+" "+key]; object != nil {
		made.Outcome, made.Code = OK, 200
		made.Response, made.ResponseType = t.encode(object, r)
	}
	t.Calls = append(t.Calls, made)
	return &t.Calls[len(t.Calls)-1]
}

func storeStory() *story {
	s := exported("ns/a")
	c := s.controller()
	c.protobuf = true
	c.get(gips, "ns/a")
	c.serve("ns/a", first)
	c.get(gips, "ns/a")
	c.get(services, internalName("ns/a"))
	s.user().lost().editService("ns/a", func(service *corev1.Service) { service.Spec.Ports[0].Port = 81 })
	c.get(services, "ns/a")
	s.user().dropped().unexport("ns/a")
	c.get(exports, "ns/a")
	s.user().unexport("ns/a")
	c.retire("ns/a", first)
	c.get(gips, "ns/a")
	s.user().deleteService("ns/a")
	s.user().createService("ns/a")
	c.get(services, "ns/a")
	return s
}

func TestStoreLinearizable(t *testing.T) {
	assert.Equal(t, Held, check(storeLinearizable(), storeStory().end()).Status)

	version := func(body []byte, v int) []byte {
		before, rest, _ := strings.Cut(string(body), `"resourceVersion":"`)
		_, after, _ := strings.Cut(rest, `"`)
		return []byte(fmt.Sprintf(`%s"resourceVersion":"%d"%s`, before, v, after))
	}
	for _, c := range []struct {
		name, explanation string
		falsify           func(*story)
	}{
		{"stale read", "a quorum read must not see an older version", func(s *story) {
			c := s.called(t, "get", gips, "ns/a", 1)
			c.Response = version(c.Response, 3)
		}},
		{"read of the future", "no write has made that version yet", func(s *story) {
			c := s.called(t, "get", gips, "ns/a", 1)
			c.Response = version(c.Response, 999)
		}},
		{"lost object", "a 404 for what is there", func(s *story) {
			c := s.called(t, "get", gips, "ns/a", 1)
			c.Outcome, c.Code, c.Response = Failed, 404, []byte(`{"kind":"Status","reason":"NotFound"}`)
		}},
		{"resurrected", "a read of what was removed", func(s *story) {
			c := s.called(t, "get", gips, "ns/a", 2)
			c.Outcome, c.Code, c.Response = OK, 200, []byte(`{"metadata":{"resourceVersion":"6"}}`)
		}},
		{"lost update", "the precondition was not met, yet the write was accepted", func(s *story) {
			c := s.called(t, "update", gips, "ns/a", 0)
			c.Request = version(c.Request, 1)
		}},
		{"false conflict", "the precondition was met, yet the write was refused", func(s *story) {
			read := s.called(t, "get", gips, "ns/a", 1)
			refused := *read
			refused.Verb, refused.Outcome, refused.Code, refused.Request = "update", Failed, 409, read.Response
			refused.Response = []byte(`{"reason":"Conflict","message":"the object has been modified; please apply your changes"}`)
			*read = refused
		}},
		{"false AlreadyExists", "nothing was there", func(s *story) {
			c := s.called(t, "get", gips, "ns/a", 0)
			c.Verb, c.Code, c.Response = "create", 409, []byte(`{"reason":"AlreadyExists"}`)
		}},
		{"created twice", "the first was never removed", func(s *story) {
			s.called(t, "get", gips, "ns/a", 1).Verb = "create"
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := storeStory()
			c.falsify(s)
			result := check(storeLinearizable(), s.end())
			require.Equal(t, Violated, result.Status, c.explanation)
			assert.NotZero(t, result.Culprit.CallID)
			var page strings.Builder
			require.NoError(t, result.Visualize(&page))
			assert.Contains(t, page.String(), "globalingressips")
		})
	}
}

// What is refused for a good reason is explained by it; a write that changes nothing
// makes no commit.
func TestStoreExplainsRefusals(t *testing.T) {
	s := newStory()
	s.user().createService("ns/a")
	old := s.controller().get(services, "ns/a").Response
	s.user().editService("ns/a", func(service *corev1.Service) { service.Spec.Ports[0].Port = 81 })
	present := s.controller().get(services, "ns/a").Response

	stale := s.controller().get(services, "ns/a")
	stale.Verb, stale.Outcome, stale.Code, stale.Request = "update", Failed, 409, old
	stale.Response = []byte(`{"reason":"Conflict","message":"the object has been modified; please apply your changes"}`)
	exists := s.controller().get(services, "ns/a")
	exists.Verb, exists.Outcome, exists.Code, exists.Response = "create", Failed, 409, []byte(`{"reason":"AlreadyExists"}`)
	idle := s.controller().get(services, "ns/a")
	idle.Verb, idle.Request = "update", present
	assert.Equal(t, Held, check(storeLinearizable(), s.end()).Status)

	idle.Request = old
	assert.Equal(t, Violated, check(storeLinearizable(), s.end()).Status, "accepted though the precondition was not met")
}

// A search that runs out of its budget is no pass.
func TestStoreSearchThatIsTooLongIsUndecided(t *testing.T) {
	s := newStory()
	s.user().createService("ns/a")
	for range 30 { // each may come before or after each other, and leaves another version
		s.user().editService("ns/a", func(service *corev1.Service) { service.Spec.Ports[0].Port++ })
		write := &s.Calls[len(s.Calls)-1]
		write.CallSeq, write.ReturnSeq = 100, 200
		write.Request = nil // it demands nothing
	}
	read := s.controller().get(services, "ns/a")
	read.CallSeq, read.ReturnSeq = 300, 301
	read.Response = []byte(`{"metadata":{"resourceVersion":"999"}}`)
	result := check(storeLinearizable(), s.end())
	assert.Equal(t, Undecided, result.Status)
	assert.Contains(t, result.Message, "too many orders to search")
}

// called finds the n-th call of a verb to an object.
func (s *story) called(t *testing.T, verb string, r resource, key string, n int) *Call {
	for i := range s.Calls {
		c := &s.Calls[i]
		if c.Verb == verb && c.Resource == r.name && c.Namespace+"/"+c.Name == key {
			if n == 0 {
				return c
			}
			n--
		}
	}
	require.FailNow(t, "no such call", "%s %s %s", verb, r.name, key)
	return nil
}

// A read that overlaps a write may see either version; the culprit of two
// reads in the wrong order is the second one.
func TestStoreConcurrency(t *testing.T) {
	tell := func(older, newer [2]uint64) *story {
		s := newStory()
		s.user().createService("ns/a")
		c := s.controller()
		sawNew, sawOld := c.get(services, "ns/a").ID, c.get(services, "ns/a").ID
		s.user().editService("ns/a", func(service *corev1.Service) { service.Spec.Ports[0].Port = 81 })
		write := &s.Calls[len(s.Calls)-1]
		write.CallSeq, write.ReturnSeq = 100, 200
		s.Calls[sawNew-1].Response = write.Response
		overlap(&s.Calls[sawNew-1], newer[0], newer[1])
		overlap(&s.Calls[sawOld-1], older[0], older[1])
		return s
	}
	assert.Equal(t, Held, check(storeLinearizable(), tell([2]uint64{110, 115}, [2]uint64{120, 125}).end()).Status, "old, then new")
	assert.Equal(t, Held, check(storeLinearizable(), tell([2]uint64{110, 125}, [2]uint64{115, 120}).end()).Status, "at the same time")
	assert.Equal(t, Held, check(storeLinearizable(), tell([2]uint64{60, 70}, [2]uint64{90, 125}).end()).Status, "begun before the write, ended after it")
	result := check(storeLinearizable(), tell([2]uint64{120, 125}, [2]uint64{110, 115}).end())
	require.Equal(t, Violated, result.Status, "new, then old")
	assert.EqualValues(t, 125, result.Culprit.Seq)
	assert.EqualValues(t, 3, result.Culprit.CallID)
}

// A get at a given resourceVersion may be stale.
func TestStoreStaleRead(t *testing.T) {
	s := newStory()
	s.user().createService("ns/a")
	stale := s.controller().get(services, "ns/a").Response
	s.user().editService("ns/a", func(service *corev1.Service) { service.Spec.Ports[0].Port = 81 })
	read := s.controller().get(services, "ns/a")
	read.Response, read.Query = stale, "resourceVersion=0"
	assert.Equal(t, Held, check(storeLinearizable(), s.end()).Status)
	read.Query = ""
	assert.Equal(t, Violated, check(storeLinearizable(), s.end()).Status)
}

// What the server does of its own accord is in the log alone.
func TestStoreServerWrites(t *testing.T) {
	s := exported("ns/a")
	s.controller().createIngressIP("ns/a")
	s.collect(gips, "ns/a")
	s.controller().get(gips, "ns/a")
	require.Equal(t, Held, check(storeLinearizable(), s.end()).Status)
	s.Commits = s.Commits[:len(s.Commits)-1]
	assert.Equal(t, Violated, check(storeLinearizable(), s.end()).Status, "without that commit the 404 is a lie")
}

// The first resourceVersion of a body is the object's.
func TestResourceVersion(t *testing.T) {
	var s story
	s.stored = map[string]runtime.Object{}
	s.user().createService("ns/a")
	service := s.stored["services ns/a"].(*corev1.Service)
	service.Annotations = map[string]string{"last-applied": `{"metadata":{"resourceVersion":"77"}}`}
	service.ResourceVersion = "42"
	for _, protobuf := range []bool{false, true} {
		teller := s.user()
		teller.protobuf = protobuf
		raw, mediaType := teller.encode(service, services)
		assert.EqualValues(t, 42, resourceVersion(raw), mediaType)
	}
	assert.Zero(t, resourceVersion([]byte(`{"kind":"Status","metadata":{}}`)))
	assert.Zero(t, resourceVersion(nil))
}
