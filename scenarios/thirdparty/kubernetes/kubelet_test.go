package kubernetes

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"github.com/seatrial/seatrial"
)

// kubelet stands in for scheduler, kubelet and container runtime: every pod
// runs and is ready two seconds after it was made. With a lifetime, its
// containers succeed after that.
func kubelet(lifetime time.Duration) seatrial.Process {
	run := func(ctx context.Context, cfg *rest.Config) error {
		client := clientset.NewForConfigOrDie(cfg)
		factory := informers.NewSharedInformerFactory(client, 0)
		defer factory.Shutdown()
		started := func(object any) {
			pod := object.(*corev1.Pod)
			go attend(ctx, client, pod.Namespace, pod.Name, lifetime)
		}
		if _, err := factory.Core().V1().Pods().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: started}); err != nil {
			return err
		}
		factory.Start(ctx.Done())
		<-ctx.Done()
		return nil
	}
	return seatrial.Process{Name: "kubelet", Run: run, StandIn: true}
}

// attend takes one pod through its life.
func attend(ctx context.Context, client clientset.Interface, namespace, name string, lifetime time.Duration) {
	if !sleep(ctx, 2*time.Second) || !report(ctx, client, namespace, name, corev1.PodRunning) || lifetime == 0 {
		return
	}
	if sleep(ctx, lifetime) {
		report(ctx, client, namespace, name, corev1.PodSucceeded)
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// report says what became of a pod; false: it is gone.
func report(ctx context.Context, client clientset.Interface, namespace, name string, phase corev1.PodPhase) bool {
	for {
		pod, err := client.CoreV1().Pods(namespace).Get(ctx, name, metav1.GetOptions{})
		if err == nil {
			ready := corev1.ConditionFalse
			if phase == corev1.PodRunning {
				ready = corev1.ConditionTrue
			}
			now := metav1.Now()
			pod.Status.Phase, pod.Status.StartTime, pod.Status.PodIP = phase, &now, "10.1.0.1"
			pod.Status.PodIPs = []corev1.PodIP{{IP: pod.Status.PodIP}}
			pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: ready, LastTransitionTime: now}}
			_, err = client.CoreV1().Pods(namespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
		}
		switch {
		case err == nil:
			return true
		case apierrors.IsNotFound(err) || ctx.Err() != nil || !sleep(ctx, time.Second):
			return false
		}
	}
}
