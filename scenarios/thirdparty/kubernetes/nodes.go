package kubernetes

import (
	"fmt"
	"net"

	corev1 "k8s.io/api/core/v1"
	kubecontroller "k8s.io/kubernetes/pkg/controller"
	"k8s.io/kubernetes/pkg/controller/nodeipam"
	"k8s.io/kubernetes/pkg/controller/nodeipam/ipam"
	"k8s.io/kubernetes/pkg/controller/tainteviction"
	"k8s.io/kubernetes/pkg/controller/ttl"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim/cluster"
)

// TTL annotates nodes.
func TTL() seatrial.Trial {
	return trial(func(p parts) (controller, error) {
		return ttl.NewTTLController(p.ctx, p.Core().V1().Nodes(), p.client), nil
	}, "nodes", cluster.Options{})
}

// NodeIPAM gives nodes that come and go their CIDRs: four nodes at most, and a
// range of four. Which one a node gets depends on timing; that each has one, and no
// two the same, does not.
func NodeIPAM() seatrial.Trial {
	tr := trial(func(p parts) (controller, error) {
		_, four, err := net.ParseCIDR("10.244.0.0/22")
		if err != nil {
			return nil, err
		}
		c, err := nodeipam.NewNodeIpamController(p.ctx, p.Core().V1().Nodes(), nil, p.client, []*net.IPNet{four}, nil, nil, []int{24}, ipam.RangeAllocatorType)
		if err != nil {
			return nil, err
		}
		return alone(c.Run), nil
	}, "nodes", cluster.Options{})
	// A constructor that fails leaves its work queue; kube-controller-manager exits then.
	tr.Except = []string{"no-goroutine-leak"}
	tr.MayExit = seatrial.RestartsAreFine
	tr.Ignore = []string{"nodes: spec.podCIDR", "nodes: spec.podCIDRs"}
	tr.Known = []seatrial.Known{{Signature: "cidr-for-all: node * has none", Reason: "docs/findings/005"}}
	tr.Properties = []seatrial.Property{
		model.Unique("nodes", "spec.podCIDR"),
		seatrial.Eventually("cidr-for-all", "Every node has a CIDR, as there are enough.", cidrForAll),
	}
	return tr
}

func cidrForAll(s *seatrial.State) error {
	for _, node := range model.Objects[*corev1.Node](s, "nodes") {
		if node.Spec.PodCIDR == "" {
			return fmt.Errorf("node %s has none", node.Name)
		}
	}
	return nil
}

// TaintEviction: taints come and go below pods that tolerate them, for a time, or
// not. It asks an index for the pods of a node that the controllers of DaemonSets and of
// the life of nodes add in the same process.
func TaintEviction() seatrial.Trial {
	tr := trial(func(p parts) (controller, error) {
		if err := kubecontroller.AddPodNodeNameIndexer(p.Core().V1().Pods().Informer()); err != nil {
			return nil, err
		}
		c, err := tainteviction.New(p.ctx, p.client, p.Core().V1().Pods(), p.Core().V1().Nodes(), "taint-eviction-controller")
		if err != nil {
			return nil, err
		}
		return alone(c.Run), nil
	}, "tainted", cluster.Options{})
	tr.Known = []seatrial.Known{{Signature: "like-twin: pods *: there is one, and in fair weather is none", Reason: "https://github.com/kubernetes/kubernetes/issues/140639"}}
	return tr
}
