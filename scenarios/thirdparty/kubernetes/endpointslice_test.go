package kubernetes

import (
	"context"
	"testing"

	"k8s.io/client-go/informers"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/kubernetes/pkg/controller/endpointslice"

	"github.com/seatrial/seatrial/scenarios/trial"
)

// runEndpointSlices is how kube-controller-manager starts the controller, with
// one worker.
func runEndpointSlices(ctx context.Context, cfg *rest.Config) error {
	client := clientset.NewForConfigOrDie(cfg)
	factory := informers.NewSharedInformerFactory(client, 0)
	defer factory.Shutdown()
	c := endpointslice.NewController(ctx, factory.Core().V1().Pods(), factory.Core().V1().Services(), factory.Core().V1().Nodes(),
		factory.Discovery().V1().EndpointSlices(), 100, client, 0)
	factory.Start(ctx.Done())
	c.Run(ctx, 1)
	return nil
}

func TestEndpointSlice(t *testing.T) {
	trial.Check(t, trial.Trial{
		Name:       "endpointslice",
		Controller: runEndpointSlices,
		Processes:  []trial.Process{kubelet(0)},
		Objects:    trial.Files("testdata/services.yaml"),
	})
}
