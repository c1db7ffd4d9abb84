package seatrial_test

import (
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/cluster"
)

// mark is a controller with a bug: it notes on every ConfigMap that it has seen
// it, and what fails once is never tried again.
func mark(ctx context.Context, cfg *rest.Config) error {
	client := kubernetes.NewForConfigOrDie(cfg)
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace("default"))
	defer factory.Shutdown()
	handle := func(object any) {
		cm := object.(*corev1.ConfigMap).DeepCopy()
		if cm.Annotations["seen"] == "" {
			cm.Annotations = map[string]string{"seen": "yes"}
			_, _ = client.CoreV1().ConfigMaps(cm.Namespace).Update(ctx, cm, metav1.UpdateOptions{})
		}
	}
	if _, err := factory.Core().V1().ConfigMaps().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: handle}); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	<-ctx.Done()
	return nil
}

// With nothing but the controller and a manifest, the run with faults is compared
// with the same run without. In a test, the last lines are
//
//	func TestMark(t *testing.T) { seatrial.Check(t, seatrial.Trial{Controller: mark, Objects: objects}) }
func Example() {
	objects := seatrial.YAML(`{apiVersion: v1, kind: ConfigMap, metadata: {name: greeting}, data: {text: hello}}`)

	t := new(testing.T) // in a test: its own
	for seed := sim.Seed(1); ; seed++ {
		result := seatrial.Run(t, seatrial.Trial{Controller: mark, Objects: objects}, seed, seatrial.RunOptions{})
		if result.Verdict.Property != "" {
			fmt.Println(result.Verdict.Property+":", result.Verdict.Message)
			return
		}
	}
	// Output: like-twin: configmaps default/greeting: metadata.annotations.seen is not there, and in fair weather "yes"
}

// A scenario file holds everything but the functions: manifests, what users do and
// when, and laws in CEL.
func ExampleReadFile() {
	tr, err := seatrial.ReadFile("testdata/website.yaml")
	if err != nil {
		fmt.Println(err)
		return
	}
	tr.Controller = website{}.Run
	result := seatrial.Run(new(testing.T), tr, 1, seatrial.RunOptions{})
	fmt.Println(result.Verdict.Kind, result.Verdict.Message)
	// Output: pass
}

// A controller as it ships, main and all: its module's go.mod decides every version.
// Compiled and not run, as what follows: a program takes minutes to build.
func ExampleProgram() {
	var t *testing.T
	seatrial.Check(t, seatrial.Trial{
		Processes: []seatrial.Process{seatrial.Program("./cmd/manager", "--leader-elect")},
		Objects:   seatrial.Files("config/samples/*.yaml"),
	})
}

// What stands around a controller: stand-ins whose knobs each seed draws, and a
// server beside the API server.
func ExampleServer() {
	_ = seatrial.Trial{
		Controller: mark,

		StandIns: cluster.Drawn(cluster.Options{Kubelet: &cluster.Kubelet{Nodes: 3}, Deployments: &cluster.Controller{}}),

		Servers:    []seatrial.HTTPServer{seatrial.Server("cloud.example.com", newCloud)},
		Properties: []seatrial.Property{noneLeaked},
	}
}
