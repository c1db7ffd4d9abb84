package scenarios

import (
	"fmt"
	"net/netip"
	"os"

	"gopkg.in/yaml.v3"

	"github.com/seatrial/seatrial/scenarios/yamlread"
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
	doc, top := yamlread.Read(file, data, yamlread.Format{APIVersion: APIVersion, Kind: Kind})
	if top == nil {
		return Plan{}, doc.Err()
	}
	p := readPlan(top)
	p.Default()
	p.validate(doc.ReportAt)
	if err := doc.Err(); err != nil {
		return Plan{}, err
	}
	return p, nil
}

func readPlan(o *yamlread.Object) Plan {
	var p Plan
	o.Text("name", &p.Name)
	o.Text("description", &p.Description)
	readSeed(o, &p.Seed)
	if world := o.Child("world"); world != nil {
		readWorld(world, &p.World)
	}
	o.Positive("safety", &p.Safety)
	o.Positive("settle", &p.Settle)
	o.Objects("steps", func(step *yamlread.Object) { p.Steps = append(p.Steps, readStep(step)) })
	o.Objects("faults", func(rule *yamlread.Object) { p.Faults = append(p.Faults, readRule(rule)) })
	if expect := o.Child("expect"); expect != nil {
		p.Expect = readExpectations(expect)
	}
	o.Done()
	return p
}

func readSeed(o *yamlread.Object, into *sim.Seed) {
	n := o.Value("seed")
	if n == nil {
		return
	}
	var v uint64
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || n.Decode(&v) != nil {
		o.Wrong("seed", yamlread.Describe(n)+" is not a seed", "a whole number from 0 to 18446744073709551615")
		return
	}
	*into = sim.Seed(v)
}

func readWorld(o *yamlread.Object, w *World) {
	o.List("cidrs", func(n *yaml.Node, path string) {
		// A bad one is kept, invalid, so that the others keep their places.
		prefix, err := netip.ParsePrefix(n.Value)
		if err != nil || n.Kind != yaml.ScalarNode {
			o.Doc.Report(n, path, yamlread.Describe(n)+" is not a CIDR", "an IPv4 range such as "+defaultCIDR.String())
		}
		w.CIDRs = append(w.CIDRs, prefix)
	})
	o.Texts("namespaces", &w.Namespaces)
	if c := o.Child("controller"); c != nil {
		c.Count("replicas", &w.Controller.Replicas)
		c.Count("workers", &w.Controller.Workers)
		c.Flag("leaderElection", &w.Controller.LeaderElection)
		c.Done()
	}
	if a := o.Child("apiServer"); a != nil {
		a.Count("replicas", &w.APIServer.Replicas)
		a.Flag("watchList", &w.APIServer.WatchList)
		a.Positive("compactEvery", &w.APIServer.CompactEvery)
		a.Done()
	}
	o.Count("consumers", &w.Consumers)
	o.Span("latency", &w.Latency.Min, &w.Latency.Max)
	o.Done()
}

// readExpectations reads subject: verdict, or subject: {verdict, property}.
func readExpectations(o *yamlread.Object) map[string]Expectation {
	out := map[string]Expectation{}
	for _, subject := range o.Names() {
		var e Expectation
		if o.IsMapping(subject) {
			inner := o.Child(subject)
			inner.Text("verdict", &e.Verdict)
			inner.Text("property", &e.Property)
			inner.Done()
		} else {
			o.Text(subject, &e.Verdict)
		}
		out[subject] = e
	}
	if len(out) == 0 {
		o.Report("empty", "subjects, or no field")
	}
	return out
}
