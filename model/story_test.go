package model

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// A story is a history told in sentences: who did what, with what outcome. It
// keeps a tiny store, so that calls, bodies and commits agree with each other
// as they would in a run. Each call takes three events (call, commit, answer)
// and 10 ms; nothing overlaps unless told so with during.
type story struct {
	History
	seq, revision, uids uint64
	now                 time.Duration
	stored              map[string]runtime.Object
}

func newStory() *story { return &story{stored: map[string]runtime.Object{}} }

// A teller says who acts and what its clients get to hear.
type teller struct {
	*story
	process     string
	incarnation int
	user        bool
	fate        fate
	protobuf    bool
}

type fate int

const (
	answered fate = iota
	lost          // the write took effect, the answer never came
	dropped       // it had no effect, and no answer came
	refused       // it was answered with an error
)

func (s *story) user() teller { return teller{story: s, process: "user", incarnation: 1, user: true} }

func (s *story) controller() teller {
	return teller{story: s, process: "controller", incarnation: 1}
}

func (s *story) process(name string) teller { return teller{story: s, process: name, incarnation: 1} }

func (t teller) lost() teller    { t.fate = lost; return t }
func (t teller) dropped() teller { t.fate = dropped; return t }
func (t teller) refused() teller { t.fate = refused; return t }

func (s *story) wait(d time.Duration) { s.now += d }

// end closes the story with two calm minutes.
func (s *story) end() *History {
	s.Cleared, s.Ended = s.now, s.now+2*time.Minute
	return &s.History
}

type resource struct{ group, version, name, kind string }

var (
	gips     = resource{ingressIPGroup, "v1", ingressIPResource, "GlobalIngressIP"}
	exports  = resource{exportGroup, "v1alpha1", exportResource, "ServiceExport"}
	claims   = resource{claimGroup, "v1", claimResource, "IPAddress"}
	services = resource{"", "v1", serviceResource, "Service"}

	pods      = resource{"", "v1", podResource, "Pod"}
	endpoints = resource{"", "v1", endpointsResource, "Endpoints"}
)

func split(key string) (namespace, name string) {
	if before, after, found := strings.Cut(key, "/"); found {
		return before, after
	}
	return "", key
}

func (t teller) create(r resource, key string, object runtime.Object) *Call {
	return t.do(call{verb: "create", resource: r, key: key}, func(runtime.Object) runtime.Object { return object })
}

type call struct {
	verb, key, subresource string
	resource               resource
}

// do makes one call: change gets what is stored (nil: nothing) and returns
// what is to be stored (nil: nothing).
func (t teller) do(c call, change func(runtime.Object) runtime.Object) *Call {
	namespace, name := split(c.key)
	id := c.resource.name + " " + c.key
	t.now += 10 * time.Millisecond
	t.seq++
	made := Call{
		ID: uint64(len(t.Calls) + 1), Process: t.process, Incarnation: t.incarnation, User: t.user,
		Verb: c.verb, Group: c.resource.group, Version: c.resource.version, Resource: c.resource.name, Subresource: c.subresource,
		Namespace: namespace, Name: name, CallSeq: t.seq, Called: t.now, Outcome: Unknown,
	}
	old := t.stored[id]
	next := change(copyOf(old))
	if c.verb != "delete" {
		made.Request, made.RequestType = t.encode(next, c.resource)
	}
	var answer runtime.Object
	if t.fate == answered || t.fate == lost {
		answer = t.commit(id, &made, next)
	}
	if t.fate == answered {
		t.seq++
		made.Outcome, made.Code, made.ReturnSeq, made.Returned = OK, 200, t.seq, t.now+5*time.Millisecond
		made.Response, made.ResponseType = t.encode(answer, c.resource)
	}
	if t.fate == refused {
		t.seq++
		made.Outcome, made.Code, made.ReturnSeq, made.Returned = Failed, 409, t.seq, t.now+5*time.Millisecond
		made.Response = []byte(`{"kind":"Status","reason":"Conflict"}`)
	}
	t.Calls = append(t.Calls, made)
	return &t.Calls[len(t.Calls)-1]
}

// commit stores an object, or removes it, and returns what the answer shows.
func (t teller) commit(id string, made *Call, next runtime.Object) runtime.Object {
	old := t.stored[id]
	t.revision++
	t.seq++
	commit := Commit{
		Seq: t.seq, Revision: t.revision, At: t.now, CallID: made.ID, Process: t.process, User: t.user,
		Group: made.Group, Version: made.Version, Resource: made.Resource, Namespace: made.Namespace, Name: made.Name, Old: old,
	}
	answer := next
	if next != nil {
		accessor := Metadata(next)
		if old == nil {
			t.uids++
			accessor.SetUID(types.UID(fmt.Sprintf("uid-%d", t.uids)))
		}
		accessor.SetResourceVersion(fmt.Sprint(t.revision))
		commit.UID = string(accessor.GetUID())
		if Terminating(accessor) && len(accessor.GetFinalizers()) == 0 {
			next = nil
		}
	} else {
		commit.UID = string(Metadata(old).GetUID())
		answer = &metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess}
		if _, isService := old.(*corev1.Service); isService {
			answer = old
		}
	}
	delete(t.stored, id)
	if next != nil {
		t.stored[id] = next
		commit.New = next
	}
	t.Commits = append(t.Commits, commit)
	return answer
}

func copyOf(object runtime.Object) runtime.Object {
	if object == nil {
		return nil
	}
	return object.DeepCopyObject()
}

func (t teller) encode(object runtime.Object, r resource) ([]byte, string) {
	if object == nil {
		return nil, ""
	}
	if typed, ok := object.(interface{ Marshal() ([]byte, error) }); ok && t.protobuf {
		raw, _ := typed.Marshal()
		kind := r.kind
		if _, isStatus := object.(*metav1.Status); isStatus {
			kind = "Status"
		}
		unknown := runtime.Unknown{TypeMeta: runtime.TypeMeta{APIVersion: "v1", Kind: kind}, Raw: raw}
		envelope, _ := unknown.Marshal()
		return append([]byte("k8s\x00"), envelope...), "application/vnd.kubernetes.protobuf"
	}
	raw, _ := json.Marshal(object)
	return raw, "application/json"
}

// What people do.

// collect is garbage collection: the server removes an object by itself.
func (s *story) collect(r resource, key string) { s.serverWrites(r, key, nil) }

func (s *story) serverWrites(r resource, key string, next runtime.Object) {
	namespace, name := split(key)
	old := s.stored[r.name+" "+key]
	s.revision++
	s.seq++
	s.Commits = append(s.Commits, Commit{
		Seq: s.seq, Revision: s.revision, At: s.now, Group: r.group, Version: r.version, Resource: r.name,
		Namespace: namespace, Name: name, UID: string(Metadata(old).GetUID()), Old: old, New: next,
	})
	delete(s.stored, r.name+" "+key)
	if next != nil {
		s.stored[r.name+" "+key] = next
	}
}

func ownedBy(key string) []metav1.OwnerReference {
	_, name := split(key)
	return []metav1.OwnerReference{{APIVersion: "v1", Kind: "Service", Name: name, UID: "uid-1"}}
}
