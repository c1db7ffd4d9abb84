package scenarios

import (
	"fmt"
	"net/netip"
	"os"

	"gopkg.in/yaml.v3"

	"github.com/seatrial/seatrial/sim"
)

// ParseFile reads a scenario file. Errors are those of [Parse], or say why the
// file could not be read.
func ParseFile(path string) (Plan, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Plan{}, fmt.Errorf("reading scenario: %w", err)
	}
	return Parse(path, data)
}

// Parse reads a scenario, strictly: unknown fields, values of the wrong type or
// out of range, and steps or faults that could have no effect are errors. file
// is what messages call it.
//
// The error is [InvalidErrors], everything that is wrong in the order of lines,
// and the plan is then empty. Parse never panics. The plan is complete, as
// [Plan.Default] would make it. The format is described in docs/scenarios.md.
func Parse(file string, data []byte) (Plan, error) {
	d := newDocument(file)
	root := d.root(data)
	if root == nil {
		return Plan{}, d.errs.orNil()
	}
	p := d.plan(root)
	p.Default()
	p.validate(d.reportAt)
	if err := d.errs.orNil(); err != nil {
		return Plan{}, err
	}
	return p, nil
}

func (d *document) plan(root *yaml.Node) Plan {
	var p Plan
	o := d.object(root, "")
	o.constant("apiVersion", APIVersion)
	o.constant("kind", Kind)
	o.text("name", &p.Name)
	o.text("description", &p.Description)
	o.seed(&p.Seed)
	if world := o.child("world"); world != nil {
		world.world(&p.World)
	}
	o.positive("safety", &p.Safety)
	o.positive("settle", &p.Settle)
	o.list("steps", func(n *yaml.Node, path string) {
		p.Steps = append(p.Steps, d.step(n, path))
	})
	o.list("faults", func(n *yaml.Node, path string) {
		p.Faults = append(p.Faults, d.rule(n, path))
	})
	if expect := o.child("expect"); expect != nil {
		p.Expect = expect.expectations()
	}
	o.done()
	return p
}

// constant reads a field that must be there and have one value.
func (o *object) constant(name, want string) {
	switch n := o.value(name); {
	case o.values[name] == nil && o.node.Kind == yaml.MappingNode:
		o.doc.report(o.node, o.field(name), "missing", want)
	case n != nil && (n.Kind != yaml.ScalarNode || n.Value != want):
		o.wrong(name, "unknown "+name+" "+describe(n), want)
	}
}

func (o *object) seed(into *sim.Seed) {
	n := o.value("seed")
	if n == nil {
		return
	}
	var v uint64
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || n.Decode(&v) != nil {
		o.wrong("seed", describe(n)+" is not a seed", "a whole number from 0 to 18446744073709551615")
		return
	}
	*into = sim.Seed(v)
}

func (o *object) world(w *World) {
	o.list("cidrs", func(n *yaml.Node, path string) {
		// A bad one is kept, invalid, so that the others keep their places.
		prefix, err := netip.ParsePrefix(n.Value)
		if err != nil || n.Kind != yaml.ScalarNode {
			o.doc.report(n, path, describe(n)+" is not a CIDR", "an IPv4 range such as "+defaultCIDR.String())
		}
		w.CIDRs = append(w.CIDRs, prefix)
	})
	o.texts("namespaces", &w.Namespaces)
	if c := o.child("controller"); c != nil {
		c.count("replicas", &w.Controller.Replicas)
		c.count("workers", &w.Controller.Workers)
		c.flag("leaderElection", &w.Controller.LeaderElection)
		c.done()
	}
	if a := o.child("apiServer"); a != nil {
		a.count("replicas", &w.APIServer.Replicas)
		a.flag("watchList", &w.APIServer.WatchList)
		a.positive("compactEvery", &w.APIServer.CompactEvery)
		a.done()
	}
	o.count("consumers", &w.Consumers)
	o.span("latency", &w.Latency)
	o.done()
}

// expectations reads subject: verdict, or subject: {verdict, property}.
func (o *object) expectations() map[string]Expectation {
	out := map[string]Expectation{}
	for i := 0; o.node.Kind == yaml.MappingNode && i+1 < len(o.node.Content); i += 2 {
		key := o.node.Content[i]
		if key.Kind != yaml.ScalarNode {
			continue
		}
		var e Expectation
		subject := key.Value
		switch n := o.value(subject); {
		case n == nil:
			continue
		case n.Kind == yaml.MappingNode:
			inner := o.doc.object(n, o.field(subject))
			inner.text("verdict", &e.Verdict)
			inner.text("property", &e.Property)
			inner.done()
		default:
			o.text(subject, &e.Verdict)
		}
		out[subject] = e
	}
	if len(out) == 0 && len(o.doc.errs) == 0 {
		o.doc.report(o.node, o.path, "empty", "subjects, or no field")
	}
	return out
}
