// Package standins gives trials the parts of a cluster that are not under test.
package standins

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/cluster"
)

// AddTo adds stand-ins, and the objects that they need from the start.
func AddTo(tr *seatrial.Trial, options cluster.Options) {
	config := sim.Config{}
	if err := options.AddTo(&config); err != nil {
		panic(err)
	}
	for _, p := range config.Processes {
		tr.Processes = append(tr.Processes, seatrial.Process{Name: p.Name, Env: p.Run, StandIn: true})
	}
	for _, object := range config.Server.Objects {
		tr.Cluster = tr.Cluster.And(asYAML(object))
	}
}

// asYAML keeps the status, which a node is nothing without.
func asYAML(object runtime.Object) seatrial.Manifests {
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		panic(err)
	}
	unstructured.RemoveNestedField(fields, "metadata", "creationTimestamp")
	data, err := yaml.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return seatrial.YAML(string(data))
}
