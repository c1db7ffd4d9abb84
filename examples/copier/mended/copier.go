// Package copier is the quick start's controller, mended.
package copier

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

// Run keeps a copy of each ConfigMap that asks for one.
func Run(ctx context.Context, cfg *rest.Config) error {
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return err
	}
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[string]())
	defer queue.ShutDown()
	factory := informers.NewSharedInformerFactory(client, 0)
	defer factory.Shutdown()
	informer := factory.Core().V1().ConfigMaps().Informer()
	enqueue := func(object any) {
		if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(object); err == nil {
			queue.Add(key)
		}
	}
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: enqueue, UpdateFunc: func(_, new any) { enqueue(new) },
	}); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	cache.WaitForCacheSync(ctx.Done(), informer.HasSynced)
	go func() {
		for {
			key, shutdown := queue.Get()
			if shutdown {
				return
			}
			if err := reconcile(ctx, client, informer.GetStore(), key); err != nil {
				queue.AddRateLimited(key)
			} else {
				queue.Forget(key)
			}
			queue.Done(key)
		}
	}()
	<-ctx.Done()
	return nil
}

func reconcile(ctx context.Context, client kubernetes.Interface, store cache.Store, key string) error {
	item, exists, err := store.GetByKey(key)
	if err != nil || !exists {
		return err
	}
	original := item.(*corev1.ConfigMap)
	name := original.Labels["copy-to"]
	if name == "" {
		return nil
	}
	copies := client.CoreV1().ConfigMaps(original.Namespace)
	owner := []metav1.OwnerReference{*metav1.NewControllerRef(original, corev1.SchemeGroupVersion.WithKind("ConfigMap"))}
	existing, err := copies.Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		_, err = copies.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, OwnerReferences: owner}, Data: original.Data}, metav1.CreateOptions{})
		return err
	}
	if err != nil || existing.Data["text"] == original.Data["text"] && metav1.IsControlledBy(existing, original) {
		return err
	}
	existing.OwnerReferences, existing.Data = owner, original.Data
	_, err = copies.Update(ctx, existing, metav1.UpdateOptions{})
	return err
}
