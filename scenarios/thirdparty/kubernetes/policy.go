package kubernetes

import (
	"time"

	"k8s.io/kubernetes/pkg/controller/disruption"
	"k8s.io/kubernetes/pkg/controller/podautoscaler"
	"k8s.io/kubernetes/pkg/controller/podautoscaler/metrics"
	resourceclient "k8s.io/metrics/pkg/client/clientset/versioned/typed/metrics/v1beta1"
	"k8s.io/metrics/pkg/client/custom_metrics"
	"k8s.io/metrics/pkg/client/external_metrics"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/sim/cluster"
)

// Disruption: budgets of pods of a Deployment and of a bare one.
func Disruption() seatrial.Trial {
	return trial(func(p parts) (controller, error) {
		mapper := p.mapper()
		scales, err := p.scales(mapper)
		if err != nil {
			return nil, err
		}
		return disruption.NewDisruptionController(p.ctx, p.Core().V1().Pods(), p.Policy().V1().PodDisruptionBudgets(),
			p.Core().V1().ReplicationControllers(), p.Apps().V1().ReplicaSets(), p.Apps().V1().Deployments(), p.Apps().V1().StatefulSets(),
			p.client, mapper, scales, p.client.Discovery()), nil
	}, "budgets", cluster.Options{Deployments: &cluster.Controller{}, Kubelet: kubelets(1)})
}

// HorizontalPodAutoscaler scales a StatefulSet by what pods are said to use: the
// metrics API stands in as a custom resource.
func HorizontalPodAutoscaler() seatrial.Trial {
	tr := trial(func(p parts) (controller, error) {
		mapper := p.mapper()
		scales, err := p.scales(mapper)
		if err != nil {
			return nil, err
		}
		resources, err := resourceclient.NewForConfig(p.cfg)
		if err != nil {
			return nil, err
		}
		external, err := external_metrics.NewForConfig(p.cfg)
		if err != nil {
			return nil, err
		}
		apis := custom_metrics.NewAvailableAPIsGetter(p.client.Discovery())
		return podautoscaler.NewHorizontalController(p.ctx, p.client.CoreV1(), scales, p.client.AutoscalingV2(), mapper,
			metrics.NewRESTMetricsClient(resources, custom_metrics.NewForConfig(p.cfg, mapper, apis), external),
			p.Autoscaling().V2().HorizontalPodAutoscalers(), p.Core().V1().Pods(),
			15*time.Second, 5*time.Minute, 0.1, 5*time.Minute, 30*time.Second), nil
	}, "autoscalers", cluster.Options{StatefulSets: &cluster.Controller{}, Kubelet: kubelets(1)})
	tr.Cluster = tr.Cluster.And(manifests("metrics"))
	return tr
}
