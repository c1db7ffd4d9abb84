package kubernetes

import (
	"context"
	"time"

	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/controller-manager/pkg/informerfactory"
	"k8s.io/kubernetes/pkg/controller/garbagecollector"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/cluster"
)

// GarbageCollector deletes what the owners of are gone.
func GarbageCollector() seatrial.Trial {
	tr := trial(func(p parts) (controller, error) {
		untyped, err := p.untyped()
		if err != nil {
			return nil, err
		}
		mapper := p.mapper()
		all := informerfactory.NewInformerFactory(p, metadatainformer.NewSharedInformerFactory(untyped, 18*time.Hour))
		graph := garbagecollector.NewDependencyGraphBuilder(p.ctx, untyped, mapper, garbagecollector.DefaultIgnoredResources(), all, p.informersStarted)
		c, err := garbagecollector.NewComposedGarbageCollector(p.ctx, p.client, untyped, mapper, graph)
		if err != nil {
			return nil, err
		}
		return alone(func(ctx context.Context) {
			ended := make(chan struct{})
			go func() { defer close(ended); c.Sync(ctx, p.client.Discovery(), 30*time.Second) }()
			c.Run(ctx, 1, 30*time.Second)
			<-ended
		}), nil
	}, "family", cluster.Options{Deployments: &cluster.Controller{}, EndpointSlices: &cluster.Controller{}, Kubelet: kubelets(1)})
	tr.Server.Without = []string{sim.GarbageCollector}
	return tr
}
