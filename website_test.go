package seatrial_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

// website is a small controller of the ordinary kind: informer, work queue,
// reconcile. It publishes each Website as a ConfigMap. habits are the mistakes
// that it makes.
type website struct {
	habits  []string
	asks    bool // whether a site is still there, before it makes its page
	sites   dynamic.NamespaceableResourceInterface
	client  kubernetes.Interface
	present cache.Store
}

var websiteResource = schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "websites"}

const websiteFinalizer = "example.com/unpublish"

func (w website) with(habit string) website {
	w.habits = append(slices.Clone(w.habits), habit)
	return w
}

func (w website) has(habit string) bool { return slices.Contains(w.habits, habit) }

func (w website) Run(ctx context.Context, cfg *rest.Config) error {
	dyn, err := dynamic.NewForConfig(cfg)
	if err != nil {
		return err
	}
	w.sites, w.client = dyn.Resource(websiteResource), kubernetes.NewForConfigOrDie(cfg)
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[string]())
	factory := dynamicinformer.NewDynamicSharedInformerFactory(dyn, 0)
	informer := factory.ForResource(websiteResource).Informer()
	w.present = informer.GetStore()
	enqueue := func(object any) {
		if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(object); err == nil {
			queue.Add(key)
		}
	}
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: enqueue, UpdateFunc: func(_, new any) { enqueue(new) }, DeleteFunc: enqueue,
	}); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	cache.WaitForCacheSync(ctx.Done(), informer.HasSynced)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for w.next(ctx, queue) {
		}
	}()
	<-ctx.Done()
	queue.ShutDown()
	factory.Shutdown()
	<-done
	return nil
}

func (w website) next(ctx context.Context, queue workqueue.TypedRateLimitingInterface[string]) bool {
	key, shutdown := queue.Get()
	if shutdown {
		return false
	}
	defer queue.Done(key)
	err := w.reconcile(ctx, key)
	switch {
	case err == nil || w.has("forgets errors"):
		queue.Forget(key)
	case w.has("retries at once"):
		queue.Add(key)
	default:
		queue.AddRateLimited(key)
	}
	return true
}

func (w website) reconcile(ctx context.Context, key string) error {
	item, exists, err := w.present.GetByKey(key)
	if err != nil || !exists {
		return err
	}
	site := item.(*unstructured.Unstructured).DeepCopy()
	if site.GetDeletionTimestamp() != nil {
		return w.unpublish(ctx, site)
	}
	if !slices.Contains(site.GetFinalizers(), websiteFinalizer) {
		site.SetFinalizers(append(site.GetFinalizers(), websiteFinalizer))
		_, err := w.sites.Namespace(site.GetNamespace()).Update(ctx, site, metav1.UpdateOptions{})
		return err
	}
	return w.publish(ctx, site)
}

func (w website) unpublish(ctx context.Context, site *unstructured.Unstructured) error {
	if !slices.Contains(site.GetFinalizers(), websiteFinalizer) {
		return nil
	}
	err := w.client.CoreV1().ConfigMaps(site.GetNamespace()).Delete(ctx, site.GetName(), metav1.DeleteOptions{})
	switch {
	case apierrors.IsNotFound(err) && w.has("needs its page to unpublish"):
		return errors.New("nothing to unpublish")
	case err != nil && !apierrors.IsNotFound(err) && !w.has("ignores a failed deletion"):
		return err
	}
	site.SetFinalizers(slices.DeleteFunc(site.GetFinalizers(), func(f string) bool { return f == websiteFinalizer }))
	_, err = w.sites.Namespace(site.GetNamespace()).Update(ctx, site, metav1.UpdateOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// stillThere asks for a site: after a restart the cache may show one that has gone, and
// what is made for it then nobody takes away.
func (w website) stillThere(ctx context.Context, site *unstructured.Unstructured) (bool, error) {
	live, err := w.sites.Namespace(site.GetNamespace()).Get(ctx, site.GetName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	return err == nil && live.GetUID() == site.GetUID() && live.GetDeletionTimestamp() == nil, err
}

func (w website) publish(ctx context.Context, site *unstructured.Unstructured) error {
	page, _, _ := unstructured.NestedString(site.Object, "spec", "page")
	maps := w.client.CoreV1().ConfigMaps(site.GetNamespace())
	want := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: site.GetName()}, Data: map[string]string{"page": page}}
	if w.has("finalizers on children") {
		want.Finalizers = []string{"example.com/keep"}
		want.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(site, websiteResource.GroupVersion().WithKind("Website"))}
	}
	existing, err := maps.Get(ctx, site.GetName(), metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		if w.asks {
			if there, err := w.stillThere(ctx, site); err != nil || !there {
				return err
			}
		}
		_, err = maps.Create(ctx, want, metav1.CreateOptions{})
	case err == nil && (existing.Data["page"] != page || w.has("writes without need")):
		existing.Data = want.Data
		_, err = maps.Update(ctx, existing, metav1.UpdateOptions{})
	}
	if err != nil && !w.has("reports what failed as done") {
		return err
	}
	if published, _, _ := unstructured.NestedString(site.Object, "status", "published"); published == page && !w.has("writes without need") {
		return nil
	}
	status := page
	if w.has("writes without need") {
		status = fmt.Sprintf("%s at %s", page, time.Now())
	}
	body, err := json.Marshal(map[string]any{"status": map[string]any{"published": status}})
	if err != nil {
		return err
	}
	_, err = w.sites.Namespace(site.GetNamespace()).Patch(ctx, site.GetName(), "application/merge-patch+json", body, metav1.PatchOptions{}, "status")
	return err
}
