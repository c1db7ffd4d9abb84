package generate

import (
	_ "embed"

	"github.com/seatrial/seatrial/sim/apiserver/corpus"
)

//go:embed setup.json
var setup []byte

// Setup creates the definitions of the custom resources and waits until they
// are served. It is run once per server, before any sequence.
func Setup() (*corpus.Case, error) { return corpus.Decode(setup) }

// widgets have what a structural schema can have: defaults, enums, bounds, CEL
// rules, list types, a second version without schema, status, scale.
func widgets(g *generator) *resource {
	names := []string{"widget-a", "widget-b", "widget-c"}
	apiVersion := "sim.example.com/v1"
	if g.chance(0.06) {
		apiVersion = "sim.example.com/v1alpha1"
	}
	return &resource{
		plural:     "widgets",
		apiVersion: apiVersion,
		kind:       "Widget",
		collection: "/apis/" + apiVersion + "/namespaces/${ns}/widgets",
		names:      names[:1+g.Intn(len(names))],
		custom:     true,
		scale:      true,
		content: func() object {
			spec := g.widgetSpec()
			if g.chance(0.97) {
				spec["size"] = oneOf[any](g, 1, 2, 3, 50, 1, 2, 3, 50, 101, "x")
			}
			return object{"spec": spec}
		},
		fragment:  func() object { return object{"spec": g.widgetSpec()} },
		status:    func() object { return object{"status": g.widgetStatus()} },
		edits:     g.widgetEdit,
		selectors: []string{"spec.color=green", "spec.color=red", "spec.color!=green", "spec.size=1"},
	}
}

func (g *generator) widgetSpec() object {
	spec := object{}
	g.set(spec, 0.3, "size", func() any { return oneOf[any](g, 1, 2, 3, 50, 100, 101, -1, 1.5, nil) })
	g.set(spec, 0.25, "color", func() any { return oneOf[any](g, "red", "green", "blue", "red", "blue", "pink", nil) })
	g.set(spec, 0.15, "note", func() any { return oneOf[any](g, "hi", "ho", nil, "much too long a note") })
	g.set(spec, 0.1, "max", func() any { return oneOf(g, 2, 10, 100) })
	g.set(spec, 0.15, "atoms", func() any { return oneOf[any](g, []string{"a"}, []string{"b", "a"}, []string{}, nil) })
	g.set(spec, 0.15, "tags", func() any { return oneOf(g, []string{"a"}, []string{"a", "b"}, []string{"a", "a"}) })
	g.set(spec, 0.2, "rules", func() any { return g.widgetRules() })
	g.set(spec, 0.1, "replicas", func() any { return oneOf[any](g, 1, 3, 3000000000) })
	g.set(spec, 0.1, "port", func() any { return oneOf[any](g, 80, "http", true) })
	g.set(spec, 0.08, "immutableId", func() any { return oneOf[any](g, "one", "two", nil) })
	g.set(spec, 0.1, "free", func() any { return oneOf[any](g, object{"a": object{"b": 1}}, object{"a": nil}, object{}) })
	g.set(spec, 0.06, "unknown", func() any { return oneOf[any](g, 1, object{"x": 1}) })
	return spec
}

func (g *generator) widgetRules() []object {
	out := []object{}
	for range g.Intn(3) {
		rule := object{"name": oneOf(g, "first", "second", "third")}
		g.set(rule, 0.4, "weight", func() any { return oneOf[any](g, 1, 2, "x") })
		g.set(rule, 0.05, "extra", func() any { return 1 })
		if g.chance(0.03) {
			delete(rule, "name")
		}
		out = append(out, rule)
	}
	return out
}

func (g *generator) widgetStatus() object {
	status := object{}
	g.set(status, 0.6, "phase", func() any { return oneOf[any](g, "Ready", "Waiting", nil, 1) })
	g.set(status, 0.3, "observedGeneration", func() any { return oneOf(g, 1, 2) })
	g.set(status, 0.2, "replicas", func() any { return oneOf(g, 0, 2) })
	g.set(status, 0.3, "conditions", func() any {
		c := object{"type": oneOf(g, "Ready", "Done"), "status": oneOf(g, "True", "False")}
		g.set(c, 0.3, "reason", func() any { return "Fine" })
		if g.chance(0.05) {
			delete(c, "status")
		}
		return []object{c}
	})
	return status
}

func (g *generator) widgetEdit() object {
	switch g.Intn(5) {
	case 0:
		return object{"op": oneOf(g, "add", "replace"), "path": "/spec/size", "value": oneOf[any](g, 1, 2, 200)}
	case 1:
		return object{"op": "remove", "path": oneOf(g, "/spec/color", "/spec/size", "/spec/rules/0", "/spec/tags", "/spec/note")}
	case 2:
		return object{"op": "add", "path": oneOf(g, "/spec/tags/-", "/spec/atoms/0"), "value": oneOf(g, "a", "z")}
	case 3:
		return object{"op": "test", "path": "/spec/size", "value": oneOf[any](g, 1, 2, 1.0)}
	}
	return object{"op": "add", "path": oneOf(g, "/spec/free", "/spec/unknown"), "value": object{"k": 1}}
}

// gadgets have no schema to speak of and no status subresource.
func gadgets(g *generator) *resource {
	content := func() object {
		out := object{}
		g.set(out, 0.8, "spec", func() any {
			return object{"a": oneOf[any](g, 1, 2, "x", nil, []int{1, 2}, 1.5), "b": object{"c": oneOf[any](g, true, false, nil)}}
		})
		g.set(out, 0.3, "status", func() any { return object{"phase": oneOf(g, "A", "B")} })
		g.set(out, 0.1, "extra", func() any { return "e" })
		return out
	}
	return &resource{
		plural:     "gadgets",
		apiVersion: "sim.example.com/v1",
		kind:       "Gadget",
		collection: "/apis/sim.example.com/v1/namespaces/${ns}/gadgets",
		names:      []string{"gadget-a", "gadget-b"}[:1+g.Intn(2)],
		custom:     true,
		content:    content,
		fragment:   content,
		edits: func() object {
			return object{
				"op": oneOf(g, "add", "replace", "remove", "test"), "path": oneOf(g, "/spec/a", "/status", "/spec/b/c", "/extra"),
				"value": oneOf[any](g, 1, "x", object{"phase": "A"}),
			}
		},
		selectors: []string{"spec.a=1"},
	}
}

// globalIngressIPs are the kind whose controller the project ships.
func globalIngressIPs(g *generator) *resource {
	names := []string{"gip-a", "gip-b"}
	content := func() object {
		spec := object{}
		g.set(spec, 0.9, "target", func() any {
			return oneOf[any](g, "ClusterIPService", "ClusterIPService", "HeadlessServicePod", "HeadlessServiceEndpoints", "Bogus", nil)
		})
		g.set(spec, 0.6, "serviceRef", func() any { return oneOf[any](g, object{"name": oneOf(g, "svc-a", "svc-b")}, object{}, nil) })
		g.set(spec, 0.2, "podRef", func() any { return object{"name": "pod-a"} })
		return object{"spec": spec}
	}
	return &resource{
		plural:     "globalingressips",
		apiVersion: "submariner.io/v1",
		kind:       "GlobalIngressIP",
		collection: "/apis/submariner.io/v1/namespaces/${ns}/globalingressips",
		names:      names[:1+g.Intn(len(names))],
		custom:     true,
		content:    content,
		fragment:   content,
		status: func() object {
			status := object{}
			g.set(status, 0.7, "allocatedIP", func() any { return oneOf[any](g, "242.0.0.1", "242.0.0.2", "", nil) })
			g.set(status, 0.5, "conditions", func() any { return []object{g.condition("Allocated")} })
			return object{"status": status}
		},
		edits: func() object {
			return object{
				"op": oneOf(g, "add", "replace", "remove", "test"), "path": oneOf(g, "/spec/target", "/spec/serviceRef", "/spec/serviceRef/name"),
				"value": oneOf[any](g, "ClusterIPService", "HeadlessServicePod", object{"name": "svc-a"}),
			}
		},
		selectors: []string{"status.allocatedIP=242.0.0.1", "metadata.name=gip-a"},
	}
}
