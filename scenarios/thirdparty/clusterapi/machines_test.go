package clusterapi

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"github.com/seatrial/seatrial"
)

var (
	machineResource = schema.GroupVersionResource{Group: "cluster.x-k8s.io", Version: "v1beta2", Resource: "machines"}
	infraResource   = schema.GroupVersionResource{Group: "infrastructure.cluster.x-k8s.io", Version: "v1beta1", Resource: "boatmachines"}
)

// machines stands in for the Machine controller and an infrastructure provider:
// a machine is a node, ready and available, three seconds after it was made, and
// gone, with what it was made of, one second after its deletion was asked for.
var machines = seatrial.Process{Name: "machines", StandIn: true, Run: func(ctx context.Context, cfg *rest.Config) error {
	client, err := dynamic.NewForConfig(cfg)
	if err != nil {
		return err
	}
	factory := dynamicinformer.NewDynamicSharedInformerFactory(client, 0)
	defer factory.Shutdown()
	act := func(object any) {
		machine := object.(*unstructured.Unstructured)
		if machine.GetDeletionTimestamp() != nil {
			go insist(ctx, time.Second, func() error { return release(ctx, client, machine.GetNamespace(), machine.GetName()) })
		}
	}
	if _, err := factory.ForResource(machineResource).Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(object any) {
			machine := object.(*unstructured.Unstructured)
			go insist(ctx, 3*time.Second, func() error { return provision(ctx, client, machine.GetNamespace(), machine.GetName()) })
			act(object)
		},
		UpdateFunc: func(_, object any) { act(object) },
	}); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	<-ctx.Done()
	return nil
}}

// insist does something after a while, and again until it succeeds.
func insist(ctx context.Context, after time.Duration, do func() error) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(after):
		}
		if err := do(); err == nil || apierrors.IsNotFound(err) {
			return
		}
	}
}

func provision(ctx context.Context, client dynamic.Interface, namespace, name string) error {
	machine, err := client.Resource(machineResource).Namespace(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	now := metav1.Now().UTC().Format(time.RFC3339)
	var conditions []any
	for _, kind := range []string{"Ready", "Available", "UpToDate", "NodeHealthy"} {
		conditions = append(conditions, map[string]any{"type": kind, "status": "True", "reason": kind, "message": "", "lastTransitionTime": now})
	}
	machine.Object["status"] = map[string]any{
		"conditions": conditions, "phase": "Running", "nodeRef": map[string]any{"name": name},
	}
	_, err = client.Resource(machineResource).Namespace(namespace).UpdateStatus(ctx, machine, metav1.UpdateOptions{})
	return err
}

func release(ctx context.Context, client dynamic.Interface, namespace, name string) error {
	machine, err := client.Resource(machineResource).Namespace(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	infra, _, _ := unstructured.NestedString(machine.Object, "spec", "infrastructureRef", "name")
	if err := client.Resource(infraResource).Namespace(namespace).Delete(ctx, infra, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	machine.SetFinalizers(nil)
	_, err = client.Resource(machineResource).Namespace(namespace).Update(ctx, machine, metav1.UpdateOptions{})
	return err
}
