package modeltest

import (
	"encoding/json"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/seatrial/seatrial/model"
)

// CreateService makes a Service of type ClusterIP with one port, 80.
func (t Teller) CreateService(key string) {
	namespace, name := Split(key)
	t.Create(Services, key, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeClusterIP, ClusterIP: "10.96.0.1", Selector: map[string]string{"app": name},
			Ports: []corev1.ServicePort{{Name: "http", Protocol: corev1.ProtocolTCP, Port: 80}},
		},
	})
}

// EditService updates a Service.
func (t Teller) EditService(key string, edit func(*corev1.Service)) {
	t.Do(Write{Verb: "update", Resource: Services, Key: key}, func(old runtime.Object) runtime.Object {
		edit(old.(*corev1.Service))
		return old
	})
}

// DeleteService is Remove for a Service.
func (t Teller) DeleteService(key string) { t.Remove(Services, key) }

// CreatePod makes a pod that runs, is ready and has the address 10.244.0.9.
func (t Teller) CreatePod(key, app string) {
	namespace, name := Split(key)
	t.Create(Pods, key, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{"app": app}},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, PodIP: "10.244.0.9",
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
		},
	})
}

// SetEndpoints writes the ready addresses of a service.
func (t Teller) SetEndpoints(key string, addresses ...string) {
	namespace, name := Split(key)
	//lint:ignore SA1019 Submariner works on Endpoints, not on slices
	object := &corev1.Endpoints{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	for _, address := range addresses {
		//lint:ignore SA1019 as above
		object.Subsets = append(object.Subsets, corev1.EndpointSubset{Addresses: []corev1.EndpointAddress{{IP: address}}})
	}
	t.Create(Endpoints, key, object)
}

// Custom is an object of a custom kind, of generation 1; nil leaves the spec out.
func Custom(r Resource, key string, spec map[string]any) *unstructured.Unstructured {
	namespace, name := Split(key)
	u := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": r.Group + "/" + r.Version, "kind": r.Kind,
		"metadata": map[string]any{"namespace": namespace, "name": name, "generation": int64(1)},
	}}
	if spec != nil {
		u.Object["spec"] = spec
	}
	return u
}

// Remove deletes an object at once, or marks it when it has finalizers.
func (t Teller) Remove(r Resource, key string) *model.Call {
	return t.Do(Write{Verb: "delete", Resource: r, Key: key}, func(old runtime.Object) runtime.Object {
		if len(model.Metadata(old).GetFinalizers()) == 0 {
			return nil
		}
		now := metav1.NewTime(time.Unix(946684800, 0).Add(t.Now))
		model.Metadata(old).SetDeletionTimestamp(&now)
		return old
	})
}

// Finalize removes the finalizers of an object, and with the last one an object
// that was deleted.
func (t Teller) Finalize(r Resource, key string) {
	t.Do(Write{Verb: "update", Resource: r, Key: key}, func(old runtime.Object) runtime.Object {
		model.Metadata(old).SetFinalizers(nil)
		return old
	})
}

// Get reads an object by a quorum read, or is told that there is none.
func (t Teller) Get(r Resource, key string) *model.Call {
	namespace, name := Split(key)
	t.Seq += 2
	made := model.Call{
		ID: uint64(len(t.Calls) + 1), Process: t.Process, Incarnation: 1, Verb: "get", Group: r.Group, Version: r.Version, Resource: r.Name,
		Namespace: namespace, Name: name, CallSeq: t.Seq - 1, ReturnSeq: t.Seq, Outcome: model.Failed, Code: 404,
		Response: []byte(`{"kind":"Status","reason":"NotFound"}`),
	}
	if object := t.Stored[r.Name+" "+key]; object != nil {
		made.Outcome, made.Code = model.OK, 200
		made.Response, made.ResponseType = t.Encode(object, r)
	}
	t.Calls = append(t.Calls, made)
	return &t.Calls[len(t.Calls)-1]
}

// Watch opens a watch of all objects of a kind and delivers at once all that the
// log has for it after a revision. event names the event that a commit is to the
// call, "" if it selects it not; without one every commit is selected.
func (t Teller) Watch(r Resource, query string, from uint64, event func(*model.Call, *model.Commit) string) *model.Watch {
	t.Seq++
	t.Calls = append(t.Calls, model.Call{
		ID: uint64(len(t.Calls) + 1), Process: t.Process, Incarnation: 1, User: t.User, Verb: "watch",
		Group: r.Group, Version: r.Version, Resource: r.Name, Query: query, CallSeq: t.Seq, Outcome: model.OK,
	})
	if event == nil {
		event = every
	}
	w := model.Watch{CallID: uint64(len(t.Calls))}
	for i := range t.Commits {
		commit := &t.Commits[i]
		if commit.Revision <= from || commit.Resource != r.Name {
			continue
		}
		if kind := event(&t.Calls[len(t.Calls)-1], commit); kind != "" {
			w.Frames = append(w.Frames, t.frame(kind, commit))
		}
	}
	t.Watches = append(t.Watches, w)
	return &t.Watches[len(t.Watches)-1]
}

func every(_ *model.Call, commit *model.Commit) string {
	switch {
	case commit.Old == nil:
		return string(watch.Added)
	case commit.New == nil:
		return string(watch.Deleted)
	}
	return string(watch.Modified)
}

func (s *Story) frame(event string, commit *model.Commit) model.Frame {
	s.Seq++
	object := commit.New
	if object == nil {
		object = commit.Old
	}
	data, _ := json.Marshal(map[string]any{"type": event, "object": object})
	return model.Frame{Seq: s.Seq, At: s.Now, Type: event, Revision: commit.Revision, Namespace: commit.Namespace, Name: commit.Name, Data: data}
}

// Bookmark is a frame that says how far a watch has come.
func (s *Story) Bookmark(revision uint64, initialEnd bool) model.Frame {
	s.Seq++
	return model.Frame{Seq: s.Seq, At: s.Now, Type: string(watch.Bookmark), Revision: revision, InitialEnd: initialEnd}
}
