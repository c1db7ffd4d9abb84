package kubernetes

import (
	"k8s.io/kubernetes/pkg/controller/endpoint"
	"k8s.io/kubernetes/pkg/controller/endpointslice"
	"k8s.io/kubernetes/pkg/controller/endpointslicemirroring"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/sim/cluster"
)

// Endpoints of Services whose pods come, go and change their labels.
//
// The annotation with the time of the last change is left out, here and for
// EndpointSlices: see TestEndpointSliceForgetsItsTriggerTime.
func Endpoints() seatrial.Trial {
	tr := trial(func(p parts) (controller, error) {
		return endpoint.NewEndpointController(p.ctx, p.Core().V1().Pods(), p.Core().V1().Services(), p.Core().V1().Endpoints(), p.client, 0), nil
	}, "services", cluster.Options{Kubelet: kubelets(1)})
	tr.Ignore = []string{"endpoints: metadata.annotations"}
	return tr
}

func endpointSlices(p parts) (controller, error) {
	return endpointslice.NewController(p.ctx, p.Core().V1().Pods(), p.Core().V1().Services(), p.Core().V1().Nodes(),
		p.Discovery().V1().EndpointSlices(), 100, p.client, 0), nil
}

// EndpointSlice, for the same Services.
func EndpointSlice() seatrial.Trial {
	return trial(endpointSlices, "services", cluster.Options{Kubelet: kubelets(1)})
}

// EndpointSliceMirroring: Endpoints that users write for Services without a
// selector.
func EndpointSliceMirroring() seatrial.Trial {
	tr := trial(func(p parts) (controller, error) {
		return endpointslicemirroring.NewController(p.ctx, p.Core().V1().Endpoints(), p.Discovery().V1().EndpointSlices(),
			p.Core().V1().Services(), 1000, p.client, 0), nil
	}, "mirrored", cluster.Options{})
	// An update writes the slice as the controller made it up, without generateName.
	tr.Ignore = []string{"endpointslices.discovery.k8s.io: metadata.generateName", "endpointslices.discovery.k8s.io: metadata.annotations"}
	return tr
}
