package kubernetes

import (
	"context"
	"testing"

	"k8s.io/client-go/informers"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/kubernetes/pkg/controller/replicaset"

	"github.com/seatrial/seatrial"
)

// runReplicaSets is how kube-controller-manager starts the controller, with one
// worker.
func runReplicaSets(ctx context.Context, cfg *rest.Config) error {
	client := clientset.NewForConfigOrDie(cfg)
	factory := informers.NewSharedInformerFactory(client, 0)
	defer factory.Shutdown()
	c := replicaset.NewReplicaSetController(ctx, factory.Apps().V1().ReplicaSets(), factory.Core().V1().Pods(), client, replicaset.BurstReplicas)
	factory.Start(ctx.Done())
	c.Run(ctx, 1)
	return nil
}

func TestReplicaSet(t *testing.T) {
	seatrial.Check(t, seatrial.Trial{
		Name:       "replicaset",
		Controller: runReplicaSets,
		Processes:  []seatrial.Process{kubelet(0)},
		Objects:    seatrial.Files("testdata/replicasets.yaml"),
	})
}
