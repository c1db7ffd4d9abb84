// Package modeltest writes histories for tests of the judge: as a story, in
// sentences that say who did what with what outcome, and it sees to it that every
// property was made to hold and to break.
package modeltest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/seatrial/seatrial/model"
)

// Story is a history told in sentences: who did what, with what outcome. It
// keeps a tiny store, so that calls, bodies and commits agree with each other
// as they would in a run. Each call takes three events (call, commit, answer)
// and 10 ms; nothing overlaps unless told so with during.
type Story struct {
	model.History
	Seq, Revision uint64
	Now           time.Duration
	Stored        map[string]runtime.Object // by "RESOURCE KEY"
	uids          uint64
}

// New begins a story.
func New() *Story { return &Story{Stored: map[string]runtime.Object{}} }

// Teller says who acts and what its clients get to hear.
type Teller struct {
	*Story
	Process     string
	Incarnation int
	User        bool // not under test
	Delivery    Delivery
	Protobuf    bool // built-in kinds go over the wire in protobuf
}

// Delivery is what becomes of a call.
type Delivery int

const (
	Answered Delivery = iota
	Lost              // the write took effect, the answer never came
	Dropped           // it had no effect, and no answer came
	Refused           // it was answered with an error
)

// User, Controller and Process say who acts: somebody who is not under test, the
// one process that is, or one of several by name.
func (s *Story) User() Teller { return Teller{Story: s, Process: "user", Incarnation: 1, User: true} }

func (s *Story) Controller() Teller {
	return Teller{Story: s, Process: "controller", Incarnation: 1}
}

func (s *Story) Process(name string) Teller { return Teller{Story: s, Process: name, Incarnation: 1} }

// Lost, Dropped and Refused say what becomes of the calls that follow.
func (t Teller) Lost() Teller    { t.Delivery = Lost; return t }
func (t Teller) Dropped() Teller { t.Delivery = Dropped; return t }
func (t Teller) Refused() Teller { t.Delivery = Refused; return t }

// Wait lets time pass.
func (s *Story) Wait(d time.Duration) { s.Now += d }

// Done closes the story with two calm minutes.
func (s *Story) Done() *model.History {
	s.Cleared, s.Ended = s.Now, s.Now+2*time.Minute
	return &s.History
}

// Resource names a kind as the API does.
type Resource struct{ Group, Version, Name, Kind string }

// The built-in kinds of stories.
var (
	Services  = Resource{"", "v1", "services", "Service"}
	Pods      = Resource{"", "v1", "pods", "Pod"}
	Endpoints = Resource{"", "v1", "endpoints", "Endpoints"}
)

// Split takes a key "namespace/name" apart; without a slash it is a name.
func Split(key string) (namespace, name string) {
	if before, after, found := strings.Cut(key, "/"); found {
		return before, after
	}
	return "", key
}

// Create makes an object.
func (t Teller) Create(r Resource, key string, object runtime.Object) *model.Call {
	return t.Do(Write{Verb: "create", Resource: r, Key: key}, func(runtime.Object) runtime.Object { return object })
}

// Write says what a call does to which object.
type Write struct {
	Verb, Key, Subresource string
	Resource               Resource
}

// Do makes one call: change gets what is stored (nil: nothing) and returns
// what is to be stored (nil: nothing).
func (t Teller) Do(c Write, change func(runtime.Object) runtime.Object) *model.Call {
	namespace, name := Split(c.Key)
	id := c.Resource.Name + " " + c.Key
	t.Now += 10 * time.Millisecond
	t.Seq++
	made := model.Call{
		ID: uint64(len(t.Calls) + 1), Process: t.Process, Incarnation: t.Incarnation, User: t.User,
		Verb: c.Verb, Group: c.Resource.Group, Version: c.Resource.Version, Resource: c.Resource.Name, Subresource: c.Subresource,
		Namespace: namespace, Name: name, CallSeq: t.Seq, Called: t.Now, Outcome: model.Unknown,
	}
	old := t.Stored[id]
	next := change(copyOf(old))
	if c.Verb != "delete" {
		made.Request, made.RequestType = t.Encode(next, c.Resource)
	}
	var answer runtime.Object
	if t.Delivery == Answered || t.Delivery == Lost {
		answer = t.commit(id, &made, next)
	}
	if t.Delivery == Answered {
		t.Seq++
		made.Outcome, made.Code, made.ReturnSeq, made.Returned = model.OK, 200, t.Seq, t.Now+5*time.Millisecond
		made.Response, made.ResponseType = t.Encode(answer, c.Resource)
	}
	if t.Delivery == Refused {
		t.Seq++
		made.Outcome, made.Code, made.ReturnSeq, made.Returned = model.Failed, 409, t.Seq, t.Now+5*time.Millisecond
		made.Response = []byte(`{"kind":"Status","reason":"Conflict"}`)
	}
	t.Calls = append(t.Calls, made)
	return &t.Calls[len(t.Calls)-1]
}

// commit stores an object, or removes it, and returns what the answer shows.
func (t Teller) commit(id string, made *model.Call, next runtime.Object) runtime.Object {
	old := t.Stored[id]
	t.Revision++
	t.Seq++
	commit := model.Commit{
		Seq: t.Seq, Revision: t.Revision, At: t.Now, CallID: made.ID, Process: t.Process, User: t.User,
		Group: made.Group, Version: made.Version, Resource: made.Resource, Namespace: made.Namespace, Name: made.Name, Old: old,
	}
	answer := next
	if next != nil {
		accessor := model.Metadata(next)
		if old == nil {
			t.uids++
			accessor.SetUID(types.UID(fmt.Sprintf("uid-%d", t.uids)))
		}
		accessor.SetResourceVersion(fmt.Sprint(t.Revision))
		commit.UID = string(accessor.GetUID())
		if model.Terminating(accessor) && len(accessor.GetFinalizers()) == 0 {
			next = nil
		}
	} else {
		commit.UID = string(model.Metadata(old).GetUID())
		answer = &metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess}
		if _, isService := old.(*corev1.Service); isService {
			answer = old
		}
	}
	delete(t.Stored, id)
	if next != nil {
		t.Stored[id] = next
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

// Encode is an object as it goes over the wire, and its media type.
func (t Teller) Encode(object runtime.Object, r Resource) ([]byte, string) {
	if object == nil {
		return nil, ""
	}
	if typed, ok := object.(interface{ Marshal() ([]byte, error) }); ok && t.Protobuf {
		raw, _ := typed.Marshal()
		kind := r.Kind
		if _, isStatus := object.(*metav1.Status); isStatus {
			kind = "Status"
		}
		unknown := runtime.Unknown{TypeMeta: runtime.TypeMeta{APIVersion: "v1", Kind: kind}, Raw: raw}
		envelope, _ := unknown.Marshal()
		return append([]byte("k8s\x00"), envelope...), "application/vnd.kubernetes.Protobuf"
	}
	raw, _ := json.Marshal(object)
	return raw, "application/json"
}

// Collect is garbage collection: the server removes an object by itself.
func (s *Story) Collect(r Resource, key string) { s.ServerWrites(r, key, nil) }

// ServerWrites is any other write of the server's own; nil removes the object.
func (s *Story) ServerWrites(r Resource, key string, next runtime.Object) {
	namespace, name := Split(key)
	old := s.Stored[r.Name+" "+key]
	s.Revision++
	s.Seq++
	s.Commits = append(s.Commits, model.Commit{
		Seq: s.Seq, Revision: s.Revision, At: s.Now, Group: r.Group, Version: r.Version, Resource: r.Name,
		Namespace: namespace, Name: name, UID: string(model.Metadata(old).GetUID()), Old: old, New: next,
	})
	delete(s.Stored, r.Name+" "+key)
	if next != nil {
		s.Stored[r.Name+" "+key] = next
	}
}
