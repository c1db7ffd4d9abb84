package realcluster

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
)

// observed is one kind of object that the judge wants to know of. Built-in kinds
// are recorded as their types, custom ones as they come.
type observed struct {
	schema.GroupVersionResource
	typed func() runtime.Object // nil for custom resources
}

// passing are not observed: what nobody's law is about, and changes without end.
var passing = []string{"events", "leases", "customresourcedefinitions", "nodes"}

// observedKinds are all that the subject's cluster serves, each in the version
// that discovery lists first.
func observedKinds(catalog *scenarios.Catalog) []observed {
	var out []observed
	for _, kind := range catalog.Kinds() {
		if slices.Contains(passing, kind.Resource.Resource) || !kind.StoredAs.Empty() || kind.Virtual {
			continue
		}
		o := observed{GroupVersionResource: kind.Resource.WithVersion(kind.Versions[0].Name)}
		if !kind.Custom {
			o.typed = kind.Versions[0].New
		}
		out = append(out, o)
	}
	return out
}

// observer follows objects past all faults and reports every change it hears of.
type observer struct {
	client  dynamic.Interface
	catalog *scenarios.Catalog
	record  *recorder
	running sync.WaitGroup
}

// observe lists everything before it returns, and then goes on until ctx ends.
func (o *observer) observe(ctx context.Context) error {
	for _, kind := range observedKinds(o.catalog) {
		f := &follower{observer: o, kind: kind, present: map[string]runtime.Object{}}
		if err := f.list(ctx); err != nil {
			return fmt.Errorf("list %s: %w", kind.Resource, err)
		}
		o.running.Go(func() { f.follow(ctx) })
	}
	return nil
}

// follower follows one kind.
type follower struct {
	*observer
	kind    observed
	present map[string]runtime.Object
	version string
}

// rewatch is how long a follower waits after a watch that could not be had.
const rewatch = 200 * time.Millisecond

func (f *follower) follow(ctx context.Context) {
	for ctx.Err() == nil {
		stream, err := f.client.Resource(f.kind.GroupVersionResource).Watch(ctx, metav1.ListOptions{
			ResourceVersion: f.version, AllowWatchBookmarks: true,
		})
		if err == nil {
			err = f.read(stream)
		}
		if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
			err = f.list(ctx)
		}
		if err != nil {
			select {
			case <-ctx.Done():
			case <-time.After(rewatch):
			}
		}
	}
}

func (f *follower) read(stream watch.Interface) error {
	defer stream.Stop()
	for event := range stream.ResultChan() {
		object, ok := event.Object.(*unstructured.Unstructured)
		if !ok {
			return apierrors.FromObject(event.Object)
		}
		switch event.Type {
		case watch.Added, watch.Modified:
			f.see(object)
		case watch.Deleted:
			f.miss(object.GetNamespace(), object.GetName(), revisionOf(object))
		case watch.Error:
			return apierrors.FromObject(object)
		case watch.Bookmark:
		}
		f.version = object.GetResourceVersion()
	}
	return nil
}

// list reads what is there. What went unseen is reported at the list's own
// revision.
func (f *follower) list(ctx context.Context) error {
	list, err := f.client.Resource(f.kind.GroupVersionResource).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for i := range list.Items {
		object := &list.Items[i]
		there[object.GetNamespace()+"/"+object.GetName()] = true
		f.see(object)
	}
	var gone []runtime.Object
	for key, object := range f.present {
		if !there[key] {
			gone = append(gone, object)
		}
	}
	slices.SortFunc(gone, func(a, b runtime.Object) int { return int(revisionOf(a)) - int(revisionOf(b)) })
	for _, object := range gone {
		m := object.(metav1.Object)
		f.miss(m.GetNamespace(), m.GetName(), revisionOf(list))
	}
	f.version = list.GetResourceVersion()
	return nil
}

func (f *follower) see(object *unstructured.Unstructured) {
	key := object.GetNamespace() + "/" + object.GetName()
	old := f.present[key]
	if old != nil {
		was := old.(metav1.Object)
		if was.GetResourceVersion() == object.GetResourceVersion() {
			return
		}
		if was.GetUID() != object.GetUID() { // deleted and created again, unseen
			f.miss(object.GetNamespace(), object.GetName(), revisionOf(object))
			old = nil
		}
	}
	seen := f.convert(object)
	f.present[key] = seen
	f.tell(object, revisionOf(object), old, seen)
}

func (f *follower) miss(namespace, name string, revision uint64) {
	old := f.present[namespace+"/"+name]
	if old == nil {
		return
	}
	delete(f.present, namespace+"/"+name)
	f.tell(old.(metav1.Object), revision, old, nil)
}

func (f *follower) tell(object metav1.Object, revision uint64, old, now runtime.Object) {
	f.record.commit(model.Commit{
		Revision: revision, Group: f.kind.Group, Version: f.kind.Version, Resource: f.kind.Resource,
		Namespace: object.GetNamespace(), Name: object.GetName(), UID: string(object.GetUID()),
		Old: old, New: now,
	})
}

func (f *follower) convert(object *unstructured.Unstructured) runtime.Object {
	if f.kind.typed == nil {
		return object
	}
	typed := f.kind.typed()
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, typed); err != nil {
		panic(fmt.Sprintf("against: the server sent a %s that its type cannot hold: %v", f.kind.Resource, err))
	}
	return typed
}
