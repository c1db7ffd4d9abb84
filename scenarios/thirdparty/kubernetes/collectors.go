package kubernetes

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/controller-manager/pkg/informerfactory"
	"k8s.io/kubernetes/pkg/controller/garbagecollector"
	"k8s.io/kubernetes/pkg/controller/namespace"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/cluster"
)

// Namespace empties what users delete.
func Namespace() seatrial.Trial {
	tr := trial(func(p parts) (controller, error) {
		p.cfg.QPS, p.cfg.Burst = p.cfg.QPS*20, p.cfg.Burst*100 // as kube-controller-manager does
		untyped, err := p.untyped()
		if err != nil {
			return nil, err
		}
		return namespace.NewNamespaceController(p.ctx, p.client, untyped, p.client.Discovery().ServerPreferredNamespacedResources,
			p.Core().V1().Namespaces(), 5*time.Minute, corev1.FinalizerKubernetes), nil
	}, "emptied", cluster.Options{})
	tr.Server.Without = []string{sim.NamespaceController}
	return tr
}

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
