// Package older is a controller in the manner of Kubernetes' sample-controller,
// written against client-go 0.29: informers, a named rate-limited queue, an event
// recorder. For each Foo it keeps a Deployment.
package older

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	appslisters "k8s.io/client-go/listers/apps/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"
)

var foos = schema.GroupVersionResource{Group: "samplecontroller.k8s.io", Version: "v1alpha1", Resource: "foos"}

// Controller keeps a Deployment for each Foo.
type Controller struct {
	kube        kubernetes.Interface
	dynamic     dynamic.Interface
	deployments appslisters.DeploymentLister
	foos        cache.Store
	queue       workqueue.RateLimitingInterface
	recorder    record.EventRecorder
}

// Run is the whole program behind main.
func Run(ctx context.Context, cfg *rest.Config) error {
	c := &Controller{
		kube:    kubernetes.NewForConfigOrDie(cfg),
		dynamic: dynamic.NewForConfigOrDie(cfg),
		queue:   workqueue.NewNamedRateLimitingQueue(workqueue.DefaultControllerRateLimiter(), "Foos"),
	}
	defer c.queue.ShutDown()
	broadcaster := record.NewBroadcaster()
	defer broadcaster.Shutdown()
	broadcaster.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: c.kube.CoreV1().Events("")})
	c.recorder = broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "sample-controller"})

	kubeFactory := informers.NewSharedInformerFactory(c.kube, 30*time.Second)
	defer kubeFactory.Shutdown()
	fooFactory := dynamicinformer.NewDynamicSharedInformerFactory(c.dynamic, 30*time.Second)
	defer fooFactory.Shutdown()
	deployments, fooInformer := kubeFactory.Apps().V1().Deployments(), fooFactory.ForResource(foos).Informer()
	c.deployments, c.foos = deployments.Lister(), fooInformer.GetStore()
	if _, err := fooInformer.AddEventHandler(handler(c.enqueue)); err != nil {
		return err
	}
	if _, err := deployments.Informer().AddEventHandler(handler(c.enqueueOwner)); err != nil {
		return err
	}
	kubeFactory.Start(ctx.Done())
	fooFactory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), deployments.Informer().HasSynced, fooInformer.HasSynced) {
		return fmt.Errorf("failed to wait for caches to sync")
	}
	go wait.UntilWithContext(ctx, func(ctx context.Context) {
		for c.next(ctx) {
		}
	}, time.Second)
	<-ctx.Done()
	return nil
}

func handler(do func(any)) cache.ResourceEventHandlerFuncs {
	return cache.ResourceEventHandlerFuncs{AddFunc: do, UpdateFunc: func(_, new any) { do(new) }, DeleteFunc: do}
}

func (c *Controller) enqueue(object any) {
	key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(object)
	if err != nil {
		utilruntime.HandleError(err)
		return
	}
	c.queue.Add(key)
}

func (c *Controller) enqueueOwner(object any) {
	if tombstone, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = tombstone.Obj
	}
	deployment, ok := object.(*appsv1.Deployment)
	if !ok {
		return
	}
	if owner := metav1.GetControllerOf(deployment); owner != nil && owner.Kind == "Foo" {
		c.queue.Add(deployment.Namespace + "/" + owner.Name)
	}
}

func (c *Controller) next(ctx context.Context) bool {
	key, shutdown := c.queue.Get()
	if shutdown {
		return false
	}
	defer c.queue.Done(key)
	if err := c.sync(ctx, key.(string)); err != nil {
		c.queue.AddRateLimited(key)
		utilruntime.HandleError(fmt.Errorf("error syncing %q: %w", key, err))
		return true
	}
	c.queue.Forget(key)
	return true
}

func (c *Controller) sync(ctx context.Context, key string) error {
	item, exists, err := c.foos.GetByKey(key)
	if err != nil || !exists {
		return err
	}
	foo := item.(*unstructured.Unstructured)
	name, _, _ := unstructured.NestedString(foo.Object, "spec", "deploymentName")
	replicas, _, _ := unstructured.NestedInt64(foo.Object, "spec", "replicas")
	deployment, err := c.deployments.Deployments(foo.GetNamespace()).Get(name)
	if errors.IsNotFound(err) {
		deployment, err = c.kube.AppsV1().Deployments(foo.GetNamespace()).Create(ctx, newDeployment(foo, name, int32(replicas)), metav1.CreateOptions{})
	}
	if err != nil {
		return err
	}
	if !metav1.IsControlledBy(deployment, foo) {
		c.recorder.Event(foo, corev1.EventTypeWarning, "ErrResourceExists", fmt.Sprintf("Resource %q already exists and is not managed by Foo", name))
		return fmt.Errorf("%s is not managed by Foo", name)
	}
	if int64(*deployment.Spec.Replicas) != replicas {
		deployment, err = c.kube.AppsV1().Deployments(foo.GetNamespace()).Update(ctx, newDeployment(foo, name, int32(replicas)), metav1.UpdateOptions{})
		if err != nil {
			return err
		}
	}
	if available, found, _ := unstructured.NestedInt64(foo.Object, "status", "availableReplicas"); !found || available != int64(deployment.Status.AvailableReplicas) {
		next := foo.DeepCopy()
		next.Object["status"] = map[string]any{"availableReplicas": int64(deployment.Status.AvailableReplicas)}
		if _, err := c.dynamic.Resource(foos).Namespace(foo.GetNamespace()).UpdateStatus(ctx, next, metav1.UpdateOptions{}); err != nil {
			return err
		}
		c.recorder.Event(foo, corev1.EventTypeNormal, "Synced", "Foo synced successfully")
	}
	return nil
}

func newDeployment(foo *unstructured.Unstructured, name string, replicas int32) *appsv1.Deployment {
	labels := map[string]string{"app": "nginx", "controller": foo.GetName()}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: foo.GetNamespace(),
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(foo, foos.GroupVersion().WithKind("Foo"))},
		},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "nginx", Image: "nginx:latest"}}},
			},
		},
	}
}
